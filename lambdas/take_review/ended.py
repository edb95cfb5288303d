"""Reads what Amazon Augmented AI tells of a review that has ended."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

# By the event's word; a review has no other end.
_STATUSES: Final = {"Completed": "COMPLETED", "Failed": "FAILED", "Stopped": "STOPPED"}


class UnknownEventError(ValueError):
    """A message is not an event of Augmented AI that tells of the end of a review."""


@dataclass(frozen=True, kw_only=True)
class EndedReview:
    """The end of a review."""

    name: str  # of the human loop
    arn: str
    flow_definition_arn: str
    status: str  # COMPLETED, FAILED or STOPPED
    time: str  # ISO 8601, UTC, as EventBridge writes it
    output: tuple[str, str] | None = None  # bucket and key of the answers
    failure: str | None = None


def ended_review(body: str) -> EndedReview:
    """Read a "SageMaker A2I HumanLoop Status Change" event; raise UnknownEventError."""
    try:
        event = json.loads(body)
        detail = event["detail"]
        return EndedReview(
            name=detail["humanLoopName"],
            arn=detail["humanLoopArn"],
            flow_definition_arn=detail["flowDefinitionArn"],
            status=_STATUSES[detail["humanLoopStatus"]],
            time=event["time"],
            output=_place(detail),
            failure=_failure(detail),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnknownEventError(f"not the event of a review that has ended ({error!r}): {body[:500]}") from error


def _place(detail: Mapping[str, Any]) -> tuple[str, str] | None:
    uri = (detail.get("humanLoopOutput") or {}).get("outputS3Uri")
    if not uri:
        return None
    scheme, bucket, path, query, fragment = urlsplit(uri)
    if scheme != "s3" or not bucket or query or fragment or len(path) < 2:
        raise ValueError(f"outputS3Uri is {uri!r}")
    return bucket, path[1:]


def _failure(detail: Mapping[str, Any]) -> str | None:
    said = [str(detail[key]) for key in ("failureCode", "failureReason") if detail.get(key)]
    return ": ".join(said) or None
