"""What was asked of Rekognition for a video: written before it is asked, so that it is asked once, and paid for once.

An item of the results table: `PK VIDEO#<identity of the object version in its project>`, `SK START`. The request is
pinned with it: the service knows a ClientRequestToken again only with the same request. A request that the service
refuses, for a fault of ours, is forgotten: the next one is made by the settings and the role that are deployed then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.errors import error_code
from lambdas.items import from_item, to_item
from lambdas.jobs import Job
from lambdas.result_items import open_item
from lambdas.transactions import RefusedError, Transactions

KEPT_SECONDS: Final = 35 * 86_400  # longer than any message of the video can live, dead letters sent back included


@dataclass(frozen=True, kw_only=True)
class VideoStart:
    """What is asked for a video."""

    id: str  # lambdas.images.job_id of the video and its project
    request: Mapping[str, Any]  # StartLabelDetection's
    size: int  # bytes
    millis: int  # how long the video takes, as its header says
    job_tag: str | None = None  # of the object, whether the service takes it or not
    started_job: str | None = None  # the service's JobId, once it is known


@dataclass(frozen=True)
class VideoStarts:
    """The starts of videos, through a boto3 DynamoDB client and the results table's name."""

    dynamodb: Any
    name: str
    transactions: Transactions

    def get(self, start_id: str) -> VideoStart | None:
        """Return what was asked, or None."""
        answer = self.dynamodb.get_item(TableName=self.name, Key=to_item(_key(start_id)), ConsistentRead=True)
        return _start(from_item(answer["Item"])) if "Item" in answer else None

    def pin(self, start: VideoStart, now: float) -> VideoStart:
        """Write what is to be asked; return it, or what another delivery has written before."""
        item = {
            **_key(start.id),
            "Id": start.id,
            "Request": dict(start.request),
            "SourceBytes": start.size,
            "DurationMillis": start.millis,
            **({"JobTag": start.job_tag} if start.job_tag else {}),
            "ExpiresAt": int(now) + KEPT_SECONDS,
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
            return _start(from_item(error.response["Item"]))
        return start

    def forget(self, start: VideoStart) -> None:
        """Forget a request that the service has refused; where another delivery has begun the job, it stays."""
        try:
            self.dynamodb.delete_item(
                TableName=self.name,
                Key=to_item(_key(start.id)),
                ConditionExpression="attribute_not_exists(StartedJob)",
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise

    def begun(self, start: VideoStart, job: Job) -> None:
        """Write the job that the service has begun, and note it on its start; again, it changes nothing."""
        put = {
            "TableName": self.name,
            "Item": to_item(open_item(job)),
            "ConditionExpression": "attribute_not_exists(PK)",
        }
        note = {
            "TableName": self.name,
            "Key": to_item(_key(start.id)),
            "UpdateExpression": "SET StartedJob = :job",
            "ConditionExpression": "attribute_exists(PK)",
            "ExpressionAttributeValues": to_item({":job": job.id}),
        }
        try:
            self.transactions.write([{"Put": put}, {"Update": note}])
        except RefusedError:
            return  # another delivery was faster: the same token has the same job


def _key(start_id: str) -> dict[str, str]:
    return {"PK": f"VIDEO#{start_id}", "SK": "START"}


def _start(item: Mapping[str, Any]) -> VideoStart:
    return VideoStart(
        id=item["Id"],
        request=item["Request"],
        size=item["SourceBytes"],
        millis=item["DurationMillis"],
        job_tag=item.get("JobTag"),
        started_job=item.get("StartedJob"),
    )
