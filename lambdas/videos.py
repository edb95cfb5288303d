"""Stored videos: which one a job is about, whose it is, and where its timeline is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.images import ImageRef, image_from_json
from lambdas.names import TIMELINES_FOLDER, VIDEOS

VIDEO_API: Final = "StartLabelDetection"  # the API of a job that Rekognition does on a whole video


@dataclass(frozen=True)
class VideoRef(ImageRef):
    """One version of one video in S3; an ImageRef in all but the name that notifications and results give it."""


def reference(bucket: str, key: str, version: str) -> ImageRef:
    """Return a VideoRef for a key under `videos/`, an ImageRef for any other."""
    return (VideoRef if key.startswith(f"{VIDEOS}/") else ImageRef)(bucket, key, version)


def project_of_video(key: str) -> str | None:
    """Return PROJECT of a key `videos/PROJECT/...`; None where the key is no video's."""
    folder, _, rest = key.partition("/")
    project, slash, _ = rest.partition("/")
    return project if folder == VIDEOS and slash and project else None


def pointed(ref: ImageRef) -> dict[str, dict[str, str]]:
    """Return the member of notifications and results that says what a job is about: `Image`, or `Video`."""
    return {"Video" if isinstance(ref, VideoRef) else "Image": ref.to_json()}


def pointed_from(said: Mapping[str, Any]) -> ImageRef:
    """Read the member that `pointed` wrote."""
    if "Video" in said:
        image = image_from_json(said["Video"])
        return VideoRef(image.bucket, image.key, image.version)
    return image_from_json(said["Image"])


def timeline_key(project: str, job_id: str) -> str:
    """Return where in the results bucket the timeline of a video's job is: JSON lines, by lambdas/timelines.py."""
    return f"{TIMELINES_FOLDER}/{project}/{job_id}.jsonl"
