"""export: a project's results as a file for other tools."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from cli.command_line import CommandLine, WrongCommandLineError
from cli.deployment import Clients, Deployment
from cli.exports import export_coco, export_lines
from cli.output import say, show
from lambdas.jobs import Job, JobStatus
from lambdas.names import UNKNOWN
from lambdas.queries import everything

_FORMATS: Final = {"coco": export_coco, "jsonl": export_lines}
_FINAL: Final = (JobStatus.SUCCEEDED, JobStatus.FAILED)
_PROGRESS: Final = 1000  # results between two lines of progress


class ExportError(RuntimeError):
    """The file cannot be written; the message says which and why."""


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    exporting = commands.add(export)
    exporting.add_argument("project", metavar="PROJECT", help="whose results (`unknown`: of no project)")
    exporting.add_argument("--format", choices=sorted(_FORMATS), required=True, help="jsonl: a job a line")
    exporting.add_argument("--since", type=_time, metavar="TIME", help="opened then or later; ISO 8601, UTC if no zone")
    exporting.add_argument("--until", type=_time, metavar="TIME", help="opened before then")
    exporting.add_argument("--status", choices=[status.value for status in _FINAL], help="only these")
    exporting.add_argument("--output", metavar="FILE", type=Path, help="not stdout; written whole, or not at all")


def export(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Write a project's final results, the newest first, as COCO or JSON lines."""
    if options.format == "coco" and options.status == JobStatus.FAILED:
        raise WrongCommandLineError("COCO holds images with labels; FAILED results are exported with --format jsonl")
    if options.project != UNKNOWN:
        deployment.project(options.project)
    with _opened(options.output) as out:
        exported = _FORMATS[options.format](_told(_jobs(options, clients, deployment)), out)
    for reason, count in exported.left_out.items():
        say(f"left out: {count:,} whose result {reason}")
    boxes = f", {exported.annotations:,} boxes" if options.format == "coco" else ""
    line = f"{exported.images:,} results{boxes}"
    if options.output is None:
        say(line)
    else:
        show(options, exported.to_json() | {"File": str(options.output)}, [f"{line} in {options.output}"])
    return 0


def _jobs(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> Iterator[Job]:
    """Yield the jobs with all their labels."""
    queries, objects = deployment.results(clients), deployment.label_objects(clients)
    bounds = {} if options.since is None else {"since": options.since}
    bounds |= {} if options.until is None else {"until": options.until - 1}
    statuses = [JobStatus(options.status)] if options.status else _FINAL
    for job in everything(lambda token: queries.by_status(options.project, statuses, **bounds, token=token)):
        yield objects.completed(job)


def _told(jobs: Iterable[Job]) -> Iterator[Job]:
    for number, job in enumerate(jobs, start=1):
        yield job
        if number % _PROGRESS == 0:
            say(f"{number:,} results")


@contextmanager
def _opened(file: Path | None) -> Iterator[IO[str]]:
    """Open what is written to; a file takes its name once it is whole."""
    if file is None:
        yield sys.stdout
        return
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("w", encoding="utf-8") as out:
            yield out
        part.replace(file)
    except OSError as error:
        raise ExportError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _time(said: str) -> int:
    """Read a time as epoch milliseconds."""
    try:
        time = datetime.fromisoformat(said)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{said!r} is no time like 2026-01-31 or 2026-01-31T08:30:00Z") from error
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
