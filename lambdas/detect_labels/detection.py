"""One image to one result: open the job, look, write the outcome, tell of it."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.deployment_settings import ProjectSettings
from lambdas.detect_labels.source import check_source, read_source
from lambdas.errors import ErrorCode, Meaning, ModelAsleepError, PermanentError, error_code, meaning
from lambdas.events import ObjectCreated
from lambdas.images import ImageRef, job_id
from lambdas.jobs import Job, JobStatus, Source, failed, succeeded
from lambdas.notifications import completion, publish
from lambdas.registry import CachedRegistry
from lambdas.results import ResultsBusyError, ResultsTable

_LEASE_SECONDS: Final = 90  # longer than the function may run


@dataclass(frozen=True, kw_only=True)
class Detector:
    """What a detection works with."""

    s3: Any
    rekognition: Any
    sns: Any
    registry: CachedRegistry
    results: ResultsTable
    results_topic_arn: str
    clock: Callable[[], float] = time.time


def detect(detector: Detector, arrival: ObjectCreated, name: str, settings: ProjectSettings | None) -> Job:
    """Bring the job of an arrived object to its end and return it; `settings` is None where no project claims the key.

    Safe to repeat: a job that is final changes no more, and is told of again only where no publish succeeded.
    Raises ModelAsleepError, or the errors of boto3 that are not the image's fault.
    """
    holder = uuid.uuid4().hex
    opened = detector.results.open(
        Job(
            id=job_id(arrival.object, name),
            project=name,
            image=arrival.object,
            status=JobStatus.IN_PROGRESS,
            created_at=int(detector.clock() * 1000),
            project_version_arn=detector.registry.active_version(name) if settings else None,
        ),
        holder=holder,
        now=detector.clock(),
        lease_seconds=_LEASE_SECONDS,
    )
    job = opened.job
    if opened.busy_until is not None:
        raise ResultsBusyError(f"another delivery works on job {job.id}")
    if opened.held:
        try:
            job, outcome = _look(detector, job, Source(size=arrival.size), settings, holder)
        except Exception:
            detector.results.release(job, holder=holder)
            raise
        job = detector.results.finish(
            job,
            outcome,
            holder=holder,
            now=detector.clock(),
            retention_days=settings.retention_days if settings else None,
        )
    if job.unnotified:
        publish(detector.sns, detector.results_topic_arn, completion(job))
        detector.results.mark_notified(job)
    return job


def _look(
    detector: Detector, job: Job, source: Source, settings: ProjectSettings | None, holder: str
) -> tuple[Job, dict[str, Any]]:
    """Return the job, pinned to the version that looked, and its outcome."""
    try:
        source = read_source(detector.s3, job.image)
        if settings is None:
            raise PermanentError(ErrorCode.UNKNOWN_PROJECT, _unknown(job.image))
        check_source(source)
        started = time.perf_counter()
        job, labels = _ask_model(detector, job, settings, holder)
        if isinstance(labels, PermanentError):
            raise labels
        outcome = succeeded(labels, source, round((time.perf_counter() - started) * 1000))
        # Another delivery may have pinned another version since; the commit says which one these labels are of.
        return job, outcome | {"ProjectVersionArn": job.project_version_arn}
    except PermanentError as error:
        return job, failed(error.code, error.message, source)


def _ask_model(
    detector: Detector, job: Job, settings: ProjectSettings, holder: str
) -> tuple[Job, list[dict[str, Any]] | PermanentError]:
    """Ask the pinned version; where it does not run, the one that is active by now."""
    if job.project_version_arn is not None:
        try:
            return job, _custom_labels(detector, job.project_version_arn, job.image, settings)
        except ModelAsleepError:
            if detector.registry.active_version(job.project, fresh=True) == job.project_version_arn:
                raise
    # Where a version was asleep, the pointer has just been read again.
    active = detector.registry.active_version(job.project, fresh=job.project_version_arn is None)
    if active is None:
        raise ModelAsleepError(f"project {job.project} has no active model version yet; train or start one")
    job = detector.results.pin(job, active, holder=holder)
    try:
        return job, _custom_labels(detector, active, job.image, settings)
    except PermanentError as error:
        return job, error


def _custom_labels(
    detector: Detector, version_arn: str, image: ImageRef, settings: ProjectSettings
) -> list[dict[str, Any]]:
    request: dict[str, Any] = {"ProjectVersionArn": version_arn, "Image": {"S3Object": image.to_s3_object()}}
    if settings.min_confidence is not None:
        request["MinConfidence"] = settings.min_confidence
    if settings.max_results is not None:
        request["MaxResults"] = settings.max_results
    try:
        return list(detector.rekognition.detect_custom_labels(**request)["CustomLabels"])
    except ClientError as error:
        match meaning(error):
            case Meaning.ASLEEP:
                raise ModelAsleepError(f"{version_arn}: {error}") from error
            case Meaning.PERMANENT:
                raise _refused(detector, image, error) from error
            case _:
                raise


def _refused(detector: Detector, image: ImageRef, error: ClientError) -> PermanentError:
    """Say why the service refused an image whose header was fine."""
    message = str(error.response["Error"].get("Message", ""))
    match error_code(error):
        case "InvalidImageFormatException":
            return PermanentError(ErrorCode.CORRUPT_IMAGE, f"Rekognition could not decode the image: {message}")
        case "ImageTooLargeException":
            return PermanentError(ErrorCode.TOO_LARGE, f"Rekognition finds the image too large: {message}")
        case "InvalidS3ObjectException":
            read_source(detector.s3, image)  # says so itself where the object has gone or is forbidden
    return PermanentError(ErrorCode.MODEL_REFUSED, f"Rekognition refused the image: {message}")


def _unknown(image: ImageRef) -> str:
    first = image.key.partition("/")[0] if "/" in image.key else ""
    begins = f"its first folder is {first!r}" if first else "it is in no folder"
    return (
        f"No project claims the key {image.key!r}: {begins}. "
        "Upload it under the name of a project, or add the project to cdk.json."
    )
