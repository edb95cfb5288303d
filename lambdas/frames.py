"""The frames that were taken of a video: where they are, which moments they show, and what is known of the video.

In the results bucket, under `frames/PROJECT/JOB ID/`: each frame as a JPEG that is named by its time in milliseconds,
and, once all are there, `frames.json`, which says so.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from botocore.exceptions import ClientError

from lambdas.errors import error_code
from lambdas.images import ImageRef, image_from_json, job_id
from lambdas.jobs import API
from lambdas.names import FRAMES_FOLDER
from lambdas.object_file import GONE


@dataclass(frozen=True)
class Frame:
    """One frame that is looked at. It stands for those after it that look the same, until `until_ms`."""

    at_ms: int
    until_ms: int
    image: ImageRef
    size: int  # bytes

    def to_json(self) -> dict[str, Any]:
        return {"At": self.at_ms, "Until": self.until_ms, "Image": self.image.to_json(), "Size": self.size}


@dataclass(frozen=True, kw_only=True)
class Film:
    """What decoding tells of a video."""

    millis: int  # from its start to the end of the last frame that could be decoded
    frame_rate: float
    width: int  # pixels, upright
    height: int


@dataclass(frozen=True, kw_only=True)
class Frames:
    """The frames of one video's job."""

    film: Film
    size: int  # bytes of the video
    frames: tuple[Frame, ...]  # in the order of time
    job_tag: str | None = None  # of the video's object

    def to_json(self) -> str:
        """Spell the frames, the same text for the same frames."""
        said = {
            "Film": asdict(self.film),
            "Size": self.size,
            "JobTag": self.job_tag,
            "Frames": [frame.to_json() for frame in self.frames],
        }
        return json.dumps(said, ensure_ascii=False)


def frames_from_json(text: str | bytes) -> Frames:
    """Read what `Frames.to_json` wrote."""
    said: Mapping[str, Any] = json.loads(text)
    return Frames(
        film=Film(**said["Film"]),
        size=said["Size"],
        job_tag=said["JobTag"],
        frames=tuple(
            Frame(one["At"], one["Until"], image_from_json(one["Image"]), one["Size"]) for one in said["Frames"]
        ),
    )


def video_job_id(video: ImageRef, project: str) -> str:
    """Return the id of the job that finds a video's custom labels; Rekognition's own labels are another's."""
    return job_id(video, project, API)


def frames_start_id(video: ImageRef, project: str) -> str:
    """Return the id of the start job that counts the frames of a video."""
    return job_id(video, project, f"{API}/frames")


@dataclass(frozen=True)
class FrameStore:
    """The frames of videos in the results bucket, through a boto3 S3 client."""

    s3: Any
    bucket: str

    def put(self, project: str, video_job: str, at_ms: int, jpeg: bytes) -> Frame:
        """Store one frame, which stands for itself alone so far."""
        key = f"{_folder(project, video_job)}/{at_ms:09}.jpg"
        answer = self.s3.put_object(Bucket=self.bucket, Key=key, Body=jpeg, ContentType="image/jpeg")
        return Frame(at_ms, at_ms, ImageRef(self.bucket, key, answer["VersionId"]), len(jpeg))

    def seal(self, project: str, video_job: str, frames: Frames) -> None:
        """Note that all frames of a video are stored."""
        body = frames.to_json().encode()
        self.s3.put_object(
            Bucket=self.bucket, Key=_list_key(project, video_job), Body=body, ContentType="application/json"
        )

    def get(self, project: str, video_job: str) -> Frames | None:
        """Return the frames of a video, or None where not all of them are stored."""
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=_list_key(project, video_job))
        except ClientError as error:
            if error_code(error) not in GONE:
                raise
            return None
        with answer["Body"] as body:
            return frames_from_json(body.read())

    def read(self, frame: Frame) -> bytes | None:
        """Return the JPEG of a frame, or None where it is gone."""
        image = frame.image
        try:
            answer = self.s3.get_object(Bucket=image.bucket, Key=image.key, VersionId=image.version)
        except ClientError as error:
            if error_code(error) not in GONE:
                raise
            return None
        with answer["Body"] as body:
            content: bytes = body.read()
            return content


def _folder(project: str, video_job: str) -> str:
    return f"{FRAMES_FOLDER}/{project}/{video_job}"


def _list_key(project: str, video_job: str) -> str:
    return f"{_folder(project, video_job)}/frames.json"
