"""The message on the results topic, after the manner of Rekognition Video's completion message."""

import json
from dataclasses import dataclass
from typing import Any, Final

from lambdas.jobs import API, Job
from lambdas.labels import summarize

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
    `CustomLabels`, and as much as fits of the rest; the results table has them all.
    """
    summary = summarize(job.outcome.get("CustomLabels", []))
    whole = {name: job.outcome[name] for name in _TOLD if name in job.outcome}
    short = {name: value for name, value in whole.items() if name != "CustomLabels"}
    short |= {"LabelCount": sum(label.count for label in summary), "Truncated": True}
    confidences = {"Confidences": {label.name: label.confidence for label in summary}}
    names = [label.name for label in summary]
    for message, labels in ((whole | confidences, names), (short | confidences, names), (short, names)):
        attributes = _attributes(job, labels)
        if _size(message, attributes) <= _MAX_MESSAGE:
            return Notification(json.dumps(message, ensure_ascii=False), attributes)
    return Notification(json.dumps(short, ensure_ascii=False), _attributes(job, []))


def publish(sns: Any, topic_arn: str, notification: Notification) -> None:
    """Publish on an SNS topic."""
    sns.publish(TopicArn=topic_arn, Message=notification.body, MessageAttributes=notification.attributes)


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
