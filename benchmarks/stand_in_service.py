"""The Rekognition stand-in without a server: its service and its object store in this process."""

import json
from typing import Any, BinaryIO, Final

from local.rekognition.lifecycle import Durations
from local.rekognition.objects import ObjectUnavailableError, Reason
from local.rekognition.service import Rekognition

ACCOUNT, REGION = "000000000000", "us-east-1"
_AT_ONCE: Final = Durations(training=0, starting=0, stopping=0, deleting=0)


class Memory:
    """An object store in memory."""

    def __init__(self) -> None:
        self.contents: dict[tuple[str, str], bytes] = {}

    def size(self, bucket: str, key: str, version: str | None = None) -> int:
        return len(self.read(bucket, key, version))

    def read(self, bucket: str, key: str, version: str | None = None) -> bytes:
        if version is not None or (bucket, key) not in self.contents:
            raise ObjectUnavailableError(bucket, key, Reason.MISSING)
        return self.contents[bucket, key]

    def save(self, bucket: str, key: str, version: str | None, file: BinaryIO) -> None:
        file.write(self.read(bucket, key, version))

    def owner(self, bucket: str) -> str | None:  # noqa: ARG002 - of the protocol
        return None

    def region(self, bucket: str) -> str | None:  # noqa: ARG002 - of the protocol
        return None

    def write(self, bucket: str, key: str, body: bytes, content_type: str) -> None:  # noqa: ARG002 - of the protocol
        self.contents[bucket, key] = body


class Caller:
    """The service in this process, called as over the wire."""

    def __init__(self) -> None:
        self.objects = Memory()
        self._service = Rekognition(objects=self.objects, durations=_AT_ONCE)

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        body = json.dumps(request).encode()
        answer = self._service.answer(f"RekognitionService.{operation}", body, account=ACCOUNT, region=REGION)
        found: dict[str, Any] = json.loads(answer.body)
        if answer.status != 200:
            raise RuntimeError(f"{operation}: {found}")
        return found
