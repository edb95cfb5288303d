"""results: what is known of images, a page at a time."""

import argparse
from collections.abc import Sequence
from typing import Any, Final

from cli.command_line import CommandLine, WrongCommandLineError, percent, positive
from cli.deployment import Clients, Deployment
from cli.output import say, show, table, when
from lambdas.jobs import Job, JobStatus
from lambdas.labels import confidences
from lambdas.moderation import Verdict
from lambdas.names import UNKNOWN
from lambdas.queries import MAX_PAGE, Page, Queries, Sighting

_FINAL: Final = (JobStatus.SUCCEEDED, JobStatus.FAILED)


class JobNotFoundError(LookupError):
    """The results table has no job of that id."""


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    reading = commands.add(results)
    which = reading.add_mutually_exclusive_group(required=True)
    which.add_argument("project", metavar="PROJECT", nargs="?", help="a project's results (`unknown`: of no project)")
    which.add_argument("--image", metavar="KEY", help="the results of all versions of one image")
    which.add_argument("--job", metavar="ID", help="the result of one job, or those of a start job")
    reading.add_argument("--status", choices=[status.value for status in JobStatus], help="not both final ones")
    reading.add_argument("--label", metavar="NAME", help="the images of PROJECT that show it, the surest first")
    reading.add_argument("--min-confidence", type=percent, metavar="PERCENT", help="of the --label, at least")
    reading.add_argument("--limit", type=positive, default=50, metavar="N")
    reading.add_argument("--next-token", metavar="TOKEN", help="go on where the page before ended")


def results(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """List results, the newest first: of a project, of one image, or of one job; or the images that show a label."""
    _check(options)
    queries = deployment.results(clients)
    if options.label is not None:
        _show_sightings(options, _sightings(options, deployment, queries))
    elif options.job is not None:
        _show_jobs(options, _of_job(options, clients, deployment, queries))
    else:
        _show_jobs(options, _jobs(options, deployment, queries))
    return 0


def _check(options: argparse.Namespace) -> None:
    if options.label is not None and (options.project is None or options.status):
        raise WrongCommandLineError("--label goes with a PROJECT and without --status")
    if options.min_confidence is not None and options.label is None:
        raise WrongCommandLineError("--min-confidence needs a --label")
    if options.status and options.project is None:
        raise WrongCommandLineError("--status goes with a PROJECT")


def _sightings(options: argparse.Namespace, deployment: Deployment, queries: Queries) -> Page[Sighting]:
    deployment.project(options.project)
    return _gathered(
        options,
        lambda limit, token: queries.by_label(
            options.project, options.label, min_confidence=options.min_confidence or 0, limit=limit, token=token
        ),
    )


def _jobs(options: argparse.Namespace, deployment: Deployment, queries: Queries) -> Page[Job]:
    if options.image is not None:
        bucket = deployment.images_bucket
        return _gathered(
            options, lambda limit, token: queries.by_image(bucket, options.image, limit=limit, token=token)
        )
    if options.project != UNKNOWN:
        deployment.project(options.project)
    statuses = [JobStatus(options.status)] if options.status else _FINAL
    return _gathered(
        options, lambda limit, token: queries.by_status(options.project, statuses, limit=limit, token=token)
    )


def _of_job(options: argparse.Namespace, clients: Clients, deployment: Deployment, queries: Queries) -> Page[Job]:
    """Return the job with all its labels, or the results of a start job."""
    job = queries.job(options.job)
    if job is not None:
        return Page((deployment.label_objects(clients).completed(job),))
    start = deployment.start_jobs(clients).get(options.job)
    if start is None:
        raise JobNotFoundError(
            f"{deployment.name} has no job {options.job!r}; `customlabels results PROJECT --json` shows ids"
        )
    listed = "images are still being listed" if start.total is None else f"of {start.total} images"
    say(f"{start.status}: {start.done} done, {start.failed} of them FAILED; {listed}")
    return _gathered(options, lambda limit, token: queries.by_start_job(options.job, limit=limit, token=token))


def _gathered(options: argparse.Namespace, ask: Any) -> Page[Any]:
    """Return up to --limit entries, from as many pages as they take."""
    entries: list[Any] = []
    token: str | None = options.next_token
    while True:
        page = ask(min(options.limit - len(entries), MAX_PAGE), token)
        entries += page.entries
        token = page.next_token
        if token is None or len(entries) == options.limit:
            return Page(tuple(entries), token)


def _show_jobs(options: argparse.Namespace, page: Page[Job]) -> None:
    rows = [("TIME", "STATUS", "IMAGE", "LABELS")] + [
        (when(job.created_at), job.status.value, job.image.key, _in_words(job)) for job in page.entries
    ]
    _show(options, [job.to_json() for job in page.entries], rows, page.next_token)


def _show_sightings(options: argparse.Namespace, page: Page[Sighting]) -> None:
    rows = [("CONFIDENCE", "COUNT", "TIME", "IMAGE", "JOB")] + [
        (f"{seen.confidence:.1f}", str(seen.count), when(seen.timestamp), seen.image.key, seen.job_id)
        for seen in page.entries
    ]
    _show(options, [seen.to_json() for seen in page.entries], rows, page.next_token)


def _show(
    options: argparse.Namespace, found: list[dict[str, Any]], rows: Sequence[tuple[str, ...]], token: str | None
) -> None:
    show(options, {"Results": found, **({"NextToken": token} if token else {})}, table(rows))
    if token and not options.json:
        say(f"there is more: --next-token {token}")


def _in_words(job: Job) -> str:
    if job.status is JobStatus.FAILED:
        return f"{job.outcome['ErrorCode']}: {job.outcome['StatusMessage']}"
    if job.outcome.get("Moderation") == Verdict.BLOCKED:
        unwanted = (f"{label['Name']} {label['Confidence']:.1f}" for label in job.outcome["ModerationLabels"])
        return f"{Verdict.BLOCKED}: {', '.join(unwanted)}"
    return ", ".join(f"{name} {confidence:.1f}" for name, confidence in confidences(job.outcome).items())
