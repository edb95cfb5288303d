"""A timeline while it is collected: lines in a file, and a checkpoint in S3 for the next invocation to go on from."""

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from typing import IO, Any

from botocore.exceptions import ClientError

from lambdas.errors import error_code
from lambdas.timelines import Sighting, Timeline, timeline_from_json


def _file() -> IO[bytes]:
    return tempfile.TemporaryFile()


@dataclass
class Progress:
    """How far the pages of a job have been read."""

    token: str | None = None  # of the page that is next; None: the first
    pages: int = 0
    timeline: Timeline = field(default_factory=Timeline)
    lines: IO[bytes] = field(default_factory=_file)
    checkpointed: bool = False  # there is a checkpoint in S3

    def take(self, labels: list[dict[str, Any]]) -> None:
        """Add a page of GetLabelDetection, by TIMESTAMPS."""
        for seen in labels:
            label = seen["Label"]
            boxes = tuple(
                {"BoundingBox": one["BoundingBox"], "Confidence": one["Confidence"]} for one in label["Instances"]
            )
            sighting = Sighting(seen["Timestamp"], label["Confidence"], boxes)
            for segment in self.timeline.see(label["Name"], sighting):
                self.lines.write(segment.to_line().encode())
        self.pages += 1

    def end(self) -> None:
        """Write the segments that the video's end ends."""
        for segment in self.timeline.end():
            self.lines.write(segment.to_line().encode())


@dataclass(frozen=True)
class Shelf:
    """Where timelines and checkpoints are, through a boto3 S3 client."""

    s3: Any
    bucket: str

    def keep(self, key: str, progress: Progress) -> None:
        """Put a timeline that is complete, and take its checkpoint away."""
        progress.lines.seek(0)
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=progress.lines, ContentType="application/jsonlines")
        if progress.checkpointed:
            self.s3.delete_object(Bucket=self.bucket, Key=checkpoint_key(key))

    def save(self, key: str, progress: Progress) -> None:
        """Put a checkpoint: a line of what is held, and the lines so far."""
        said = {"Token": progress.token, "Pages": progress.pages, "Timeline": progress.timeline.to_json()}
        with tempfile.TemporaryFile() as whole:
            whole.write(json.dumps(said, ensure_ascii=False).encode() + b"\n")
            progress.lines.seek(0)
            shutil.copyfileobj(progress.lines, whole)
            whole.seek(0)
            self.s3.put_object(
                Bucket=self.bucket, Key=checkpoint_key(key), Body=whole, ContentType="application/jsonlines"
            )

    def saved(self, key: str) -> Progress:
        """Return where another invocation has stopped; the beginning where none has."""
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=checkpoint_key(key))
        except ClientError as error:
            if error_code(error) != "NoSuchKey":
                raise
            return Progress()
        with answer["Body"] as body:
            whole = _file()
            shutil.copyfileobj(body, whole)
        whole.seek(0)
        said = json.loads(whole.readline())
        lines = _file()
        shutil.copyfileobj(whole, lines)
        whole.close()
        return Progress(
            token=said["Token"],
            pages=said["Pages"],
            timeline=timeline_from_json(said["Timeline"]),
            lines=lines,
            checkpointed=True,
        )


def checkpoint_key(timeline_key: str) -> str:
    """Return where the checkpoint of a timeline is: beside it."""
    return f"{timeline_key}.part"
