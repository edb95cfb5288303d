"""Reads a StartDetection request, member by member."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.api_errors import InvalidParameterException

# As StartLabelDetection has them.
_TOKEN: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_JOB_TAG: Final = re.compile(r"[a-zA-Z0-9_.\-:+=/]{1,1024}")
_MAX_KEY: Final = 1024  # bytes

_MEMBERS: Final = ("Project", "Image", "Images", "ClientRequestToken", "JobTag", "NotificationChannel")


@dataclass(frozen=True, kw_only=True)
class Place:
    """One object, or all under a prefix."""

    bucket: str
    name: str | None = None  # of one object
    version: str | None = None  # of that object; None: the current one
    prefix: str = ""  # where no name is said

    def __str__(self) -> str:
        return f"s3://{self.bucket}/" + (f"{self.prefix}*" if self.name is None else self.name)


@dataclass(frozen=True, kw_only=True)
class StartRequest:
    """What was asked for."""

    project: str
    place: Place
    token: str | None = None
    job_tag: str | None = None
    notification_topic: str | None = None


def read_request(said: Any) -> StartRequest:
    """Check a request; raise InvalidParameterException that names the member."""
    members = _object(said, "The request", _MEMBERS)
    if ("Image" in members) == ("Images" in members):
        raise InvalidParameterException("The request must have either Image or Images")
    return StartRequest(
        project=_text(members, "Project", "Project"),
        token=_matching(members, "ClientRequestToken", _TOKEN),
        job_tag=_matching(members, "JobTag", _JOB_TAG),
        notification_topic=_topic(members),
        place=_image(members["Image"]) if "Image" in members else _images(members["Images"]),
    )


def _image(said: Any) -> Place:
    image = _object(said, "Image", ("S3Object",))
    path = "Image.S3Object"
    stored = _object(image.get("S3Object"), path, ("Bucket", "Name", "Version"))
    return Place(
        bucket=_text(stored, "Bucket", f"{path}.Bucket"),
        name=_text(stored, "Name", f"{path}.Name"),
        version=_text(stored, "Version", f"{path}.Version") if "Version" in stored else None,
    )


def _images(said: Any) -> Place:
    images = _object(said, "Images", ("S3Prefix",))
    path = "Images.S3Prefix"
    prefix = _object(images.get("S3Prefix"), path, ("Bucket", "Prefix"))
    return Place(bucket=_text(prefix, "Bucket", f"{path}.Bucket"), prefix=_text(prefix, "Prefix", f"{path}.Prefix"))


def _topic(members: Mapping[str, Any]) -> str | None:
    if "NotificationChannel" not in members:
        return None
    channel = _object(members["NotificationChannel"], "NotificationChannel", ("SNSTopicArn",))
    return _text(channel, "SNSTopicArn", "NotificationChannel.SNSTopicArn")


def _object(said: Any, path: str, known: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        raise InvalidParameterException(f"{path} must be an object of {', '.join(known)}")
    for name in said:
        if name not in known:
            raise InvalidParameterException(f"{path} has no member {name!r}; known are {', '.join(known)}")
    return said


def _text(said: Mapping[str, Any], name: str, path: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value or len(value.encode()) > _MAX_KEY:
        raise InvalidParameterException(f"{path} must be a text of 1 to {_MAX_KEY} bytes")
    return value


def _matching(said: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str | None:
    if name not in said:
        return None
    value = said[name]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidParameterException(f"{name} must match {pattern.pattern}")
    return value
