"""What a video's object says about itself before anything is paid for: its size, its tag, how long it takes."""

import math
from dataclasses import dataclass
from typing import Any, Final

from lambdas.errors import ErrorCode, PermanentError
from lambdas.images import ImageRef
from lambdas.object_file import ObjectFile
from lambdas.start_video.boxes import duration_seconds
from lambdas.video_settings import VideoSettings

JOB_TAG: Final = "job-tag"  # the metadata key that S3 stores as x-amz-meta-job-tag
MAX_BYTES: Final = 10 * 1024**3  # that Rekognition takes


@dataclass
class Facts:
    """What is known of a video so far, however its reading ends."""

    size: int  # bytes
    job_tag: str | None = None
    millis: int | None = None  # how long it takes


def read_video(s3: Any, video: ImageRef, settings: VideoSettings, facts: Facts) -> None:
    """Fill `facts` in; raise PermanentError where the video cannot or must not be looked at."""
    # A film's header may be at its end, and a track's far from the next: many small parts, no ever larger ones.
    file = ObjectFile(s3, video, growth=1)
    facts.size, facts.job_tag = file.size, file.metadata.get(JOB_TAG)
    if file.size == 0:
        raise PermanentError(ErrorCode.EMPTY_OBJECT, "The object holds no bytes. Upload it again.")
    seconds = duration_seconds(file, file.size)
    if not math.isfinite(seconds):
        raise PermanentError(ErrorCode.CORRUPT_VIDEO, "The video cannot be read: it never ends.")
    facts.millis = math.ceil(seconds * 1000)
    if file.size > MAX_BYTES:
        raise PermanentError(
            ErrorCode.TOO_LARGE, f"The video has {file.size:,} bytes; Rekognition takes {MAX_BYTES:,}."
        )
    if seconds > settings.max_minutes * 60:
        raise PermanentError(
            ErrorCode.VIDEO_TOO_LONG,
            f"The video takes {seconds / 60:.1f} minutes; the project's max_minutes is {settings.max_minutes:g}. "
            "Cut it, or raise max_minutes in cdk.json (up to 360). Nothing was paid for.",
        )
