"""A detection job: one version of one image or video, from IN_PROGRESS to SUCCEEDED or FAILED."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from lambdas.errors import ErrorCode
from lambdas.images import ImageRef
from lambdas.moderation import Moderation
from lambdas.names import ANNOTATED_FOLDER
from lambdas.videos import pointed

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
    image: ImageRef  # a VideoRef where it is a video
    status: JobStatus
    created_at: int  # epoch milliseconds
    api: str = API  # of a video's labels: StartLabelDetection
    job_tag: str | None = None  # where it is known before the end
    source_bytes: int | None = None  # of an open job on a video, where they are known
    due_at: int | None = None  # of a video: epoch ms after which a sweep asks the service how it stands
    project_version_arn: str | None = None  # pinned when the job opens
    run: str | None = None  # of a deliberate second look, which is a job of its own
    start_job_id: str | None = None  # the start job that it was opened for
    video_job_id: str | None = None  # of a frame: the job of its video, which alone is told of
    notification_topic: str | None = None  # ARN of a topic to tell of it beside the results topic
    moderation: Moderation | None = None  # of an open job, whose image was moderated before
    staged: bool = False  # a delivery that did not end has written label items
    unnotified: bool = False  # final, and no publish has succeeded yet
    outcome: dict[str, Any] = field(default_factory=dict)  # of a final job: its whole document

    def to_json(self) -> dict[str, Any]:
        """Spell the job for people and programs."""
        return self.outcome or {
            "JobId": self.id,
            "Status": self.status.value,
            "Project": self.project,
            **pointed(self.image),
        }


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


def succeeded(
    custom_labels: list[dict[str, Any]],
    source: Source,
    detect_millis: int,
    *,
    changes: Sequence[str] = (),
    annotated: Mapping[str, str] | None = None,
    moderation: Moderation | None = None,
) -> dict[str, Any]:
    """Spell the outcome of a job that the model answered.

    `changes` says what was done to the image before the model saw it; `annotated` is the S3Bucket and S3ObjectName of
    its annotated copy.
    """
    return {
        "Status": JobStatus.SUCCEEDED.value,
        "CustomLabels": custom_labels,
        "DetectMillis": detect_millis,
        **({"Changes": list(changes)} if changes else {}),
        **({"AnnotatedImage": dict(annotated)} if annotated else {}),
        **(moderation.to_json() if moderation else {}),
        **_said_by(source),
    }


def blocked(moderation: Moderation, source: Source, *, changes: Sequence[str] = ()) -> dict[str, Any]:
    """Spell the outcome of a job whose image no model is to see: it has no CustomLabels, not even an empty list."""
    return {
        "Status": JobStatus.SUCCEEDED.value,
        **({"Changes": list(changes)} if changes else {}),
        **moderation.to_json(),
        **_said_by(source),
    }


def failed(code: ErrorCode, message: str, source: Source, *, moderation: Moderation | None = None) -> dict[str, Any]:
    """Spell the outcome of a job that can never succeed."""
    return {
        "Status": JobStatus.FAILED.value,
        "ErrorCode": code.value,
        "StatusMessage": message,
        **(moderation.to_json() if moderation else {}),
        **_said_by(source),
    }


def annotated_key(job: Job) -> str:
    """Return where in the results bucket the annotated copy of a job's image is."""
    return f"{ANNOTATED_FOLDER}/{job.project}/{job.id}.jpg"


def _said_by(source: Source) -> dict[str, Any]:
    said = {
        "SourceBytes": source.size,
        "SourceFormat": source.format,
        "SourceWidth": source.width,
        "SourceHeight": source.height,
        "JobTag": source.job_tag,
    }
    return {name: value for name, value in said.items() if value is not None}
