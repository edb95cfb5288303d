"""One job of Rekognition's that has ended to one result: its pages to a timeline, its summary to the table."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.collect_video.completions import Completion
from lambdas.collect_video.progress import Progress, Shelf
from lambdas.delivery import KILLS
from lambdas.deployment_settings import DeploymentSettings
from lambdas.errors import ErrorCode, LaterError, error_code
from lambdas.jobs import Job, JobStatus, Source, failed
from lambdas.queries import Queries
from lambdas.results import BusyError, Opened, ResultsTable
from lambdas.telling import Teller
from lambdas.videos import timeline_key

PAGE: Final = 1000  # labels that one GetLabelDetection answers at most

_GONE: Final = (
    "Rekognition does not know the job any more; it keeps results for 7 days. Upload the video again under another "
    "name, or the same bytes once more."
)


class UnknownJobError(Exception):
    """The job is not in the results table: start_video may be about to write it, or it is another deployment's."""


class NotDoneError(LaterError):
    """The job has not ended yet, or not all of its pages are read; the message comes back."""


class _UnfinishedError(Exception):
    """The service still works on the job."""


@dataclass(frozen=True, kw_only=True)
class Collector:
    """What collecting works with."""

    rekognition: Any
    results: ResultsTable
    queries: Queries
    teller: Teller
    shelf: Shelf
    settings: DeploymentSettings
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message, as one invocation has it."""

    completion: Completion
    holder: str  # names this delivery, unlike any other
    lease_seconds: float  # until this invocation has certainly ended
    has_time: Callable[[], bool]  # for another page


def collect(collector: Collector, delivery: Delivery) -> Job:
    """Bring a job to its end and return it; where a sweep asked too early, as it stands.

    Safe to repeat: a final job changes no more, and is told of again only where no publish succeeded. Raises
    UnknownJobError, BusyError, NotDoneError, and errors that are not the video's fault.
    """
    known = collector.queries.job(delivery.completion.job_id)
    if known is None:
        raise UnknownJobError(f"job {delivery.completion.job_id} is not in the results table")
    opened = collector.results.open(
        known, holder=delivery.holder, now=collector.clock(), lease_seconds=delivery.lease_seconds
    )
    if opened.busy_until is not None:
        raise BusyError(opened.job, opened.busy_until)
    job = _finished(collector, delivery, opened) if opened.held else opened.job
    if job.status is not JobStatus.IN_PROGRESS:
        collector.teller.tell(job)
    return job


def _finished(collector: Collector, delivery: Delivery, opened: Opened) -> Job:
    """Return the final job; whatever comes in between, the next delivery need not wait for this one's lease."""
    job = opened.job
    final: Job | None = None
    try:
        if opened.crashes >= KILLS:
            reason = f"The function died {opened.crashes} times while it read what Rekognition had found."
            outcome = failed(ErrorCode.CRASHED, reason, Source(size=0, job_tag=job.job_tag))
        else:
            outcome = _outcome(collector, delivery, job)
        known = collector.settings.projects.get(job.project)
        final = collector.results.finish(
            job,
            outcome,
            holder=delivery.holder,
            now=collector.clock(),
            retention_days=known.retention_days if known else None,
        )
        return final
    except _UnfinishedError:
        if delivery.completion.status is None:
            return job  # the next sweep asks again
        raise NotDoneError(f"Rekognition told of the end of job {job.id} and still works on it") from None
    finally:
        if final is None:
            collector.results.release(job, holder=delivery.holder)


def _outcome(collector: Collector, delivery: Delivery, job: Job) -> dict[str, Any]:
    key = timeline_key(job.project, job.id)
    progress = collector.shelf.saved(key)
    try:
        answer = _pages(collector, delivery, job, progress)
    except (ClientError, BotoCoreError, NotDoneError) as error:
        if isinstance(error, ClientError):
            match error_code(error):
                case "ResourceNotFoundException":
                    return failed(ErrorCode.EXPIRED, _GONE, Source(size=0, job_tag=job.job_tag))
                case "InvalidPaginationTokenException":  # a day has passed since the last page: from the beginning
                    collector.shelf.save(key, Progress())
                    raise NotDoneError("the place among the pages is no longer known to Rekognition") from error
        if progress.pages:
            collector.shelf.save(key, progress)
        raise
    if answer["JobStatus"] == JobStatus.FAILED:
        reason = answer.get("StatusMessage") or delivery.completion.message or "it gave no reason"
        message = f"Rekognition could not look through the video: {reason}"
        return failed(ErrorCode.MODEL_REFUSED, message, Source(size=0, job_tag=job.job_tag))
    progress.end()
    collector.shelf.keep(key, progress)
    return _succeeded(collector, job, key, answer, progress)


def _pages(collector: Collector, delivery: Delivery, job: Job, progress: Progress) -> dict[str, Any]:
    """Read the pages that are left into `progress`; return the last answer. There is no paginator for them."""
    while True:
        if not delivery.has_time():
            raise NotDoneError(f"{progress.pages} pages of job {job.id} are read; the next invocation goes on")
        token = {"NextToken": progress.token} if progress.token else {}
        answer: dict[str, Any] = collector.rekognition.get_label_detection(
            JobId=job.id, MaxResults=PAGE, SortBy="TIMESTAMP", AggregateBy="TIMESTAMPS", **token
        )
        if answer["JobStatus"] == JobStatus.IN_PROGRESS:
            if delivery.completion.status == "ERROR":
                return answer | {"JobStatus": JobStatus.FAILED.value}
            raise _UnfinishedError
        progress.take(answer.get("Labels", []))
        progress.token = answer.get("NextToken") or None
        if progress.token is None:
            return answer


def _succeeded(collector: Collector, job: Job, key: str, answer: dict[str, Any], progress: Progress) -> dict[str, Any]:
    said = {"VideoMetadata": answer.get("VideoMetadata"), "LabelModelVersion": answer.get("LabelModelVersion")}
    return {
        "Status": JobStatus.SUCCEEDED.value,
        "Labels": progress.timeline.summary(),
        "Timeline": {"S3Bucket": collector.shelf.bucket, "S3ObjectName": key},
        **({"JobTag": job.job_tag} if job.job_tag else {}),
        **{name: value for name, value in said.items() if value is not None},
    }
