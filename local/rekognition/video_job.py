"""What a label detection job on a stored video is: its settings, its request, what came of it, what is told of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from local.rekognition.labels import Label
from local.rekognition.state import Caller
from local.rekognition.videos import Metadata

DAY = 24 * 3600.0  # seconds


class JobStatus(StrEnum):
    """The statuses of a job."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class VideoLimits:
    """What the service takes and keeps; the defaults are the service's."""

    bytes: int = 10 * 1024**3
    seconds: float = 6 * 3600.0
    jobs_at_once: int = 20  # per account and Region
    token_seconds: float = 7 * DAY  # that a ClientRequestToken counts
    result_seconds: float = 7 * DAY  # that results are kept after the job's end


SERVICE_LIMITS = VideoLimits()


@dataclass(frozen=True)
class VideoSettings:
    """How jobs behave. `seconds` is the least that a job takes, by the service's clock; real work may take longer.

    `api` is the message's `API`: the service's guide says StartLabelDetection in one place, LABEL_DETECTION in
    another.
    """

    limits: VideoLimits = SERVICE_LIMITS
    seconds: float = 1.0
    api: str = "StartLabelDetection"


DEFAULT_SETTINGS = VideoSettings()


@dataclass(frozen=True)
class Sightings:
    """What was seen: labels by the frames' times in milliseconds, in the order of time."""

    metadata: Metadata
    labels: dict[int, list[Label]]


@dataclass(frozen=True)
class Failure:
    """Why nothing was seen; `is_defect` when it is the stand-in's fault."""

    message: str
    is_defect: bool = False


@dataclass(frozen=True)
class Ending:
    """What a job's work gave, and when the job is over for all to see, in epoch seconds: it may be yet to come."""

    findings: Sightings | Failure
    at: float


@dataclass(frozen=True)
class Job:
    """A job; `started` is in epoch seconds, the ending comes with the end of the real work.

    `is_told` when its topic, if there is one, has been told of the end, or refused to be.
    """

    id: str
    caller: Caller
    request: dict[str, Any]
    started: float
    ending: Ending | None = None
    is_told: bool = False

    @property
    def is_untold(self) -> bool:
        """Tell whether its topic is still to hear of the end, which may be yet to come by the clock."""
        return self.ending is not None and "NotificationChannel" in self.request and not self.is_told

    def findings(self, now: float) -> Sightings | Failure | None:
        """Return what the job gave; None while it is in progress."""
        return self.ending.findings if self.ending and now >= self.ending.at else None


def message(job: Job, api: str) -> str:
    """Return what the topic is told of a job that has ended; ERROR is for a defect of the service."""
    if job.ending is None:
        raise ValueError(f"the video job {job.id} has not ended")
    findings, place = job.ending.findings, job.request["Video"]["S3Object"]
    failed = "ERROR" if isinstance(findings, Failure) and findings.is_defect else JobStatus.FAILED
    told = {
        "JobId": job.id,
        "Status": failed if isinstance(findings, Failure) else JobStatus.SUCCEEDED,
        "API": api,
        **{name: value for name, value in job.request.items() if name == "JobTag"},
        "Timestamp": round(job.ending.at * 1000),
        "Video": {"S3ObjectName": place["Name"], "S3Bucket": place["Bucket"]},
    }
    return json.dumps(told)
