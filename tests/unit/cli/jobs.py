"""Writes jobs into a results table as detect_labels would."""

import json
from typing import Any

from lambdas.errors import ErrorCode
from lambdas.events import object_created
from lambdas.images import ImageRef, job_id
from lambdas.jobs import Job, JobStatus, Source, failed, succeeded
from lambdas.label_objects import LabelObjects
from lambdas.results import ResultsTable


def write_job(
    dynamodb: Any,
    image: ImageRef,
    labels: dict[str, float] | None,
    *,
    project: str = "digits",
    version_arn: str = "arn:v1",
    run: str | None = None,
    now: float = 1000.0,
) -> str:
    """Write the final job of an image, FAILED where it has no labels; return its id."""
    table = ResultsTable(dynamodb, "demo-ResultsTable", LabelObjects(None, "demo-ResultsBucket"))
    job = Job(
        id=job_id(image, project, run),
        project=project,
        image=image,
        status=JobStatus.IN_PROGRESS,
        created_at=int(now * 1000),
        project_version_arn=version_arn,
        run=run,
    )
    source = Source(size=1)
    outcome = (
        failed(ErrorCode.NOT_AN_IMAGE, "no", source)
        if labels is None
        else succeeded([{"Name": name, "Confidence": sure} for name, sure in labels.items()], source, 5)
    )
    opened = table.open(job, holder="h", now=now, lease_seconds=60)
    table.finish(opened.job, outcome | {"ProjectVersionArn": version_arn}, holder="h", now=now, retention_days=None)
    return job.id


def asked(body: str) -> dict[str, Any]:
    """Return what a message asks for, in short."""
    arrival = object_created(body)
    assert arrival.request is not None
    assert json.loads(body)["source"] == "custom-labels"
    return {
        "key": arrival.object.key,
        "version": arrival.object.version,
        "size": arrival.size,
        "project": arrival.request.project,
        "run": arrival.request.run,
        "arn": arrival.request.project_version_arn,
    }
