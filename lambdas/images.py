"""Which image a job is about, and the job's identity."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

UNVERSIONED: Final = "null"  # S3's own name for the version of an object in a bucket without versions


@dataclass(frozen=True)
class ImageRef:
    """One version of one object in S3, under the names that Rekognition gives its parts."""

    bucket: str
    key: str  # raw, as S3 stores it: never URL-encoded
    version: str

    def to_json(self) -> dict[str, str]:
        """Spell the reference as notifications and results do."""
        return {"S3Bucket": self.bucket, "S3ObjectName": self.key, "S3ObjectVersion": self.version}

    def to_s3_object(self) -> dict[str, str]:
        """Spell the reference as Rekognition's S3Object, which knows no version "null"."""
        version = {} if self.version == UNVERSIONED else {"Version": self.version}
        return {"Bucket": self.bucket, "Name": self.key, **version}


def image_from_json(said: dict[str, Any]) -> ImageRef:
    """Read a reference that `ImageRef.to_json` wrote."""
    return ImageRef(said["S3Bucket"], said["S3ObjectName"], said["S3ObjectVersion"])


def job_id(image: ImageRef, project: str, run: str | None = None) -> str:
    """Return the identity of the one job that an object version is, in a run: 32 hex digits.

    Without a run it is the job of the upload, whoever asks for it. The parts are hashed as a JSON list, so that no
    two lists of parts run into the same text.
    """
    parts = [image.bucket, image.key, image.version, project] + ([] if run is None else [run])
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
