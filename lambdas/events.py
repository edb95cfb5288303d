"""S3 events as EventBridge delivers them: the keys are raw, not URL-encoded."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.images import ImageRef


class MalformedEventError(ValueError):
    """A message is not an S3 "Object Created" event of a versioned bucket."""


@dataclass(frozen=True)
class ObjectCreated:
    """What an "Object Created" event says."""

    object: ImageRef
    size: int  # bytes


def object_created(body: str) -> ObjectCreated:
    """Read the body of a queue message.

    Powertools' S3 event class is not used: it runs unquote_plus on a key that is raw here, which breaks keys that
    hold `+` or `%`.
    """
    try:
        event = json.loads(body)
    except json.JSONDecodeError as error:
        raise MalformedEventError(f"the message is not JSON: {error}") from error
    return ObjectCreated(created_object(event), _size(event))


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


def _size(event: Mapping[str, Any]) -> int:
    size = event["detail"]["object"].get("size", 0)
    if not isinstance(size, int):
        raise MalformedEventError(f"detail.object.size is {size!r}, not a number of bytes")
    return size
