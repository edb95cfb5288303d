"""rerun: the same images again."""

import argparse
import re
from typing import Final

from cli.backfill import send_to
from cli.command_line import CommandLine
from cli.comparison import Change, by_label
from cli.deployment import Clients, Deployment
from cli.known_jobs import final_jobs
from cli.models import Model, list_models
from cli.output import say, show, table
from cli.rerun import Rerun, check_open, chosen_model
from cli.sources import Prefix, check_reach
from lambdas.jobs import JobStatus
from lambdas.model_versions import VersionStatus

_RUN: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    again = commands.add(rerun)
    again.add_argument("project", metavar="PROJECT")
    again.add_argument("--prefix", metavar="P", required=True, help="the images whose keys begin so")
    again.add_argument("--bucket", metavar="B", help="one of the project's source_buckets")
    again.add_argument("--version", metavar="NAME", help="look with this version, which must run; not the active one")
    again.add_argument("--run", metavar="NAME", required=True, type=_run, help="a name for this look at the images")


def rerun(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Detect images again, wait for the results and print what changed since the earlier ones.

    Each run's name makes results of their own. The same command again goes on where it was interrupted.
    """
    project = deployment.project(options.project)
    bucket = options.bucket or deployment.images_bucket
    check_reach(deployment.reach(project), bucket, options.prefix)
    model = chosen_model(list(list_models(clients, deployment, project.name)), project.name, options.version)
    check_open(clients("lambda"), project.event_source_id, project.name)
    dynamodb, name = clients("dynamodb"), deployment.results_table
    work = Rerun(
        project=project.name,
        run=options.run,
        model=model,
        registry=deployment.registry(clients),
        queries=deployment.results(clients),
        final=lambda ids: final_jobs(dynamodb, name, ids),
        send=send_to(clients("sqs"), project.queue_url),
        status=lambda: _status(clients, deployment, model),
        say=say,
    )
    source = Prefix(clients("s3"), bucket, options.prefix)
    changes = work.detect(portion.images for portion in source.portions())
    _show(options, model, changes)
    return 0


def _status(clients: Clients, deployment: Deployment, model: Model) -> VersionStatus:
    return next(seen.status for seen in list_models(clients, deployment, model.project) if seen.arn == model.arn)


def _show(options: argparse.Namespace, model: Model, changes: list[Change]) -> None:
    labels = by_label(changes)
    notable = [change for change in changes if change.is_notable]
    failed = sum(change.job.status is JobStatus.FAILED for change in changes)
    unknown = sum(change.earlier is None for change in changes)
    data = {
        "Project": options.project,
        "Run": options.run,
        "ProjectVersionArn": model.arn,
        "Images": len(changes),
        "Changed": len(notable),
        "Failed": failed,
        "WithoutEarlierResult": unknown,
        "Labels": [label.to_json() for label in labels],
        "Changes": [change.to_json() for change in changes],
    }
    lines = [f"{len(changes)} images: {len(notable)} changed, {failed} FAILED, {unknown} had no earlier result"]
    if labels:
        rows = [
            (
                *(label.name, str(label.before), str(label.after), str(label.gained), str(label.lost)),
                "-" if label.mean_shift is None else f"{label.mean_shift:+.1f}",
            )
            for label in labels
        ]
        lines += ["", *table([("LABEL", "BEFORE", "AFTER", "GAINED", "LOST", "MEAN SHIFT"), *rows])]
    if notable:
        lines += ["", *table([("IMAGE", "CHANGE"), *((one.job.image.key, one.in_words()) for one in notable)])]
    show(options, data, lines)


def _run(said: str) -> str:
    if not _RUN.fullmatch(said):
        raise argparse.ArgumentTypeError(f"{said!r} does not match {_RUN.pattern}")
    return said
