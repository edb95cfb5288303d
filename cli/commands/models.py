"""start, stop, models, trainings: what runs, what was trained, and what it costs."""

import argparse
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cli.command_line import CommandLine, duration, no_wait
from cli.commands.runs import report
from cli.deployment import Clients, Deployment
from cli.models import list_models, stop_model
from cli.output import say, show, table, when
from cli.starting import Started, give_back, start_model
from cli.workflows import executions_running

_SHOWN: Final = 5  # trainings below the list of versions
_WHY: Final = 60  # characters of a message in a table
_SECRET: Final = frozenset({"PK", "SK", "ApprovalToken"})  # keys of the table, and what answers an approval


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    starting = commands.add(start)
    no_wait(starting)
    starting.add_argument("project", metavar="PROJECT")
    starting.add_argument("--version", metavar="NAME", help="not the active version but this one")
    starting.add_argument(
        "--for",
        dest="seconds",
        type=duration,
        metavar="2h",
        help="run for so long (90m, 2h, 1d) whatever the project's runtime says; without it, an hour, or where the "
        "runtime is always_on, without end",
    )
    stopping = commands.add(stop)
    stopping.add_argument("project", metavar="PROJECT")
    stopping.add_argument(
        "--for",
        dest="seconds",
        type=duration,
        metavar="2h",
        help="stay stopped for so long (90m, 2h, 1d); without it, until a start or the next training's end",
    )
    commands.add(trainings).add_argument("project", metavar="PROJECT")
    listing = commands.add(models)
    listing.add_argument("project", metavar="PROJECT", nargs="?")
    listing.add_argument("--billed", action="store_true", help="only those that cost money now; exit code 1 if any")


def start(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Start a model, make it the active one and open the project's queue.

    A version that runs already is taken as it is.
    """
    started = start_model(clients, deployment, options.project, options.version, options.seconds)
    then = _end_of(started, deployment)
    if started.execution is None:
        said = f"{started.model.version} is {started.model.status} and active; its queue is open within a minute"
        show(options, started.model.to_json() | {"WantedUntil": started.until}, [said, then])
        return 0
    say(then)
    code = report(options, clients, started.execution)
    if not options.no_wait:
        give_back(clients, deployment, started)
    return code


def _end_of(started: Started, deployment: Deployment) -> str:
    """Say until when a started model runs, and what happens then."""
    project = deployment.project(started.model.project)
    if started.until is None:
        return f"its runtime is {project.runtime}: it runs until `customlabels stop {project.name}`"
    return f"it runs until {when(started.until * 1000)}; then its runtime, {project.runtime}, decides"


def stop(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Close the project's queue and stop its models."""
    until = int(time.time()) + options.seconds if options.seconds else None
    stopped = stop_model(clients, deployment, options.project, say, until=until)
    for execution in executions_running(clients, deployment, options.project):
        say(f"still running, and may start a model: {execution}")
    lines = [f"stopped {model.version}" for model in stopped] or [f"no model of {options.project} ran"]
    runtime = deployment.project(options.project).runtime
    if until is None:
        lines.append(f"it stays so until `customlabels start {options.project}` or the end of a training")
    else:
        lines.append(f"it stays so until {when(until * 1000)}; then its runtime, {runtime}, decides")
    show(options, [model.to_json() for model in stopped], lines)
    return 0


def models(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """List the model versions; of one project, with its last trainings and what they have cost."""
    if options.project:
        deployment.project(options.project)
    found = [m for m in list_models(clients, deployment, options.project) if not options.billed or m.is_billed]
    rows = [("PROJECT", "VERSION", "STATUS", "F1", "ACTIVE")] + [
        (m.project, m.version, m.status.value, _score(m.f1), "yes" if m.active else "") for m in found
    ]
    lines = table(rows)
    if options.project and not options.billed:
        lines += _trainings(deployment.registry(clients).attempts(options.project))
    show(options, [model.to_json() for model in found], lines)
    return 1 if options.billed and found else 0


def trainings(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """List the trainings of a project, the newest first, with how they ended and what they cost."""
    deployment.project(options.project)
    attempts = deployment.registry(clients).attempts(options.project)
    told = [{name: value for name, value in attempt.items() if name not in _SECRET} for attempt in attempts]
    show(options, told, _trainings(attempts, shown=len(attempts)))
    return 0


def _trainings(attempts: Sequence[Mapping[str, Any]], shown: int = _SHOWN) -> list[str]:
    """Spell the newest trainings and the cost of all; nothing, where there was none."""
    if not attempts:
        return []
    rows = [("TRAINED", "VERSION", "STATUS", "F1", "DOLLARS", "WHY")]
    for attempt in attempts[:shown]:
        dollars = attempt.get("Dollars")
        rows.append(
            (
                when(attempt["CreatedAt"]),
                attempt["VersionName"],
                attempt["Status"],
                _score(attempt.get("F1Score")),
                "-" if dollars is None else f"{dollars:.2f}",
                str(attempt.get("StatusMessage", ""))[:_WHY],
            )
        )
    cost = sum(attempt.get("Dollars", 0) for attempt in attempts)
    reported = next((attempt["Report"]["Link"] for attempt in attempts if "Report" in attempt), None)
    return [
        "",
        *table(rows),
        "",
        f"{len(attempts)} trainings have cost about ${cost:.2f}; running models are extra",
        *([f"newest report: {reported} (`customlabels report` downloads it)"] if reported else []),
    ]


def _score(f1: float | None) -> str:
    return "-" if f1 is None else f"{f1:.3f}"
