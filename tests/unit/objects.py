"""A bucket in memory for what the functions themselves write."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

import io
from typing import Any

from botocore.response import StreamingBody

from tests.unit.aws import Refusal


class Objects:
    """Objects by bucket and key."""

    def __init__(self) -> None:
        self.bodies: dict[tuple[str, str], bytes] = {}

    def put_object(self, Bucket: str, Key: str, Body: bytes, ContentType: str) -> dict[str, Any]:
        self.bodies[Bucket, Key] = Body
        return {"VersionId": "v1"}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if (Bucket, Key) not in self.bodies:
            raise Refusal("NoSuchKey", 404)
        body = self.bodies[Bucket, Key]
        return {"Body": StreamingBody(io.BytesIO(body), len(body)), "ContentLength": len(body)}
