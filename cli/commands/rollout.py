"""approve, refuse, rollback, thresholds: which trained version runs, and what it may tell."""

import argparse

from cli import approvals
from cli.command_line import CommandLine, no_wait, share
from cli.commands.runs import report
from cli.deployment import Clients, Deployment
from cli.output import show, table
from cli.starting import roll_back, what_follows
from cli.thresholds import suggest_thresholds


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    for answer in (approve, refuse):
        answering = commands.add(answer)
        answering.add_argument("project", metavar="PROJECT")
        answering.add_argument("--version", metavar="NAME", help="where several versions wait")
        if answer is refuse:
            answering.add_argument("--because", metavar="TEXT", default="no reason was given", help="it is remembered")
    suggesting = commands.add(thresholds)
    suggesting.add_argument("project", metavar="PROJECT")
    wish = suggesting.add_mutually_exclusive_group(required=True)
    wish.add_argument("--precision", type=share, metavar="0.95", help="of what is told, so much is to be right")
    wish.add_argument("--recall", type=share, metavar="0.9", help="of what is there, so much is to be found")
    rolling = commands.add(rollback)
    no_wait(rolling)
    rolling.add_argument("project", metavar="PROJECT")


def approve(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Let a version run that waits for approval."""
    version = approvals.approve(clients, deployment, options.project, options.version)
    show(options, {"VersionName": version, "Approved": True}, [f"approved {version}; it starts now"])
    return 0


def refuse(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Reject a version that waits for approval."""
    version = approvals.refuse(clients, deployment, options.project, options.because, options.version)
    show(options, {"VersionName": version, "Approved": False}, [f"refused {version}; it does not run"])
    return 0


def thresholds(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Suggest a threshold for each label of the active version, from its evaluation."""
    found = suggest_thresholds(clients, deployment, options.project, precision=options.precision, recall=options.recall)
    rows = [("LABEL", "ASSUMED", "SUGGESTED", "PRECISION", "RECALL")] + [
        (said.label, f"{said.assumed:.1f}", _cell(said.threshold, 1), _cell(said.precision, 3), _cell(said.recall, 3))
        for said in found
    ]
    show(options, [said.to_json() for said in found], table(rows))
    return 0 if all(said.threshold is not None for said in found) else 1


def _cell(number: float | None, digits: int) -> str:
    return "-" if number is None else f"{number:.{digits}f}"


def rollback(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Go back to the version that was active before: start it, make it active, stop the other."""
    execution = roll_back(clients, deployment, options.project)
    return report(options, clients, execution, then=what_follows(deployment.project(options.project)))
