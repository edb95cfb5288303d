"""What stands in a project's queue: S3's own events, with raw keys as EventBridge delivers them, and our requests."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from lambdas.images import ImageRef

_SOURCE: Final = "custom-labels"
_DETAIL_TYPE: Final = "Detection Requested"


class MalformedEventError(ValueError):
    """A message is neither an S3 "Object Created" event of a versioned bucket nor a request to detect."""


@dataclass(frozen=True, kw_only=True)
class DetectionRequest:
    """What is asked of an image that was not just uploaded."""

    project: str
    run: str | None = None  # makes a job of its own; without it the job is the one of the object's upload
    project_version_arn: str | None = None  # to look with; None: the active version
    start_job_id: str | None = None  # the start job that this image counts for
    video_job_id: str | None = None  # the job of the video that this image is a frame of: it is told of, and not this
    job_tag: str | None = None  # instead of the object's own
    notification_topic: str | None = None  # the ARN of a topic that hears of this image, beside the results topic


@dataclass(frozen=True)
class ObjectCreated:
    """What an "Object Created" event, or a request in its shape, says."""

    object: ImageRef
    size: int  # bytes
    request: DetectionRequest | None = None


def object_created(body: str) -> ObjectCreated:
    """Read the body of a queue message; raise MalformedEventError.

    Powertools' S3 event class is not used: it runs unquote_plus on a key that is raw here, which breaks keys that
    hold `+` or `%`.
    """
    try:
        event = json.loads(body)
    except json.JSONDecodeError as error:
        raise MalformedEventError(f"the message is not JSON: {error}") from error
    return ObjectCreated(created_object(event), _size(event), _request(event))


def created_object(event: Mapping[str, Any]) -> ImageRef:
    """Return the object version that an event is about."""
    try:
        detail = event["detail"]
        stored = detail["object"]
        reference = ImageRef(detail["bucket"]["name"], stored["key"], stored["version-id"])
    except (KeyError, TypeError) as error:
        raise MalformedEventError(
            f"the event has no detail.bucket.name, detail.object.key or detail.object.version-id ({error}); "
            "is it an S3 event from EventBridge, and is the bucket versioned?"
        ) from error
    if not all(isinstance(part, str) and part for part in (reference.bucket, reference.key, reference.version)):
        raise MalformedEventError("the event's bucket, key and version-id must be texts")
    return reference


def detection_requested(image: ImageRef, size: int, request: DetectionRequest) -> dict[str, Any]:
    """Write a request to detect an image, for a project's queue; `size` is in bytes, 0 where it is not known."""
    said = {_spelled(name): value for name, value in asdict(request).items() if value is not None}
    stored = {"key": image.key, "version-id": image.version, "size": size}
    return {
        "source": _SOURCE,
        "detail-type": _DETAIL_TYPE,
        "detail": {"bucket": {"name": image.bucket}, "object": stored, "request": said},
    }


def _size(event: Mapping[str, Any]) -> int:
    size = event["detail"]["object"].get("size", 0)
    if not isinstance(size, int):
        raise MalformedEventError(f"detail.object.size is {size!r}, not a number of bytes")
    return size


def _request(event: Mapping[str, Any]) -> DetectionRequest | None:
    if event.get("source") != _SOURCE:
        return None
    said = event["detail"].get("request")
    if not isinstance(said, Mapping) or not all(isinstance(value, str) and value for value in said.values()):
        raise MalformedEventError(f"detail.request is {said!r}, not an object of texts")
    try:
        return DetectionRequest(**{name.replace("-", "_"): value for name, value in said.items()})
    except TypeError as error:
        raise MalformedEventError(f"detail.request is not what {_SOURCE} writes: {error}") from error


def _spelled(name: str) -> str:
    return name.replace("_", "-")
