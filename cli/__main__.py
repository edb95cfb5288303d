"""customlabels: train, start, stop and read the results of a deployment.

Exit codes: 0 done; 1 it failed, and stderr says why; 2 the command line was wrong.
"""

import argparse
import heapq
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.account import AccountError, check_account
from cli.deployment import Clients, Deployment, DeploymentNotFoundError, UnknownProjectError, find_deployment
from cli.models import ModelError, list_models, start_model, stop_model
from cli.training import DatasetNotFoundError, start_training
from cli.workflows import Ended, executions_running, follow
from lambdas.jobs import Job, JobStatus
from lambdas.labels import summarize
from lambdas.names import UNKNOWN
from lambdas.results import ResultsTable

Command = Callable[[argparse.Namespace, Clients], int]
DeployedCommand = Callable[[argparse.Namespace, Clients, Deployment], int]

_EXPECTED_ERRORS: Final = (
    AccountError,
    DeploymentNotFoundError,
    UnknownProjectError,
    DatasetNotFoundError,
    ModelError,
    ClientError,
    BotoCoreError,
)


def main(arguments: Sequence[str] | None = None, clients: Clients | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    clients = clients or cache(boto3.client)
    try:
        if options.needs_deployment:
            deployed: DeployedCommand = options.command
            return deployed(options, clients, find_deployment(clients, options.deployment))
        command: Command = options.command
        return command(options, clients)
    except _EXPECTED_ERRORS as error:
        print(f"customlabels: {error}", file=sys.stderr)
        return 1


def check(options: argparse.Namespace, clients: Clients) -> int:
    """Look whether the account and Region of your credentials can be deployed to."""
    lines = list(check_account(clients))
    _print(options, lines, lines)
    return 0


def train(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Train a data set that was uploaded, and say how it went."""
    execution = start_training(clients, deployment, options.project, options.dataset, options.run)
    return _report(options, clients, execution)


def start(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Start a model, make it the active one and open the project's queue."""
    execution = start_model(clients, deployment, options.project, options.version)
    return _report(options, clients, execution)


def stop(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Close the project's queue and stop its models."""
    stopped = stop_model(clients, deployment, options.project, _say)
    for execution in executions_running(clients, deployment, options.project):
        _say(f"still running, and may start a model: {execution}")
    lines = [f"stopped {model.version}" for model in stopped] or [f"no model of {options.project} ran"]
    _print(options, [model.to_json() for model in stopped], lines)
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
    _print(options, [model.to_json() for model in found], _table(rows))
    return 1 if options.billed and found else 0


def results(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """List results, the newest first: of a project, or of one image."""
    found = list(islice(_jobs(options, deployment, deployment.results(clients)), options.limit))
    rows = [("TIME", "STATUS", "IMAGE", "LABELS")] + [
        (_when(job), job.status.value, job.image.key, _in_words(job)) for job in found
    ]
    _print(options, [_job_json(job) for job in found], _table(rows))
    return 0


def _jobs(options: argparse.Namespace, deployment: Deployment, table: ResultsTable) -> Iterator[Job]:
    """Yield what was asked for, the newest first."""
    if options.image:
        return table.by_image(deployment.images_bucket, options.image)
    if options.project != UNKNOWN:
        deployment.project(options.project)
    statuses = [options.status] if options.status else [JobStatus.SUCCEEDED, JobStatus.FAILED]
    newest_first = (table.by_status(options.project, JobStatus(status)) for status in statuses)
    return heapq.merge(*newest_first, key=lambda job: -job.created_at)


def _positive(said: str) -> int:
    number = int(said)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


def _report(options: argparse.Namespace, clients: Clients, execution: str) -> int:
    if options.no_wait:
        _print(options, {"ExecutionArn": execution}, [execution])
        return 0
    ended = follow(clients("stepfunctions"), execution, _say)
    if ended.output.get("Outcome") == "ALREADY_CLAIMED":
        _say("the upload has started its training already; to train the same data again, name a new --run")
    _print(options, {"ExecutionArn": execution, "Status": ended.status, **ended.output}, [_ending(ended)])
    return 0 if ended.status == "SUCCEEDED" else 1


def _ending(ended: Ended) -> str:
    if ended.status == "SUCCEEDED":
        return " ".join(f"{name}={value}" for name, value in ended.output.items())
    return f"{ended.status}: {ended.error}: {ended.cause}"


def _in_words(job: Job) -> str:
    if job.status is JobStatus.FAILED:
        return f"{job.outcome['ErrorCode']}: {job.outcome['StatusMessage']}"
    return ", ".join(f"{label.name} {label.confidence:.1f}" for label in summarize(job.outcome.get("CustomLabels", [])))


def _job_json(job: Job) -> dict[str, Any]:
    return job.outcome or {
        "JobId": job.id,
        "Status": job.status.value,
        "Project": job.project,
        "Image": job.image.to_json(),
    }


def _when(job: Job) -> str:
    return datetime.fromtimestamp(job.created_at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _say(line: str) -> None:
    """Show progress; stdout is for the result."""
    print(f"  {line}", file=sys.stderr, flush=True)


def _print(options: argparse.Namespace, data: Any, lines: Iterable[str]) -> None:
    if options.json:
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return
    for line in lines:
        print(line)


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--deployment", metavar="NAME", help="which deployment, where the account has several")
    common.add_argument("--json", action="store_true", help="print JSON")
    waiting = argparse.ArgumentParser(add_help=False)
    waiting.add_argument("--no-wait", action="store_true", help="do not wait for the workflow's end")
    parser = argparse.ArgumentParser(prog="customlabels", description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(command: Callable[..., int], *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        said = (command.__doc__ or "").strip()
        added = commands.add_parser(command.__name__, parents=[common, *parents], help=said, description=said)
        added.set_defaults(command=command, needs_deployment=command is not check)
        return added

    add(check)
    training = add(train, waiting)
    training.add_argument("project", metavar="PROJECT")
    training.add_argument("dataset", metavar="DATASET", help="NAME in PROJECT/NAME/train.manifest")
    training.add_argument("--run", metavar="NAME", help="train the same data once more, under this name")
    starting = add(start, waiting)
    starting.add_argument("project", metavar="PROJECT")
    starting.add_argument("--version", metavar="NAME", help="not the active version but this one")
    add(stop).add_argument("project", metavar="PROJECT")
    listing = add(models)
    listing.add_argument("project", metavar="PROJECT", nargs="?")
    listing.add_argument("--billed", action="store_true", help="only those that cost money now; exit code 1 if any")
    reading = add(results)
    which = reading.add_mutually_exclusive_group(required=True)
    which.add_argument("project", metavar="PROJECT", nargs="?", help="a project's results (`unknown`: of no project)")
    which.add_argument("--image", metavar="KEY", help="the results of all versions of one image")
    reading.add_argument("--status", choices=[status.value for status in JobStatus], help="not both final ones")
    reading.add_argument("--limit", type=_positive, default=50, metavar="N")
    return parser


if __name__ == "__main__":
    sys.exit(main())
