"""One image to one result: open the job, look, write the outcome, tell of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.delivery import KILLS
from lambdas.deployment_settings import ProjectSettings
from lambdas.detect_labels.looking import Eyes, Look
from lambdas.detect_labels.pacing import OutOfTimeError
from lambdas.errors import ErrorCode, Meaning, ModelAsleepError, PermanentError, meaning
from lambdas.events import DetectionRequest, ObjectCreated
from lambdas.images import ImageRef, job_id
from lambdas.jobs import API, Job, JobStatus, Source, failed
from lambdas.results import Opened, ResultsTable
from lambdas.telling import Teller
from lambdas.videos import VIDEO_API, reference


@dataclass(frozen=True, kw_only=True)
class Detector:
    """What a detection works with."""

    eyes: Eyes
    results: ResultsTable
    teller: Teller
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message, as one invocation has it."""

    arrival: ObjectCreated
    project: str
    settings: ProjectSettings | None  # None where no project claims the key
    holder: str  # names this delivery, unlike any other
    lease_seconds: float  # until this invocation has certainly ended
    deadline: float  # on the asker's clock: no call begins after it
    videos_of: str | None = None  # the key is a video's of this project, which has no setting for videos
    last: bool = False  # the message would be gone before it comes back
    alone: bool = False  # no other image is being worked on in this environment

    @property
    def request(self) -> DetectionRequest:
        """What was asked; of an upload, no more than its labels."""
        return self.arrival.request or DetectionRequest(project=self.project)


class SuspectError(Exception):
    """Another delivery died at this image: it is to be looked at when no other image can die with it."""


def detect(detector: Detector, delivery: Delivery) -> Job:
    """Bring the job of a delivered image to its end and return it.

    Safe to repeat: a job that is final changes no more, and is told of again only where no publish succeeded.
    Raises BusyError, SuspectError, ModelAsleepError, OutOfTimeError, and errors that are not the image's fault.
    """
    opened = _open(detector, delivery).unless_busy()
    job = _finished(detector, delivery, opened) if opened.held else opened.job
    detector.teller.tell(job, delivery.request)
    return job


def _finished(detector: Detector, delivery: Delivery, opened: Opened) -> Job:
    """Return the final job; whatever comes in between, the next delivery need not wait for this one's lease."""
    final: Job | None = None
    try:
        final = _finish(detector, delivery, *_looked(detector, delivery, opened))
        return final
    finally:
        if final is None:
            detector.results.release(opened.job, holder=delivery.holder)


def _open(detector: Detector, delivery: Delivery) -> Opened:
    request, settings = delivery.request, delivery.settings
    version = request.project_version_arn
    if version is None and settings:
        version = detector.eyes.registry.active_version(delivery.project)
    image = delivery.arrival.object
    refused_video = delivery.videos_of is not None
    job = Job(
        id=job_id(image, delivery.project, request.run),
        project=delivery.project,
        image=reference(image.bucket, image.key, image.version) if refused_video else image,
        api=VIDEO_API if refused_video else API,
        status=JobStatus.IN_PROGRESS,
        created_at=int(detector.clock() * 1000),
        project_version_arn=version,
        run=request.run,
        start_job_id=request.start_job_id,
        video_job_id=request.video_job_id,
        notification_topic=request.notification_topic,
    )
    return detector.results.open(
        job, holder=delivery.holder, now=detector.clock(), lease_seconds=delivery.lease_seconds
    )


def _looked(detector: Detector, delivery: Delivery, opened: Opened) -> tuple[Job, dict[str, Any]]:
    """Return the job, pinned to the version that looked, and its outcome."""
    look = Look(
        eyes=detector.eyes,
        holder=delivery.holder,
        deadline=delivery.deadline,
        job=opened.job,
        source=Source(size=delivery.arrival.size, job_tag=delivery.request.job_tag),
        request=delivery.request,
    )
    try:
        _check_crashes(opened, delivery)
        look.read()
        if delivery.settings is None:
            raise _unclaimed(look.job.image, delivery.videos_of)
        outcome = look.outcome(delivery.settings)
    except PermanentError as error:
        return look.job, failed(error.code, error.message, look.source, moderation=look.job.moderation)
    except (ModelAsleepError, OutOfTimeError, ClientError, BotoCoreError) as error:
        if not delivery.last or (isinstance(error, ClientError | BotoCoreError) and meaning(error) is Meaning.OURS):
            raise
        message = f"The image waited for as long as its queue keeps it. The last time: {error}"
        return look.job, failed(ErrorCode.EXPIRED, message, look.source, moderation=look.job.moderation)
    # Another delivery may have pinned another version since; the commit says which one these labels are of.
    return look.job, outcome | {"ProjectVersionArn": look.job.project_version_arn}


def _check_crashes(opened: Opened, delivery: Delivery) -> None:
    if opened.crashes >= KILLS:
        raise PermanentError(
            ErrorCode.CRASHED,
            f"The function died {opened.crashes} times while it looked at the image. Save it anew and upload it again.",
        )
    if opened.crashes and not delivery.alone:
        raise SuspectError(f"{opened.crashes} deliveries of job {opened.job.id} did not end")


def _finish(detector: Detector, delivery: Delivery, job: Job, outcome: dict[str, Any]) -> Job:
    return detector.results.finish(
        job,
        outcome,
        holder=delivery.holder,
        now=detector.clock(),
        retention_days=delivery.settings.retention_days if delivery.settings else None,
    )


def _unclaimed(image: ImageRef, videos_of: str | None) -> PermanentError:
    if videos_of is not None:
        return PermanentError(
            ErrorCode.VIDEOS_NOT_ENABLED,
            f"The project {videos_of!r} does not look at videos. Add the setting `videos` to it in cdk.json, deploy, "
            "and upload the video again.",
        )
    first = image.key.partition("/")[0] if "/" in image.key else ""
    begins = f"its first folder is {first!r}" if first else "it is in no folder"
    return PermanentError(
        ErrorCode.UNKNOWN_PROJECT,
        f"No project claims the key {image.key!r}: {begins}. "
        "Upload it under the name of a project, or add the project to cdk.json.",
    )
