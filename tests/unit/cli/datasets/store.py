"""The bucket for data sets, which remembers what was written and fails when it is told to."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

import threading
from typing import Any, Final

from tests.unit.aws import Refusal
from tests.unit.s3 import Buckets

BUCKET: Final = "demo-DatasetsBucket"


class Store(Buckets):
    """After `die_after` writes, every one fails; `lists_nothing`: a list was made before all writes."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []
        self.die_after: int | None = None
        self.lists_nothing = False
        self._lock = threading.Lock()

    @property
    def keys(self) -> set[str]:
        """The keys in the bucket for data sets."""
        return {key for bucket, key in self.bodies if bucket == BUCKET}

    def content(self, source_ref: str) -> bytes:
        """Return an object by its address, `s3://BUCKET/KEY`."""
        bucket, _, key = source_ref.removeprefix("s3://").partition("/")
        return self.bodies[bucket, key]

    def text(self, key: str) -> list[str]:
        """Return the lines of an object of the bucket for data sets."""
        return self.bodies[BUCKET, key].decode().splitlines()

    def put_object(self, Bucket: str, Key: str, **said: Any) -> dict[str, Any]:
        with self._lock:
            if self.die_after is not None and len(self.written) >= self.die_after:
                raise Refusal("RequestTimeTooSkewed", 403, message="the client died")
            answer = super().put_object(Bucket, Key, **said)
            self.written.append(Key)
        return answer

    def list_objects_v2(self, Bucket: str, Prefix: str, ContinuationToken: str = "0") -> dict[str, Any]:
        if self.lists_nothing:
            return {"Contents": [], "IsTruncated": False}
        return super().list_objects_v2(Bucket, Prefix, ContinuationToken)
