"""A timeline while it is collected: parts of it in S3, and a checkpoint for the next invocation to go on from.

Lines that have ended wait in memory. Each `PART_BYTES` of them become a part of an S3 multipart upload, which is the
timeline once it is completed: no line is read or copied again, however long the timeline becomes. A checkpoint beside
it says which parts there are, what the timeline still holds, and the lines that are in no part yet.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.errors import error_code
from lambdas.timelines import CONTENT_TYPE, Sighting, Timeline, timeline_from_json

PART_BYTES: Final = 8 * 1024 * 1024  # S3 takes parts of 5 MiB and more, and 10,000 of them

# Said aloud: with boto3's default the completion would need a checksum that no part was asked for.
_CHECKSUM: Final = "CRC32"


@dataclass
class Upload:
    """A multipart upload: parts that S3 has, of which one with the same number takes the place."""

    id: str
    parts: list[dict[str, Any]] = field(default_factory=list)  # as CompleteMultipartUpload wants them


@dataclass
class Progress:
    """How far the pages of a job have been read."""

    token: str | None = None  # of the page that is next; None: the first
    pages: int = 0
    timeline: Timeline = field(default_factory=Timeline)
    lines: bytearray = field(default_factory=bytearray)  # that have ended and are in no part yet
    upload: Upload | None = None
    saved: int = 0  # pages that the checkpoint in S3 holds

    def take(self, detections: Sequence[Mapping[str, Any]]) -> None:
        """Add a page of GetLabelDetection, by TIMESTAMPS. All members are optional in the service's model."""
        for detection in detections:
            label = detection.get("Label", {})
            if "Name" in label:
                at_ms, confidence = detection.get("Timestamp", 0), label.get("Confidence", 0.0)
                sighting = Sighting(at_ms, confidence, _boxes(label.get("Instances", ())))
                for segment in self.timeline.see(label["Name"], sighting):
                    self.lines += segment.to_line().encode()
        self.pages += 1

    def end(self) -> None:
        """Add the lines that the video's end ends."""
        for segment in self.timeline.end():
            self.lines += segment.to_line().encode()


@dataclass(frozen=True)
class Shelf:
    """Where timelines and checkpoints are, through a boto3 S3 client.

    Parts of uploads that nobody completes go by the bucket's own rule.
    """

    s3: Any
    bucket: str
    part_bytes: int = PART_BYTES

    def stow(self, key: str, progress: Progress) -> None:
        """Make the lines a part, where they are enough for one."""
        if len(progress.lines) >= self.part_bytes:
            self._put_part(key, progress)

    def keep(self, key: str, progress: Progress) -> None:
        """Put a timeline that is complete. Its checkpoint stays, for as long as its result may be lost."""
        if progress.upload is None:
            body = bytes(progress.lines)
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=CONTENT_TYPE)
            return
        if progress.lines:
            self._put_part(key, progress)
        self.s3.complete_multipart_upload(
            Bucket=self.bucket,
            Key=key,
            UploadId=progress.upload.id,
            MultipartUpload={"Parts": progress.upload.parts},
        )

    def save(self, key: str, progress: Progress) -> None:
        """Put a checkpoint: a line of what is held, and the lines that are in no part."""
        said = {
            "Token": progress.token,
            "Pages": progress.pages,
            "Upload": asdict(progress.upload) if progress.upload else None,
            "Timeline": progress.timeline.to_json(),
        }
        body = json.dumps(said, ensure_ascii=False).encode() + b"\n" + progress.lines
        self.s3.put_object(Bucket=self.bucket, Key=checkpoint_key(key), Body=body, ContentType=CONTENT_TYPE)
        progress.saved = progress.pages

    def saved(self, key: str) -> Progress:
        """Return where another invocation has stopped; the beginning where none has."""
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=checkpoint_key(key))
        except ClientError as error:
            if error_code(error) != "NoSuchKey":
                raise
            return Progress()
        with answer["Body"] as body:
            held, _, lines = body.read().partition(b"\n")
        said = json.loads(held)
        return Progress(
            token=said["Token"],
            pages=said["Pages"],
            timeline=timeline_from_json(said["Timeline"]),
            lines=bytearray(lines),
            upload=Upload(**said["Upload"]) if said["Upload"] else None,
            saved=said["Pages"],
        )

    def forget(self, key: str) -> None:
        """Take a checkpoint away; where there is none, the bucket's rule takes the delete marker away."""
        self.s3.delete_object(Bucket=self.bucket, Key=checkpoint_key(key))

    def _put_part(self, key: str, progress: Progress) -> None:
        if progress.upload is None:
            begun = self.s3.create_multipart_upload(
                Bucket=self.bucket, Key=key, ContentType=CONTENT_TYPE, ChecksumAlgorithm=_CHECKSUM
            )
            progress.upload = Upload(begun["UploadId"])
        number = len(progress.upload.parts) + 1
        answer = self.s3.upload_part(
            Bucket=self.bucket,
            Key=key,
            UploadId=progress.upload.id,
            PartNumber=number,
            Body=bytes(progress.lines),
            ChecksumAlgorithm=_CHECKSUM,
        )
        said = {name: answer[name] for name in ("ETag", f"Checksum{_CHECKSUM}")}
        progress.upload.parts.append({"PartNumber": number, **said})
        progress.lines.clear()


def checkpoint_key(timeline_key: str) -> str:
    """Return where the checkpoint of a timeline is: beside it."""
    return f"{timeline_key}.part"


def _boxes(instances: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    kept = ("BoundingBox", "Confidence")
    return tuple(
        {name: instance[name] for name in kept if name in instance}
        for instance in instances
        if "BoundingBox" in instance
    )
