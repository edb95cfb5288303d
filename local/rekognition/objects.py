"""Reach the objects that requests name: manifests and images to read, results to write."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

_PIECE = 1024 * 1024  # bytes


class Reason(StrEnum):
    """Why an object cannot be had."""

    MISSING = "missing"
    FORBIDDEN = "forbidden"
    ELSEWHERE = "in another Region"


class ObjectUnavailableError(Exception):
    """An object cannot be read or written."""

    def __init__(self, bucket: str, key: str, reason: Reason) -> None:
        super().__init__(f"s3://{bucket}/{key} is {reason}")
        self.reason = reason


class ObjectStore(Protocol):
    """Where objects are. Every call raises ObjectUnavailableError when the object cannot be had."""

    def size(self, bucket: str, key: str, version: str | None = None) -> int:
        """Return the object's size in bytes."""

    def read(self, bucket: str, key: str, version: str | None = None) -> bytes:
        """Return the whole object."""

    def save(self, bucket: str, key: str, version: str | None, file: BinaryIO) -> None:
        """Write the whole object into the file, piece by piece: it may be larger than the memory."""

    def write(self, bucket: str, key: str, body: bytes, content_type: str) -> None:
        """Create or replace the object."""

    def owner(self, bucket: str) -> str | None:
        """Return the canonical id of the bucket's owner, None when that cannot be told; never raises."""

    def region(self, bucket: str) -> str | None:
        """Return the Region that the bucket is in, None when that cannot be told; never raises."""


class S3Objects:
    """The objects that an S3 client (boto3) sees."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._regions: dict[str, str] = {}  # by bucket; asked for once

    def size(self, bucket: str, key: str, version: str | None = None) -> int:
        return int(self._call("head_object", bucket, key, **_version(version))["ContentLength"])

    def read(self, bucket: str, key: str, version: str | None = None) -> bytes:
        body = self._call("get_object", bucket, key, **_version(version))["Body"]
        try:
            content: bytes = body.read()
        except (BotoCoreError, HTTPError) as error:  # the connection broke
            raise ObjectUnavailableError(bucket, key, Reason.MISSING) from error
        return content

    def save(self, bucket: str, key: str, version: str | None, file: BinaryIO) -> None:
        body = self._call("get_object", bucket, key, **_version(version))["Body"]
        try:
            shutil.copyfileobj(body, file, _PIECE)
        except (BotoCoreError, HTTPError) as error:  # the connection broke
            raise ObjectUnavailableError(bucket, key, Reason.MISSING) from error

    def write(self, bucket: str, key: str, body: bytes, content_type: str) -> None:
        self._call("put_object", bucket, key, Body=body, ContentType=content_type)

    def owner(self, bucket: str) -> str | None:
        try:
            return str(self._client.get_bucket_acl(Bucket=bucket)["Owner"]["ID"])
        except (ClientError, BotoCoreError, KeyError):
            return None

    def region(self, bucket: str) -> str | None:
        if bucket not in self._regions:
            try:
                answer = self._client.head_bucket(Bucket=bucket)
            except ClientError as error:  # that of a bucket which may not be seen tells it too
                answer = error.response
            except BotoCoreError:
                return None
            region = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("x-amz-bucket-region")
            if region is None:
                return None
            self._regions[bucket] = region
        return self._regions[bucket]

    def _call(self, operation: str, bucket: str, key: str, **arguments: object) -> Any:
        try:
            return getattr(self._client, operation)(Bucket=bucket, Key=key, **arguments)
        except ClientError as error:
            forbidden = error.response["ResponseMetadata"]["HTTPStatusCode"] in (401, 403)
            reason = Reason.FORBIDDEN if forbidden else Reason.MISSING
            raise ObjectUnavailableError(bucket, key, reason) from error
        except BotoCoreError as error:  # no such host, no credentials: from here the object is not there
            raise ObjectUnavailableError(bucket, key, Reason.MISSING) from error


@dataclass(frozen=True)
class RegionalObjects:
    """The objects that an endpoint in one Region reaches: none in a bucket that is known to be in another."""

    objects: ObjectStore
    home: str

    def size(self, bucket: str, key: str, version: str | None = None) -> int:
        self._check(bucket, key)
        return self.objects.size(bucket, key, version)

    def read(self, bucket: str, key: str, version: str | None = None) -> bytes:
        self._check(bucket, key)
        return self.objects.read(bucket, key, version)

    def save(self, bucket: str, key: str, version: str | None, file: BinaryIO) -> None:
        self._check(bucket, key)
        self.objects.save(bucket, key, version, file)

    def write(self, bucket: str, key: str, body: bytes, content_type: str) -> None:
        self._check(bucket, key)
        self.objects.write(bucket, key, body, content_type)

    def owner(self, bucket: str) -> str | None:
        return self.objects.owner(bucket)

    def region(self, bucket: str) -> str | None:
        return self.objects.region(bucket)

    def _check(self, bucket: str, key: str) -> None:
        if self.objects.region(bucket) not in (None, self.home):
            raise ObjectUnavailableError(bucket, key, Reason.ELSEWHERE)


def _version(version: str | None) -> dict[str, str]:
    return {} if version is None else {"VersionId": version}
