"""The message on the results topic, after the manner of Rekognition Video's completion message."""

import json
from dataclasses import dataclass
from typing import Any, Final

from lambdas.jobs import API, Job
from lambdas.labels import LabelSummary, summarize

_MAX_MESSAGE: Final = 256 * 1024  # bytes of body and attributes that SNS takes
# Space for the attributes' names and types, which count too.
_ATTRIBUTE_OVERHEAD: Final = 256
_TOLD: Final[tuple[str, ...]] = (
    "JobId",
    "Status",
    "API",
    "JobTag",
    "Timestamp",
    "Image",
    "Project",
    "ProjectVersionArn",
    "CustomLabels",
    "StatusMessage",
    "ErrorCode",
    "SchemaVersion",
)


@dataclass(frozen=True)
class Notification:
    """A body and the attributes that subscribers' filter policies see."""

    body: str
    attributes: dict[str, dict[str, str]]


def completion(job: Job) -> Notification:
    """Tell of a final job.

    Where the labels would make the message too large for SNS, it carries `LabelCount` and `Truncated` instead of
    them; the results table has them all.
    """
    summary = summarize(job.outcome.get("CustomLabels", []))
    attributes = _attributes(job, [label.name for label in summary])
    message = {name: job.outcome[name] for name in _TOLD if name in job.outcome}
    message["Confidences"] = {label.name: label.confidence for label in summary}
    if _size(message, attributes) > _MAX_MESSAGE:
        message = _shortened(message, summary)
        attributes = _attributes(job, [])
    return Notification(json.dumps(message, ensure_ascii=False), attributes)


def publish(sns: Any, topic_arn: str, notification: Notification) -> None:
    """Publish on an SNS topic."""
    sns.publish(TopicArn=topic_arn, Message=notification.body, MessageAttributes=notification.attributes)


def _shortened(message: dict[str, Any], summary: list[LabelSummary]) -> dict[str, Any]:
    short = {name: value for name, value in message.items() if name not in ("CustomLabels", "Confidences")}
    return short | {"LabelCount": sum(label.count for label in summary), "Truncated": True}


def _attributes(job: Job, labels: list[str]) -> dict[str, dict[str, str]]:
    return {
        "Status": {"DataType": "String", "StringValue": job.status.value},
        "Project": {"DataType": "String", "StringValue": job.project},
        "API": {"DataType": "String", "StringValue": API},
        "Labels": {"DataType": "String.Array", "StringValue": json.dumps(labels, ensure_ascii=False)},
    }


def _size(message: dict[str, Any], attributes: dict[str, dict[str, str]]) -> int:
    values = "".join(attribute["StringValue"] for attribute in attributes.values())
    return len((json.dumps(message, ensure_ascii=False) + values).encode()) + _ATTRIBUTE_OVERHEAD
