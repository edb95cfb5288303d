"""A detection job: one version of one image, from IN_PROGRESS to SUCCEEDED or FAILED."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from lambdas.errors import ErrorCode
from lambdas.images import ImageRef

API: Final = "DetectCustomLabels"
SCHEMA_VERSION: Final = "1.0"


class JobStatus(StrEnum):
    """The states of a job; the last two are final."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as the results table keeps it."""

    id: str
    project: str
    image: ImageRef
    status: JobStatus
    created_at: int  # epoch milliseconds
    project_version_arn: str | None = None  # pinned when the job opens
    unnotified: bool = False  # final, and no publish has succeeded yet
    outcome: dict[str, Any] = field(default_factory=dict)  # of a final job: the fields that `outcome` names


@dataclass(frozen=True, kw_only=True)
class Source:
    """What the object itself said."""

    size: int  # bytes
    format: str | None = None  # Pillow's name: PNG, JPEG, ...
    width: int | None = None  # pixels, upright
    height: int | None = None
    plain: bool = False  # Rekognition reads its pixels, and sees what people see
    content: bytes | None = field(default=None, repr=False, compare=False)  # all of it, where the header's read held it
    job_tag: str | None = None  # the object's metadata `job-tag`


def succeeded(custom_labels: list[dict[str, Any]], source: Source, detect_millis: int) -> dict[str, Any]:
    """Spell the outcome of a job that the model answered."""
    return {
        "Status": JobStatus.SUCCEEDED.value,
        "CustomLabels": custom_labels,
        "DetectMillis": detect_millis,
        **_said_by(source),
    }


def failed(code: ErrorCode, message: str, source: Source) -> dict[str, Any]:
    """Spell the outcome of a job that can never succeed."""
    return {
        "Status": JobStatus.FAILED.value,
        "ErrorCode": code.value,
        "StatusMessage": message,
        **_said_by(source),
    }


def _said_by(source: Source) -> dict[str, Any]:
    said = {
        "SourceBytes": source.size,
        "SourceFormat": source.format,
        "SourceWidth": source.width,
        "SourceHeight": source.height,
        "JobTag": source.job_tag,
    }
    return {name: value for name, value in said.items() if value is not None}
