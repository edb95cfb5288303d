"""start, stop, models: what runs, and what it costs."""

import argparse

from cli.command_line import CommandLine, no_wait
from cli.commands.runs import report
from cli.deployment import Clients, Deployment
from cli.models import list_models, start_model, stop_model
from cli.output import say, show, table
from cli.workflows import executions_running


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    starting = commands.add(start)
    no_wait(starting)
    starting.add_argument("project", metavar="PROJECT")
    starting.add_argument("--version", metavar="NAME", help="not the active version but this one")
    commands.add(stop).add_argument("project", metavar="PROJECT")
    listing = commands.add(models)
    listing.add_argument("project", metavar="PROJECT", nargs="?")
    listing.add_argument("--billed", action="store_true", help="only those that cost money now; exit code 1 if any")


def start(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Start a model, make it the active one and open the project's queue."""
    execution = start_model(clients, deployment, options.project, options.version)
    return report(options, clients, execution)


def stop(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Close the project's queue and stop its models."""
    stopped = stop_model(clients, deployment, options.project, say)
    for execution in executions_running(clients, deployment, options.project):
        say(f"still running, and may start a model: {execution}")
    lines = [f"stopped {model.version}" for model in stopped] or [f"no model of {options.project} ran"]
    show(options, [model.to_json() for model in stopped], lines)
    return 0


def models(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """List the model versions."""
    if options.project:
        deployment.project(options.project)
    found = [m for m in list_models(clients, deployment, options.project) if not options.billed or m.is_billed]
    rows = [("PROJECT", "VERSION", "STATUS", "F1", "ACTIVE")] + [
        (m.project, m.version, m.status.value, "-" if m.f1 is None else f"{m.f1:.3f}", "yes" if m.active else "")
        for m in found
    ]
    show(options, [model.to_json() for model in found], table(rows))
    return 1 if options.billed and found else 0
