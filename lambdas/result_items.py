"""How jobs stand in the results table: the keys and attributes of their items, and back.

Keys: PK `JOB#<job id>`; SK `JOB`, `LABEL#<name>` (one for each distinct label), or `IMAGE#<job id>` (of a start job:
one for each image that is done).
"""

from collections.abc import Mapping
from typing import Any, Final

from lambdas.jobs import API, SCHEMA_VERSION, Job, JobStatus
from lambdas.labels import LabelSummary
from lambdas.moderation import moderation_of
from lambdas.videos import pointed, pointed_from

JOB: Final = "JOB"
LABEL: Final = "LABEL#"
IMAGE: Final = "IMAGE#"
LEASE: Final = ("LeaseHolder", "LeaseUntil")

_SECONDS_A_DAY: Final = 86_400
# What only the table needs: keys of items and indexes, leases, what a publish must know.
_TABLE_ONLY: Final = frozenset(
    {
        *("PK", "SK", "ImageKey", "ProjectStatus", "ProjectLabel", "Unnotified", "ExpiresAt"),
        *(*LEASE, "Crashes", "Staged", "NotificationTopic", "DueAt"),
    }
)


def job_key(job_id: str) -> dict[str, str]:
    """Return the key of a job item, or of a start job's."""
    return {"PK": f"JOB#{job_id}", "SK": JOB}


def project_status(project: str, status: JobStatus | str) -> str:
    """Spell the key of ByStatus."""
    return f"{project}#{status}"


def project_label(project: str, label: str) -> str:
    """Spell the key of ByLabel."""
    return f"{project}#{label}"


def image_key(bucket: str, key: str) -> str:
    """Spell the key of ByImage."""
    return f"{bucket}/{key}"


def expiry(now: float, retention_days: int | None, *, spare_seconds: int = 0) -> dict[str, int]:
    """Return the attribute by which an item expires, if it does; `spare_seconds` is for what waits for others."""
    return {"ExpiresAt": int(now) + retention_days * _SECONDS_A_DAY + spare_seconds} if retention_days else {}


def identity(job: Job) -> dict[str, Any]:
    """Return what is known of a job before it is done."""
    said = {
        "JobId": job.id,
        "API": job.api,
        "SchemaVersion": SCHEMA_VERSION,
        "Project": job.project,
        "ProjectVersionArn": job.project_version_arn,
        **pointed(job.image),
        "CreatedAt": job.created_at,
        "JobTag": job.job_tag,
        "Run": job.run,
        "StartJobId": job.start_job_id,
        "VideoJobId": job.video_job_id,
    }
    return {name: value for name, value in said.items() if value is not None}


def open_item(job: Job) -> dict[str, Any]:
    """Return the item of a new job."""
    topic = {"NotificationTopic": job.notification_topic} if job.notification_topic else {}
    due = {"DueAt": job.due_at} if job.due_at else {}
    size = {"SourceBytes": job.source_bytes} if job.source_bytes is not None else {}
    return {
        **job_key(job.id),
        **identity(job),
        **topic,
        **due,
        **size,
        "ImageKey": image_key(job.image.bucket, job.image.key),
        "Status": job.status.value,
        "ProjectStatus": project_status(job.project, job.status),
    }


def label_item(job: Job, label: LabelSummary, version_arn: str | None, timestamp: int) -> dict[str, Any]:
    """Return the item of one distinct label of a job."""
    return {
        "PK": f"JOB#{job.id}",
        "SK": f"{LABEL}{label.name}",
        "ProjectLabel": project_label(job.project, label.name),
        "Label": label.name,
        "Confidence": label.confidence,
        "Count": label.count,
        "JobId": job.id,
        "Project": job.project,
        **pointed(job.image),
        "ProjectVersionArn": version_arn,
        "Timestamp": timestamp,
    }


def job_of(item: Mapping[str, Any]) -> Job:
    """Read a job item, in plain values."""
    status = JobStatus(item["Status"])
    final = status is not JobStatus.IN_PROGRESS
    return Job(
        id=item["JobId"],
        project=item["Project"],
        image=pointed_from(item),
        status=status,
        created_at=item["CreatedAt"],
        api=item.get("API", API),
        job_tag=item.get("JobTag"),
        source_bytes=None if final else item.get("SourceBytes"),
        due_at=item.get("DueAt"),
        project_version_arn=item.get("ProjectVersionArn"),
        run=item.get("Run"),
        start_job_id=item.get("StartJobId"),
        video_job_id=item.get("VideoJobId"),
        notification_topic=item.get("NotificationTopic"),
        moderation=None if final else moderation_of(item),
        staged="Staged" in item,
        unnotified="Unnotified" in item,
        outcome={name: value for name, value in item.items() if name not in _TABLE_ONLY} if final else {},
    )
