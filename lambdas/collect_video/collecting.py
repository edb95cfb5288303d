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
from lambdas.results import Opened, ResultsTable
from lambdas.telling import Teller
from lambdas.videos import timeline_key

PAGE: Final = 1000  # labels that one GetLabelDetection answers at most
CHECKPOINT_PAGES: Final = 100  # half a minute's: what a delivery that dies has read for nothing, at most
# A completion may overtake its job: start_video writes it after Rekognition has begun it. Where that write fails, its
# message comes back after nine minutes.
YOUNG_SECONDS: Final = 15 * 60

_LOOK_AGAIN_SECONDS: Final = 60.0
_LOST_PLACE: Final = frozenset(
    {
        "InvalidPaginationTokenException",  # a day has passed since the last page
        "NoSuchUpload",  # a week since its first part, or a delivery died between the timeline and its result
    }
)

_GONE: Final = (
    "Rekognition does not know the job any more; it keeps results for 7 days. Upload the video again under another "
    "name, or the same bytes once more."
)


class UnknownJobError(Exception):
    """The job is not in the results table: its start was lost, or it is another deployment's."""


class NotWrittenError(LaterError):
    """The job is not in the results table yet: start_video may be about to write it."""

    def least_seconds(self, now: float) -> float:  # noqa: ARG002 - nobody knows when
        return _LOOK_AGAIN_SECONDS


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
    page: int = PAGE


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message, as one invocation has it."""

    completion: Completion
    sent_at: float  # epoch seconds
    holder: str  # names this delivery, unlike any other
    lease_seconds: float  # until this invocation has certainly ended
    has_time: Callable[[], bool]  # for another page


def collect(collector: Collector, delivery: Delivery) -> Job:
    """Bring a job to its end and return it; where a sweep asked too early, as it stands.

    Safe to repeat: a final job changes no more, and is told of again only where no publish succeeded. Raises
    NotWrittenError, UnknownJobError, BusyError, NotDoneError, and errors that are not the video's fault.
    """
    job_id = delivery.completion.job_id
    known = collector.queries.job(job_id)
    if known is None:
        if collector.clock() - delivery.sent_at < YOUNG_SECONDS:
            raise NotWrittenError(f"job {job_id} is not in the results table yet")
        raise UnknownJobError(f"job {job_id} is not in the results table")
    opened = collector.results.open(
        known, holder=delivery.holder, now=collector.clock(), lease_seconds=delivery.lease_seconds
    ).unless_busy()
    job = _finished(collector, delivery, opened) if opened.held else opened.job
    if job.status is not JobStatus.IN_PROGRESS:
        if job.unnotified:
            collector.shelf.forget(timeline_key(job.project, job.id))
        collector.teller.tell(job)
    return job


def _finished(collector: Collector, delivery: Delivery, opened: Opened) -> Job:
    """Return the final job; whatever comes in between, the next delivery need not wait for this one's lease."""
    job = opened.job
    final: Job | None = None
    try:
        if opened.crashes >= KILLS:
            reason = f"The function died {opened.crashes} times while it read what Rekognition had found."
            outcome = failed(ErrorCode.CRASHED, reason, _source(job))
        else:
            outcome = _outcome(collector, delivery, opened)
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


def _outcome(collector: Collector, delivery: Delivery, opened: Opened) -> dict[str, Any]:
    job = opened.job
    key = timeline_key(job.project, job.id)
    progress = collector.shelf.saved(key)
    try:
        answer = _pages(collector, delivery, opened, progress)
        if answer["JobStatus"] == JobStatus.SUCCEEDED:
            progress.end()
            collector.shelf.keep(key, progress)
    except (ClientError, BotoCoreError, NotDoneError) as error:
        code = error_code(error) if isinstance(error, ClientError) else None
        if code == "ResourceNotFoundException":
            return failed(ErrorCode.EXPIRED, _GONE, _source(job))
        if code in _LOST_PLACE:
            collector.shelf.forget(key)
            raise NotDoneError(f"the place is lost ({code}); all pages are read again") from error
        _checkpoint(collector, delivery, opened, progress)
        raise
    if answer["JobStatus"] == JobStatus.FAILED:
        reason = answer.get("StatusMessage") or delivery.completion.message or "it gave no reason"
        message = f"Rekognition could not look through the video: {reason}"
        return failed(ErrorCode.MODEL_REFUSED, message, _source(job))
    return _succeeded(collector, job, key, answer, progress)


def _pages(collector: Collector, delivery: Delivery, opened: Opened, progress: Progress) -> dict[str, Any]:
    """Read the pages that are left into `progress`; return the last answer. There is no paginator for them."""
    job = opened.job
    while True:
        if not delivery.has_time():
            raise NotDoneError(f"{progress.pages} pages of job {job.id} are read; the next invocation goes on")
        token = {"NextToken": progress.token} if progress.token else {}
        answer: dict[str, Any] = collector.rekognition.get_label_detection(
            JobId=job.id, MaxResults=collector.page, SortBy="TIMESTAMP", AggregateBy="TIMESTAMPS", **token
        )
        status = answer.get("JobStatus")
        if status == JobStatus.FAILED:
            return answer
        if status != JobStatus.SUCCEEDED:
            if delivery.completion.status == "ERROR":
                return answer | {"JobStatus": JobStatus.FAILED.value}
            raise _UnfinishedError
        progress.take(answer.get("Labels", []))
        progress.token = answer.get("NextToken") or None
        collector.shelf.stow(timeline_key(job.project, job.id), progress)
        if progress.token is None:
            return answer
        if progress.pages - progress.saved >= CHECKPOINT_PAGES:
            _checkpoint(collector, delivery, opened, progress)


def _checkpoint(collector: Collector, delivery: Delivery, opened: Opened, progress: Progress) -> None:
    """Save how far the pages have been read, where that is farther than before and there are more."""
    if progress.token is None or progress.pages == progress.saved:
        return
    job = opened.job
    collector.shelf.save(timeline_key(job.project, job.id), progress)
    if opened.crashes:
        collector.results.forget_crashes(job, holder=delivery.holder)


def _source(job: Job) -> Source:
    return Source(size=job.source_bytes or 0, job_tag=job.job_tag)


def _succeeded(collector: Collector, job: Job, key: str, answer: dict[str, Any], progress: Progress) -> dict[str, Any]:
    said = {
        "VideoMetadata": answer.get("VideoMetadata"),
        "LabelModelVersion": answer.get("LabelModelVersion"),
        "SourceBytes": job.source_bytes,
        "JobTag": job.job_tag,
    }
    return {
        "Status": JobStatus.SUCCEEDED.value,
        "Labels": progress.timeline.summary(),
        "Timeline": {"S3Bucket": collector.shelf.bucket, "S3ObjectName": key},
        **{name: value for name, value in said.items() if value is not None},
    }
