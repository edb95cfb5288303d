"""A bucket in memory, as an uploader sees it: conditional writes, metadata, lists in pages."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

import io
import threading
from typing import Any

from botocore.response import StreamingBody

from tests.unit.aws import Refusal


class Store:
    """Objects by key; `die_after` so many writes of images, every call fails."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.written: list[str] = []
        self.die_after: int | None = None
        self.lists_nothing = False
        self._lock = threading.Lock()

    @property
    def bodies(self) -> dict[tuple[str, str], bytes]:
        return {("", key): body for key, (body, _) in self.objects.items()}

    def text(self, key: str) -> list[str]:
        """Return an object's lines."""
        return self.objects[key][0].decode().splitlines()

    def put_object(
        self,
        Bucket: str,
        Key: str,
        Body: bytes,
        ContentType: str,
        Metadata: dict[str, str] | None = None,
        IfNoneMatch: str | None = None,
    ) -> dict[str, Any]:
        with self._lock:
            if self.die_after is not None and len(self.written) >= self.die_after:
                raise Refusal("RequestTimeTooSkewed", 403, message="the client died")
            if IfNoneMatch == "*" and Key in self.objects:
                raise Refusal("PreconditionFailed", 412)
            self.objects[Key] = (Body, Metadata or {})
            self.written.append(Key)
        return {"VersionId": "v1"}

    def get_object(
        self, Bucket: str, Key: str, VersionId: str | None = None, Range: str | None = None
    ) -> dict[str, Any]:
        body, metadata = self._stored(Key)
        answer: dict[str, Any] = {"Metadata": metadata, "ContentLength": len(body)}
        if Range:
            first, last = map(int, Range.removeprefix("bytes=").split("-"))
            answer["ContentRange"] = f"bytes {first}-{min(last, len(body) - 1)}/{len(body)}"
            body = body[first : last + 1]
        return answer | {"Body": StreamingBody(io.BytesIO(body), len(body))}

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        body, metadata = self._stored(Key)
        return {"Metadata": metadata, "ContentLength": len(body), "VersionId": "v1"}

    def list_objects_v2(self, Bucket: str, Prefix: str, ContinuationToken: str = "0") -> dict[str, Any]:
        """List ten at a time: readers must page."""
        keys = [] if self.lists_nothing else sorted(key for key in self.objects if key.startswith(Prefix))
        first = int(ContinuationToken)
        more = {"NextContinuationToken": str(first + 10)} if keys[first + 10 :] else {}
        found = [{"Key": key, "Size": len(self.objects[key][0])} for key in keys[first : first + 10]]
        return {"Contents": found, "IsTruncated": bool(more)} | more

    def _stored(self, key: str) -> tuple[bytes, dict[str, str]]:
        if key not in self.objects:
            raise Refusal("NoSuchKey", 404)
        return self.objects[key]
