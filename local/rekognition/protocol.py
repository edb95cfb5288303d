"""Speak AWS JSON 1.1: read a target and a body, write an answer or an error."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from local.rekognition.errors import ServiceError

CONTENT_TYPE = "application/x-amz-json-1.1"
TARGET_PREFIX = "RekognitionService."
# The service's front end makes these itself; their body has a lower-case `message` and nothing more.
_FRONT_END_ERRORS = {"ValidationException", "SerializationException", "UnknownOperationException"}

Json = dict[str, object]


@dataclass(frozen=True)
class Answer:
    """What goes back over the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


CUT = Answer(0, b"")  # no answer at all: whoever serves it cuts the connection


def operation_of(target: str) -> str:
    """Return the operation that an X-Amz-Target header names."""
    if not target.startswith(TARGET_PREFIX):
        raise ServiceError("UnknownOperationException", f"Unknown target {target!r}.")
    return target.removeprefix(TARGET_PREFIX)


def read_body(body: bytes) -> Json:
    """Return the request's JSON object."""
    try:
        request = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise ServiceError("SerializationException", "The request body is not JSON.") from None
    if not isinstance(request, dict):
        raise ServiceError("SerializationException", "The request body is not a JSON object.")
    return request


def success(response: Mapping[str, object]) -> Answer:
    return _answer(200, response)


def failure(error: ServiceError) -> Answer:
    """Write an error in the shape that the service gives it."""
    if error.code in _FRONT_END_ERRORS:
        return _answer(error.status, {"__type": error.code, "message": error.message})
    body = {
        "__type": error.code,
        "Code": error.code,
        "Logref": str(uuid.uuid4()),
        "Message": error.message,
        **error.members,
    }
    return _answer(error.status, body)


def _answer(status: int, body: Mapping[str, object]) -> Answer:
    headers = {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": str(uuid.uuid4())}
    return Answer(status, json.dumps(body, ensure_ascii=False).encode(), headers)
