"""The results table: one job item an image version, one item for each distinct label, the job item last.

Keys: PK `JOB#<job id>`; SK `JOB` or `LABEL#<name>`. Indexes: ByLabel (project and label, by confidence), ByImage
(bucket/key, by time), ByStatus (project and status, by time), Unnotified (final jobs that no publish has told of).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.errors import error_code
from lambdas.images import image_from_json
from lambdas.items import from_item, to_item
from lambdas.jobs import API, SCHEMA_VERSION, Job, JobStatus
from lambdas.labels import summarize

_JOB_KEY: Final = "JOB"
_BATCH: Final = 25  # items that one BatchWriteItem takes
_SECONDS_A_DAY: Final = 86_400
# What only the table needs: keys of items and indexes.
_TABLE_ONLY: Final = frozenset({"PK", "SK", "ImageKey", "ProjectStatus", "ProjectLabel", "Unnotified", "ExpiresAt"})


class ResultsBusyError(Exception):
    """DynamoDB took only a part of a write; the image goes back to the queue."""


@dataclass(frozen=True)
class ResultsTable:
    """The results table of a deployment, through a boto3 DynamoDB client."""

    dynamodb: Any
    name: str

    def open(self, job: Job) -> Job:
        """Write a new IN_PROGRESS job, or return the job as it already stands.

        The first write pins the model version; a redelivery gets the pinned one back.
        """
        item = {
            **_key(job.id),
            **_identity(job),
            "Status": job.status.value,
            "ProjectStatus": _project_status(job.project, job.status.value),
        }
        try:
            self.dynamodb.put_item(
                TableName=self.name,
                Item=to_item(item),
                ConditionExpression="attribute_not_exists(PK)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return self._standing(job.id, error)
        return job

    def pin(self, job: Job, project_version_arn: str) -> Job:
        """Move an open job to another model version: the one it was pinned to does not run any more."""
        self.dynamodb.update_item(
            TableName=self.name,
            Key=to_item(_key(job.id)),
            UpdateExpression="SET ProjectVersionArn = :arn",
            ConditionExpression="#status = :open",
            ExpressionAttributeNames={"#status": "Status"},
            ExpressionAttributeValues=to_item({":arn": project_version_arn, ":open": JobStatus.IN_PROGRESS.value}),
        )
        return replace(job, project_version_arn=project_version_arn)

    def finish(self, job: Job, outcome: Mapping[str, Any], *, now: float, retention_days: int | None) -> Job:
        """Write the outcome of an open job: label items first, the job item last, which commits.

        Returns the job as it now stands: where another delivery was faster, its outcome and not this one.
        """
        timestamp = int(now * 1000)
        expiry = {"ExpiresAt": int(now) + retention_days * _SECONDS_A_DAY} if retention_days else {}
        self._write_labels(job, outcome, timestamp, expiry)
        values = {
            **outcome,
            **expiry,
            "Timestamp": timestamp,
            "ProjectStatus": _project_status(job.project, outcome["Status"]),
            "Unnotified": job.project,
        }
        try:
            answer = self.dynamodb.update_item(
                TableName=self.name,
                Key=to_item(_key(job.id)),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
                ConditionExpression="#Status = :open",
                ExpressionAttributeNames={f"#{name}": name for name in values},
                ExpressionAttributeValues=to_item(
                    {":open": JobStatus.IN_PROGRESS.value} | {f":{name}": value for name, value in values.items()}
                ),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return self._standing(job.id, error)
        return _job(from_item(answer["Attributes"]))

    def mark_notified(self, job: Job) -> None:
        """Note that a publish has told of the job."""
        self.dynamodb.update_item(
            TableName=self.name,
            Key=to_item(_key(job.id)),
            UpdateExpression="REMOVE Unnotified",
            ConditionExpression="attribute_exists(PK)",
        )

    def get(self, job_id: str) -> Job | None:
        """Return a job, or None where there is none of that id."""
        answer = self.dynamodb.get_item(TableName=self.name, Key=to_item(_key(job_id)), ConsistentRead=True)
        return _job(from_item(answer["Item"])) if "Item" in answer else None

    def by_status(self, project: str, status: JobStatus) -> Iterator[Job]:
        """Yield a project's jobs of one status, the newest first."""
        return self._query("ByStatus", "ProjectStatus", _project_status(project, status.value))

    def by_image(self, bucket: str, key: str) -> Iterator[Job]:
        """Yield the jobs of all versions of one image, the newest first."""
        return self._query("ByImage", "ImageKey", f"{bucket}/{key}")

    def _query(self, index: str, attribute: str, value: str) -> Iterator[Job]:
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.name,
            IndexName=index,
            KeyConditionExpression="#key = :value",
            ExpressionAttributeNames={"#key": attribute},
            ExpressionAttributeValues=to_item({":value": value}),
            ScanIndexForward=False,
        )
        for page in pages:
            for item in page["Items"]:
                yield _job(from_item(item))

    def _standing(self, job_id: str, refused: ClientError) -> Job:
        """Return the job that a refused conditional write ran into."""
        item = refused.response.get("Item")
        if item:
            return _job(from_item(item))
        standing = self.get(job_id)
        if standing is None:  # it expired between the two calls
            raise ResultsBusyError(f"job {job_id} vanished while it was written") from refused
        return standing

    def _write_labels(self, job: Job, outcome: Mapping[str, Any], timestamp: int, expiry: Mapping[str, int]) -> None:
        items = [
            {
                "PK": f"JOB#{job.id}",
                "SK": f"LABEL#{label.name}",
                "ProjectLabel": f"{job.project}#{label.name}",
                "Label": label.name,
                "Confidence": label.confidence,
                "Count": label.count,
                "JobId": job.id,
                "Project": job.project,
                "Image": job.image.to_json(),
                "ProjectVersionArn": job.project_version_arn,
                "Timestamp": timestamp,
                **expiry,
            }
            for label in summarize(outcome.get("CustomLabels", []))
        ]
        for start in range(0, len(items), _BATCH):
            puts = [{"PutRequest": {"Item": to_item(item)}} for item in items[start : start + _BATCH]]
            answer = self.dynamodb.batch_write_item(RequestItems={self.name: puts})
            if answer.get("UnprocessedItems"):
                raise ResultsBusyError(f"DynamoDB left label items of job {job.id} unwritten")


def _key(job_id: str) -> dict[str, str]:
    return {"PK": f"JOB#{job_id}", "SK": _JOB_KEY}


def _project_status(project: str, status: str) -> str:
    return f"{project}#{status}"


def _identity(job: Job) -> dict[str, Any]:
    said = {
        "JobId": job.id,
        "API": API,
        "SchemaVersion": SCHEMA_VERSION,
        "Project": job.project,
        "ProjectVersionArn": job.project_version_arn,
        "Image": job.image.to_json(),
        "ImageKey": f"{job.image.bucket}/{job.image.key}",
        "CreatedAt": job.created_at,
    }
    return {name: value for name, value in said.items() if value is not None}


def _job(item: Mapping[str, Any]) -> Job:
    status = JobStatus(item["Status"])
    final = status is not JobStatus.IN_PROGRESS
    return Job(
        id=item["JobId"],
        project=item["Project"],
        image=image_from_json(item["Image"]),
        status=status,
        created_at=item["CreatedAt"],
        project_version_arn=item.get("ProjectVersionArn"),
        unnotified="Unnotified" in item,
        outcome={name: value for name, value in item.items() if name not in _TABLE_ONLY} if final else {},
    )
