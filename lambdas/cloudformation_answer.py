"""The answer to CloudFormation, without which it waits for an hour."""

import json
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_TRIES: Final = 5
_PAUSE_SECONDS: Final = 2.0
_TIMEOUT_SECONDS: Final = 10
_MAX_REASON: Final = 1000  # characters; an answer may have 4096 bytes


class UnansweredError(RuntimeError):
    """CloudFormation could not be told, and gives up after its ServiceTimeout."""


@dataclass(frozen=True)
class Answer:
    """How a request of CloudFormation ended."""

    succeeded: bool
    reason: str


def send(
    request: Mapping[str, Any], answer: Answer, physical_id: str, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Put an answer to the address that the request names; raise UnansweredError."""
    said = {
        "Status": "SUCCESS" if answer.succeeded else "FAILED",
        "Reason": answer.reason[:_MAX_REASON],
        "PhysicalResourceId": request.get("PhysicalResourceId", physical_id),
        **{name: request[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    # The address is signed for no Content-Type; urllib would add one.
    put = urllib.request.Request(
        request["ResponseURL"], data=json.dumps(said).encode(), method="PUT", headers={"Content-Type": ""}
    )
    trusted = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))  # as boto3 reads it
    for tried in range(1, _TRIES + 1):
        try:
            with urllib.request.urlopen(put, timeout=_TIMEOUT_SECONDS, context=trusted):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            if tried == _TRIES:
                raise UnansweredError(f"CloudFormation was not told {said['Status']}: {error}") from error
            sleep(_PAUSE_SECONDS * tried)
