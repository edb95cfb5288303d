"""One video to one job of Rekognition's: read its header, pin the request, start, write the job down."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.deployment_settings import ProjectSettings
from lambdas.errors import ErrorCode, Meaning, PermanentError, error_code, meaning
from lambdas.images import ImageRef, job_id
from lambdas.jobs import Job, JobStatus, Source, failed
from lambdas.queries import Queries
from lambdas.results import ResultsTable
from lambdas.start_video.reading import Facts, read_video
from lambdas.telling import Teller
from lambdas.video_settings import VideoSettings
from lambdas.video_starts import VideoStart, VideoStarts
from lambdas.videos import VIDEO_API

OVERDUE_MILLIS: Final = 30 * 60 * 1000  # beyond the video's own length: then a sweep asks how its job stands

_JOB_TAG: Final = re.compile(r"[a-zA-Z0-9_.\-:+=/]{1,1024}")  # that the service takes


@dataclass(frozen=True, kw_only=True)
class Starter:
    """What a start works with."""

    s3: Any
    rekognition: Any
    results: ResultsTable
    starts: VideoStarts
    queries: Queries
    teller: Teller
    channel: Mapping[str, str]  # the NotificationChannel: SNSTopicArn and RoleArn
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message, as one invocation has it."""

    video: ImageRef
    size: int  # bytes, as the event says
    project: str
    settings: ProjectSettings
    videos: VideoSettings
    holder: str  # names this delivery, unlike any other
    lease_seconds: float
    last: bool = False  # the message would be gone before it comes back


def start(starter: Starter, delivery: Delivery) -> Job | None:
    """Bring a video into the hands of Rekognition, or to its FAILED end; return its job, None where it has expired.

    Safe to repeat: the same object version has the same token, the same request and so the same job. Raises BusyError,
    and errors that are not the video's fault: where the quota of open jobs is full, the message comes back.
    """
    start_id = job_id(delivery.video, delivery.project)
    ended = starter.queries.job(start_id)  # under an id of ours: Rekognition never began it
    if ended is not None and ended.status is not JobStatus.IN_PROGRESS:
        starter.teller.tell(ended)
        return ended
    facts = Facts(size=delivery.size)
    try:
        pinned = starter.starts.get(start_id) or _pinned(starter, delivery, start_id, facts)
        facts = Facts(size=pinned.size, job_tag=pinned.job_tag, millis=pinned.millis)
        return _begun(starter, delivery, pinned)
    except PermanentError as error:
        return _fail(starter, delivery, start_id, error.code, error.message, facts)
    except (ClientError, BotoCoreError) as error:
        if not delivery.last or meaning(error) is Meaning.OURS:
            raise
        message = f"The video waited for as long as its queue keeps it. The last time: {error}"
        return _fail(starter, delivery, start_id, ErrorCode.EXPIRED, message, facts)


def _pinned(starter: Starter, delivery: Delivery, start_id: str, facts: Facts) -> VideoStart:
    read_video(starter.s3, delivery.video, delivery.videos, facts)
    said = VideoStart(
        id=start_id,
        request=request_of(delivery.video, delivery.videos, start_id, starter.channel, facts.job_tag),
        size=facts.size,
        millis=facts.millis or 0,
        job_tag=facts.job_tag,
    )
    return starter.starts.pin(said, starter.clock())


def request_of(
    video: ImageRef, settings: VideoSettings, token: str, channel: Mapping[str, str], job_tag: str | None
) -> dict[str, Any]:
    """Return the request of StartLabelDetection. A tag that the service would refuse is told in the result alone."""
    filters = {"LabelInclusionFilters": settings.include_labels, "LabelExclusionFilters": settings.exclude_labels}
    general = {name: list(labels) for name, labels in filters.items() if labels}
    return {
        "Video": {"S3Object": video.to_s3_object()},
        "ClientRequestToken": token,
        "NotificationChannel": dict(channel),
        "Features": ["GENERAL_LABELS"],
        **({"MinConfidence": settings.min_confidence} if settings.min_confidence is not None else {}),
        **({"Settings": {"GeneralLabels": general}} if general else {}),
        **({"JobTag": job_tag} if job_tag and _JOB_TAG.fullmatch(job_tag) else {}),
    }


def _begun(starter: Starter, delivery: Delivery, pinned: VideoStart) -> Job | None:
    """Return the job of a pinned request, which the service is asked for unless it has begun it.

    None where its result has expired since: the video has been looked through.
    """
    if pinned.started_job is not None:
        return starter.queries.job(pinned.started_job)
    now = int(starter.clock() * 1000)
    job = Job(
        id=_ask(starter, delivery, pinned),
        project=delivery.project,
        image=delivery.video,
        status=JobStatus.IN_PROGRESS,
        created_at=now,
        api=VIDEO_API,
        job_tag=pinned.job_tag,
        source_bytes=pinned.size,
        due_at=now + pinned.millis + OVERDUE_MILLIS,
    )
    starter.starts.begun(pinned, job)
    return job


def _ask(starter: Starter, delivery: Delivery, pinned: VideoStart) -> str:
    try:
        return str(starter.rekognition.start_label_detection(**pinned.request)["JobId"])
    except (ClientError, BotoCoreError) as error:
        # The token of a job that was begun, with another request: the pinned one may be all that is known of it.
        if meaning(error) is Meaning.OURS and error_code(error) != "IdempotentParameterMismatchException":
            starter.starts.forget(pinned)
        if not isinstance(error, ClientError) or meaning(error) is not Meaning.PERMANENT:
            raise
        # Says so itself where the object has gone since, or our grant is missing.
        read_video(starter.s3, delivery.video, delivery.videos, Facts(size=pinned.size))
        code = ErrorCode.TOO_LARGE if error_code(error) == "VideoTooLargeException" else ErrorCode.MODEL_REFUSED
        message = str(error.response["Error"].get("Message", ""))
        raise PermanentError(code, f"Rekognition refused the video: {message}") from error


def _fail(starter: Starter, delivery: Delivery, start_id: str, code: ErrorCode, message: str, facts: Facts) -> Job:
    """End a video that Rekognition never began, under an id of ours, and tell of it."""
    job = Job(
        id=start_id,
        project=delivery.project,
        image=delivery.video,
        status=JobStatus.IN_PROGRESS,
        created_at=int(starter.clock() * 1000),
        api=VIDEO_API,
    )
    opened = starter.results.open(
        job, holder=delivery.holder, now=starter.clock(), lease_seconds=delivery.lease_seconds
    ).unless_busy()
    ended = opened.job
    if opened.held:
        ended = starter.results.finish(
            opened.job,
            failed(code, message, Source(size=facts.size, job_tag=facts.job_tag)),
            holder=delivery.holder,
            now=starter.clock(),
            retention_days=delivery.settings.retention_days,
        )
    starter.teller.tell(ended)
    return ended
