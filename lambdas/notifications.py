"""The message on the results topic, after the manner of Rekognition Video's completion message."""

import json
from dataclasses import dataclass
from typing import Any, Final

from lambdas.jobs import SCHEMA_VERSION, Job, JobStatus
from lambdas.labels import LABEL_LISTS, confidences, labels_of
from lambdas.moderation import MODERATION_MEMBERS
from lambdas.start_jobs import START_API, StartJob

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
    "Video",
    "Project",
    "ProjectVersionArn",
    *LABEL_LISTS,
    "VideoMetadata",
    "StatusMessage",
    "ErrorCode",
    "Changes",
    "AnnotatedImage",
    "LabelsObject",
    "Timeline",
    "Frames",
    "FramesFailed",
    "FramesBlocked",
    "Run",
    "StartJobId",
    *MODERATION_MEMBERS,
    "Review",
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
    `CustomLabels` or `Labels`, and as much as fits of the rest; the results table has them all.
    """
    outcome = job.outcome
    whole = {name: outcome[name] for name in _TOLD if name in outcome}
    short = {name: value for name, value in whole.items() if name not in LABEL_LISTS}
    short |= {"LabelCount": outcome.get("LabelCount", len(labels_of(outcome))), "Truncated": True}
    best = {"Confidences": confidences(outcome)}
    names = list(best["Confidences"])
    # Where the labels are in S3, they are too many for a message too.
    shapes = [(short | best, names), (short, names)]
    if "LabelsObject" not in outcome:
        shapes.insert(0, (whole | best, names))
    of_all = _attributes(job.status, job.project, job.api) | _moderation(outcome)
    for message, labels in shapes:
        attributes = of_all | _labels(labels)
        if _size(message, attributes) <= _MAX_MESSAGE:
            return Notification(json.dumps(message, ensure_ascii=False), attributes)
    return Notification(json.dumps(short, ensure_ascii=False), of_all | _labels([]))


def start_completion(start: StartJob) -> Notification:
    """Tell of a final start job: how many images it had and how many of them FAILED, not what is on them."""
    said = {
        "JobId": start.id,
        "Status": start.status.value,
        "API": START_API,
        "JobTag": start.job_tag,
        "Timestamp": start.timestamp,
        "Project": start.project,
        "Total": start.total,
        "Done": start.done,
        "Failed": start.failed,
        "StatusMessage": start.status_message,
        "SchemaVersion": SCHEMA_VERSION,
    }
    body = {name: value for name, value in said.items() if value is not None}
    return Notification(json.dumps(body, ensure_ascii=False), _attributes(start.status, start.project, START_API))


def publish(sns: Any, topic_arn: str, notification: Notification) -> None:
    """Publish on an SNS topic."""
    sns.publish(TopicArn=topic_arn, Message=notification.body, MessageAttributes=notification.attributes)


def _attributes(status: JobStatus, project: str, api: str) -> dict[str, dict[str, str]]:
    return {
        "Status": {"DataType": "String", "StringValue": status.value},
        "Project": {"DataType": "String", "StringValue": project},
        "API": {"DataType": "String", "StringValue": api},
    }


def _labels(names: list[str]) -> dict[str, dict[str, str]]:
    return {"Labels": {"DataType": "String.Array", "StringValue": json.dumps(names, ensure_ascii=False)}}


def _moderation(outcome: dict[str, Any]) -> dict[str, dict[str, str]]:
    said = {"Moderation": outcome.get("Moderation"), "Review": outcome.get("Review", {}).get("Status")}
    return {name: {"DataType": "String", "StringValue": value} for name, value in said.items() if value}


def _size(message: dict[str, Any], attributes: dict[str, dict[str, str]]) -> int:
    values = "".join(attribute["StringValue"] for attribute in attributes.values())
    return len((json.dumps(message, ensure_ascii=False) + values).encode()) + _ATTRIBUTE_OVERHEAD
