"""Buckets in memory as those see them who put, get and list: the current versions of objects."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

import io
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from botocore.response import StreamingBody

from tests.unit.aws import Refusal

_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Objects:
    """Objects by bucket and key."""

    def __init__(self) -> None:
        self.bodies: dict[tuple[str, str], bytes] = {}
        self._metadata: dict[tuple[str, str], dict[str, str]] = {}

    def put_object(
        self,
        Bucket: str,
        Key: str,
        Body: bytes | IO[bytes],
        ContentType: str,
        Metadata: dict[str, str] | None = None,
        IfNoneMatch: str | None = None,
    ) -> dict[str, Any]:
        if IfNoneMatch == "*" and (Bucket, Key) in self.bodies:
            raise Refusal("PreconditionFailed", 412)
        self.bodies[Bucket, Key] = Body if isinstance(Body, bytes) else Body.read()
        self._metadata[Bucket, Key] = Metadata or {}
        return {"VersionId": "v1"}

    def get_object(
        self, Bucket: str, Key: str, VersionId: str | None = None, Range: str | None = None
    ) -> dict[str, Any]:
        body = self._body(Bucket, Key, "NoSuchKey")
        answer: dict[str, Any] = {"Metadata": self._metadata.get((Bucket, Key), {})}
        if Range:
            first, last = map(int, Range.removeprefix("bytes=").split("-"))
            answer["ContentRange"] = f"bytes {first}-{min(last, len(body) - 1)}/{len(body)}"
            body = body[first : last + 1]
        return answer | {"Body": StreamingBody(io.BytesIO(body), len(body)), "ContentLength": len(body)}

    def head_object(self, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        length = len(self._body(Bucket, Key, "404"))  # a head has no body that would say more
        put = list(self.bodies).index((Bucket, Key))
        return {
            "Metadata": self._metadata.get((Bucket, Key), {}),
            "ContentLength": length,
            "VersionId": "v1",
            "LastModified": _LONG_AGO + timedelta(seconds=put),
        }

    def list_objects_v2(
        self, Bucket: str, Prefix: str, Delimiter: str | None = None, ContinuationToken: str = "0"
    ) -> dict[str, Any]:
        """List ten at a time: readers must page."""
        keys = sorted(key for bucket, key in self.bodies if bucket == Bucket and key.startswith(Prefix))
        if Delimiter:
            inside = {key.removeprefix(Prefix).partition(Delimiter) for key in keys}
            return {"CommonPrefixes": [{"Prefix": Prefix + name + end} for name, end, _ in sorted(inside) if end]}
        first = int(ContinuationToken)
        more = {"NextContinuationToken": str(first + 10)} if keys[first + 10 :] else {}
        found = [{"Key": key, "Size": len(self.bodies[Bucket, key])} for key in keys[first : first + 10]]
        return {"Contents": found, "IsTruncated": bool(more)} | more

    def _body(self, bucket: str, key: str, refusal: str) -> bytes:
        if (bucket, key) not in self.bodies:
            raise Refusal(refusal, 404)
        return self.bodies[bucket, key]
