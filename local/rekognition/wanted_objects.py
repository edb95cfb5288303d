"""Reach objects for work that may be abandoned: every call looks first whether it still is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from local.rekognition.objects import ObjectStore
from local.rekognition.workers import Check


@dataclass(frozen=True)
class WantedObjects:
    """An ObjectStore whose calls also raise AbandonedError."""

    objects: ObjectStore
    check: Check

    def size(self, bucket: str, key: str, version: str | None = None) -> int:
        self.check()
        return self.objects.size(bucket, key, version)

    def read(self, bucket: str, key: str, version: str | None = None) -> bytes:
        self.check()
        return self.objects.read(bucket, key, version)

    def save(self, bucket: str, key: str, version: str | None, file: BinaryIO) -> None:
        self.check()
        self.objects.save(bucket, key, version, file)

    def write(self, bucket: str, key: str, body: bytes, content_type: str) -> None:
        self.check()
        self.objects.write(bucket, key, body, content_type)

    def owner(self, bucket: str) -> str | None:
        self.check()
        return self.objects.owner(bucket)

    def region(self, bucket: str) -> str | None:
        self.check()
        return self.objects.region(bucket)
