"""Buckets that are deleted with their deployment: nothing is written to them any more, and all versions go."""

import json
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.errors import error_code

_SID: Final = "DeploymentIsBeingDestroyed"
_NO_BUCKET: Final = "NoSuchBucket"
_AT_ONCE: Final = 1000  # the most that DeleteObjects takes


class BucketError(RuntimeError):
    """Objects could not be deleted; the message names one and says why."""


def refuse_writes(s3: Any, bucket: str) -> None:
    """Deny PutObject to all, S3's delivery of access logs included: else the bucket fills again."""
    arn = f"arn:{s3.meta.partition}:s3:::{bucket}/*"
    deny = {"Sid": _SID, "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": arn}
    _rewrite(s3, bucket, [deny])


def allow_writes(s3: Any, bucket: str) -> None:
    """Take the denial back."""
    _rewrite(s3, bucket, [])


def empty(s3: Any, bucket: str, has_time: Callable[[], bool]) -> bool:
    """Delete all versions and delete markers; return whether none is left, or the time is over before.

    Raises BucketError.
    """
    try:
        while items := _some(s3, bucket):
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": items, "Quiet": True})
            for error in answer.get("Errors", []):
                raise BucketError(f"s3://{bucket}/{error['Key']} could not be deleted: {error.get('Message')}")
            if not has_time():
                return not _some(s3, bucket)
    except ClientError as error:
        if error_code(error) != _NO_BUCKET:
            raise
    return True


def _some(s3: Any, bucket: str) -> list[dict[str, str]]:
    page = s3.list_object_versions(Bucket=bucket, MaxKeys=_AT_ONCE)
    found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]


def _rewrite(s3: Any, bucket: str, added: list[dict[str, str]]) -> None:
    """Replace our statement of a bucket's policy."""
    try:
        policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    except ClientError as error:
        if error_code(error) == _NO_BUCKET:
            return
        raise
    others = [statement for statement in policy["Statement"] if statement.get("Sid") != _SID]
    if others + added != policy["Statement"]:
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy | {"Statement": others + added}))
