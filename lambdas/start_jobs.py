"""Start jobs: many images that were asked for in one request, after the manner of StartLabelDetection.

Items: the start job (`JOB#<start id>`, `JOB`) with its progress; one for each image that is done (`JOB#<start id>`,
`IMAGE#<job id>`); one for a ClientRequestToken (`TOKEN#<project>#<token>`, `TOKEN`), for as long as it is remembered.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.errors import error_code
from lambdas.items import from_item, to_item
from lambdas.jobs import SCHEMA_VERSION, Job, JobStatus
from lambdas.result_items import IMAGE, expiry, job_key
from lambdas.transactions import RefusedError, Transactions

START_API: Final = "StartCustomLabelsDetection"
TOKEN_SECONDS: Final = 7 * 86_400  # as long as Rekognition remembers a ClientRequestToken


class TokenMismatchError(ValueError):
    """The ClientRequestToken was used for another request; the message names the job that it began."""


@dataclass(frozen=True, kw_only=True)
class StartJob:
    """A start job as the results table keeps it."""

    id: str  # 32 hex digits
    project: str
    created_at: int  # epoch milliseconds
    request: dict[str, Any] = field(default_factory=dict)  # what was asked for, in the request's own words
    job_tag: str | None = None
    notification_topic: str | None = None  # ARN
    expires_at: int | None = None  # epoch seconds; of an open one, when nothing can end it any more
    retention_days: int | None = None  # that it is kept after its end; None: for ever
    status: JobStatus = JobStatus.IN_PROGRESS
    total: int | None = None  # images; None until all of them are listed
    listed_at: int | None = None  # and when they were, epoch milliseconds
    done: int = 0  # of them, those that have a result
    failed: int = 0  # of these, those that FAILED
    status_message: str | None = None
    timestamp: int | None = None  # when it became final, epoch milliseconds
    unnotified: bool = False  # final, and no publish has succeeded yet


@dataclass(frozen=True)
class StartJobs:
    """The start jobs of a deployment, through a boto3 DynamoDB client and the results table's name."""

    dynamodb: Any
    name: str
    pause: Callable[[float], None] = time.sleep

    @property
    def transactions(self) -> Transactions:
        """All-or-nothing writes."""
        return Transactions(self.dynamodb, self.pause)

    def open(self, start: StartJob, *, now: float, token: str | None = None) -> StartJob:
        """Write a new start job, or return the one that the same token and the same request began within a week.

        Raises TokenMismatchError where the token's request was another one.
        """
        key = {"PK": f"TOKEN#{start.project}#{token}", "SK": "TOKEN"}
        forgotten_at = int(now) + TOKEN_SECONDS
        if start.retention_days:  # it may end at once
            forgotten_at = min(forgotten_at, expiry(now, start.retention_days)["ExpiresAt"])
        remembered = {"StartJobId": start.id, "Request": start.request, "ExpiresAt": forgotten_at}
        claim = self._put(key | remembered, "attribute_not_exists(PK) OR ExpiresAt < :now", {":now": int(now)})
        opened = self._put(_item(start), "attribute_not_exists(PK)")
        try:
            self.transactions.write([opened, claim] if token else [opened])
        except RefusedError as error:
            claimed = error.refused.get(1)
            standing = self.get(claimed["StartJobId"] if claimed else start.id)
            if standing is None:
                raise
            if standing.request != start.request:
                raise TokenMismatchError(
                    f"the ClientRequestToken began job {standing.id} with another request; choose a new token"
                ) from error
            return standing
        return start

    def get(self, start_id: str) -> StartJob | None:
        """Return a start job, or None where there is none of that id."""
        answer = self.dynamodb.get_item(TableName=self.name, Key=to_item(job_key(start_id)), ConsistentRead=True)
        item = from_item(answer.get("Item", {}))
        return _start_job(item) if item.get("API") == START_API else None

    def set_total(self, start_id: str, total: int, *, now: float) -> None:
        """Note how many images a start job has, once all of them are listed; the same number again is fine."""
        self._update(
            start_id,
            "SET #Total = :total, ListedAt = :now",
            "attribute_exists(PK) AND (attribute_not_exists(#Total) OR #Total = :total)",
            {":total": total, ":now": int(now * 1000)},
        )

    def counting(self, start_id: str, job: Job, status: str, expires: Mapping[str, int]) -> list[dict[str, Any]]:
        """Return the two actions, for a transaction, that count a job as done; refused where it is counted already."""
        child = {
            "PK": f"JOB#{start_id}",
            "SK": f"{IMAGE}{job.id}",
            "JobId": job.id,
            "Status": status,
            "Image": job.image.to_json(),
            **expires,
        }
        progress = {
            "TableName": self.name,
            "Key": to_item(job_key(start_id)),
            "UpdateExpression": "ADD Done :one, Failed :failed",
            "ConditionExpression": "attribute_exists(PK)",
            "ExpressionAttributeValues": to_item({":one": 1, ":failed": int(status == JobStatus.FAILED.value)}),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        return [self._put(child, "attribute_not_exists(PK)"), {"Update": progress}]

    def count(self, start_id: str, job: Job, *, now: float) -> None:
        """Count a job that was final before the start job asked for it; again, it changes nothing."""
        start = self.get(start_id)
        expires = expiry(now, start.retention_days if start else None)
        try:
            self.transactions.write(self.counting(start_id, job, job.status.value, expires))
        except RefusedError:
            return  # counted already, or the start job has expired

    def finish_if_done(self, start_id: str, now: float) -> StartJob | None:
        """Make a start job final once all its images are done; return it where it still has to be told of."""
        start = self.get(start_id)
        if start is None:
            return None
        if start.status is JobStatus.IN_PROGRESS and start.total is not None and start.done >= start.total:
            return self._finish(start, now, JobStatus.SUCCEEDED, None)
        return start if start.unnotified else None

    def fail(self, start_id: str, message: str, now: float) -> StartJob | None:
        """Make a start job final whose images cannot all be listed or done; return it where it has to be told of."""
        start = self.get(start_id)
        if start is None or start.status is not JobStatus.IN_PROGRESS:
            return start if start and start.unnotified else None
        return self._finish(start, now, JobStatus.FAILED, message)

    def mark_notified(self, start_id: str) -> None:
        """Note that a publish has told of a start job."""
        self._update(start_id, "REMOVE Unnotified", "attribute_exists(PK)", {})

    def _finish(self, start: StartJob, now: float, status: JobStatus, message: str | None) -> StartJob | None:
        said = {"Status": status.value, "Timestamp": int(now * 1000), "Unnotified": start.project}
        said |= {"StatusMessage": message} if message else {}
        said |= expiry(now, start.retention_days)
        try:
            self._update(
                start.id,
                "SET " + ", ".join(f"#{name} = :{name}" for name in said),
                "#Status = :open",
                {f":{name}": value for name, value in said.items()} | {":open": JobStatus.IN_PROGRESS.value},
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            # Another was faster, and tells of it; where it dies before, its image comes back and finds it unnotified.
            return None
        return self.get(start.id)

    def _update(self, start_id: str, change: str, condition: str, values: Mapping[str, Any]) -> None:
        names = {f"#{name}": name for name in _NAMED if f"#{name}" in change + condition}
        said: dict[str, Any] = {"ExpressionAttributeNames": names} if names else {}
        said |= {"ExpressionAttributeValues": to_item(values)} if values else {}
        self.dynamodb.update_item(
            TableName=self.name,
            Key=to_item(job_key(start_id)),
            UpdateExpression=change,
            ConditionExpression=condition,
            **said,
        )

    def _put(self, item: Mapping[str, Any], condition: str, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
        said = {"ExpressionAttributeValues": to_item(values)} if values else {}
        return {
            "Put": {
                "TableName": self.name,
                "Item": to_item(item),
                "ConditionExpression": condition,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                **said,
            }
        }


_NAMED: Final = ("ExpiresAt", "Status", "StatusMessage", "Timestamp", "Total", "Unnotified")


def _item(start: StartJob) -> dict[str, Any]:
    said = {
        **job_key(start.id),
        "JobId": start.id,
        "API": START_API,
        "SchemaVersion": SCHEMA_VERSION,
        "Project": start.project,
        "CreatedAt": start.created_at,
        "Request": start.request,
        "JobTag": start.job_tag,
        "NotificationTopic": start.notification_topic,
        "ExpiresAt": start.expires_at,
        "RetentionDays": start.retention_days,
        "Status": start.status.value,
        "Total": start.total,
        "ListedAt": start.listed_at,
        "Done": start.done,
        "Failed": start.failed,
    }
    return {name: value for name, value in said.items() if value is not None}


def _start_job(item: Mapping[str, Any]) -> StartJob:
    return StartJob(
        id=item["JobId"],
        project=item["Project"],
        created_at=item["CreatedAt"],
        request=item["Request"],
        job_tag=item.get("JobTag"),
        notification_topic=item.get("NotificationTopic"),
        expires_at=item.get("ExpiresAt"),
        retention_days=item.get("RetentionDays"),
        status=JobStatus(item["Status"]),
        total=item.get("Total"),
        listed_at=item.get("ListedAt"),
        done=item["Done"],
        failed=item["Failed"],
        status_message=item.get("StatusMessage"),
        timestamp=item.get("Timestamp"),
        unnotified="Unnotified" in item,
    )
