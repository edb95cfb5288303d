"""Manifests in the datasets bucket."""

from typing import Any

from botocore.exceptions import ClientError

from lambdas.errors import error_code


def current_version(s3: Any, bucket: str, key: str) -> dict[str, Any] | None:
    """Return what HeadObject says of an object; None where there is none."""
    try:
        answer: dict[str, Any] = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error_code(error) in ("404", "NoSuchKey"):
            return None
        raise
    return answer
