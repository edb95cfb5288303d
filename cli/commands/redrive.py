"""redrive: dead letters."""

import argparse
from collections import Counter
from datetime import UTC, datetime

from cli.command_line import CommandLine
from cli.deployment import Clients, Deployment
from cli.output import say, show, table
from cli.redrive import DeadLetterQueue, Redriven, Wanted
from lambdas.names import UNKNOWN


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    driving = commands.add(redrive)
    driving.add_argument("project", metavar="PROJECT", nargs="?", help="not all; `unknown`: keys of no project")
    driving.add_argument(
        "--reason", metavar="R", help="only those with this reason or error code, as --dry-run prints them"
    )
    driving.add_argument("--since", type=_time, metavar="T", help="only those that died at or after T (ISO 8601, UTC)")
    driving.add_argument("--until", type=_time, metavar="T", help="only those that died before T")
    driving.add_argument("--dry-run", action="store_true", help="count by reason, and send nothing")


def redrive(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Send dead letters back to the queue that they came from.

    First mend what killed them: `--dry-run` tells the reasons. Images that FAILED are no dead letters: they have their
    result, and only rerun looks at them again.
    """
    queues = deployment.dead_letter_queues()
    if options.project and options.project != UNKNOWN:
        deployment.project(options.project)
    wanted = Wanted(reason=options.reason, since=options.since, until=options.until)
    done: dict[str, Redriven] = {}
    for project, (dead_url, source_url) in sorted(queues.items()):
        if options.project in (None, project):
            say(f"looking at the dead letters of {project}")
            queue = DeadLetterQueue(clients("sqs"), dead_url, source_url)
            done[project] = queue.redrive(wanted, dry_run=options.dry_run)
    show(options, {project: redriven.to_json() for project, redriven in done.items()}, _lines(done, options.dry_run))
    return 1 if any(redriven.failed for redriven in done.values()) else 0


def _lines(done: dict[str, Redriven], dry_run: bool) -> list[str]:
    rows = [
        (project, reason, str(redriven.sent[reason]), str(redriven.left[reason]))
        for project, redriven in done.items()
        for reason in sorted(Counter(redriven.sent) + Counter(redriven.left))
    ]
    if not rows and not any(redriven.failed for redriven in done.values()):
        return ["no dead letters"]
    lines = table([("PROJECT", "REASON", "WOULD BE SENT" if dry_run else "SENT BACK", "LEFT"), *rows])
    for project, redriven in done.items():
        lines += [f"{project}: message {id_} could not be sent: {why}" for id_, why in redriven.failed.items()]
    return lines


def _time(said: str) -> float:
    try:
        time = datetime.fromisoformat(said)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{said!r} is no time; write 2026-01-31 or 2026-01-31T12:00Z") from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
