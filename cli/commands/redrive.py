"""redrive: dead letters."""

import argparse
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

from cli.command_line import CommandLine
from cli.dead_letter_queues import Place, find_places
from cli.deployment import Clients, Deployment
from cli.output import say, show, table
from cli.redrive import DeadLetterQueue, Redriven, Wanted, together
from lambdas.names import UNKNOWN

_AT_ONCE: Final = 8  # queues that are looked at at the same time: each takes a long poll of two seconds at least
_SHARED: Final = "*"  # stands for the project of a queue that all projects share


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

    First mend what killed them: `--dry-run` tells the reasons. Of a queue that all projects share (project `*`), only
    letters that name PROJECT go back where one is named. Images that FAILED are no dead letters: they have their
    result, and only rerun looks at them again.
    """
    if options.project and options.project != UNKNOWN:
        deployment.project(options.project)
    sqs = clients("sqs")
    wanted = Wanted(reason=options.reason, since=options.since, until=options.until)
    found = find_places(sqs, deployment.name)
    places = [place for place in found if options.project is None or place.project in (None, options.project)]
    say(f"looking at the dead letters of {', '.join(place.name for place in places)}")

    def drive(place: Place) -> Redriven:
        mine = wanted if place.project else replace(wanted, project=options.project)
        return DeadLetterQueue(sqs, place.url, place.source_url).redrive(mine, dry_run=options.dry_run)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        done = dict(zip(places, threads.map(drive, places), strict=True))
    show(options, _to_json(done), _lines(done, options.dry_run))
    return 1 if any(redriven.failed for redriven in done.values()) else 0


def _to_json(done: Mapping[Place, Redriven]) -> dict[str, Any]:
    """Spell the sums of each project, and by function what they are made of."""
    by_project = {project: list(places) for project, places in groupby(done, key=_project)}
    return {
        project: together(done[place] for place in places).to_json()
        | {"Functions": {place.function: done[place].to_json() for place in places}}
        for project, places in by_project.items()
    }


def _lines(done: Mapping[Place, Redriven], dry_run: bool) -> list[str]:
    rows = [
        (_project(place), place.function, reason, str(redriven.sent[reason]), str(redriven.left[reason]))
        for place, redriven in done.items()
        for reason in sorted(Counter(redriven.sent) + Counter(redriven.left))
    ]
    if not rows and not any(redriven.failed for redriven in done.values()):
        return ["no dead letters"]
    lines = table([("PROJECT", "FUNCTION", "REASON", "WOULD BE SENT" if dry_run else "SENT BACK", "LEFT"), *rows])
    for place, redriven in done.items():
        lines += [f"{place.name}: message {id_} could not be sent: {why}" for id_, why in redriven.failed.items()]
    return lines


def _project(place: Place) -> str:
    return place.project or _SHARED


def _time(said: str) -> float:
    try:
        time = datetime.fromisoformat(said)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{said!r} is no time; write 2026-01-31 or 2026-01-31T12:00Z") from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
