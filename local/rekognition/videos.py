"""Read stored videos: H.264 in MP4 or MOV, a bounded number of small frames, within bounded memory.

FFmpeg decodes, through PyAV. The file may be hostile: only the MOV demuxer is let near it, it can name no other
file, and the decoder refuses frames over MOST_PIXELS before it makes room for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import islice
from typing import BinaryIO, TypeVar

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from local.rekognition.pixels import LONGEST_SIDE, Pixels

Seen = TypeVar("Seen")

SAMPLE_SECONDS = 0.5  # between two frames that are looked at
MOST_SAMPLES = 240
MOST_DECODED = 8_000  # frames; what lies beyond is not looked at
MOST_PIXELS = 4096 * 2304  # of a frame: the largest that level 5.2 of H.264 has
_FULL_RANGE = 2  # AVCOL_RANGE_JPEG


class VideoFlaw(StrEnum):
    """Why a video cannot be analysed; the value is the job's StatusMessage."""

    UNSUPPORTED = "Unsupported codec/format."
    TOO_LONG = "The video is longer than the service analyses."
    UNAVAILABLE = "The video can no longer be read from S3."


class UnusableVideoError(Exception):
    """A video is outside the bounds of the service."""

    def __init__(self, flaw: VideoFlaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


@dataclass(frozen=True)
class Metadata:
    """What the container and the decoder say of a video."""

    codec: str
    format: str
    milliseconds: int
    frame_rate: float
    width: int
    height: int
    full_range: bool

    def described(self) -> dict[str, object]:
        """Return it as the API's VideoMetadata."""
        return {
            "Codec": self.codec,
            "DurationMillis": self.milliseconds,
            "Format": self.format,
            "FrameRate": self.frame_rate,
            "FrameHeight": self.height,
            "FrameWidth": self.width,
            "ColorRange": "FULL" if self.full_range else "LIMITED",
        }


def watch(file: BinaryIO, most_seconds: float, look: Callable[[Pixels], Seen]) -> tuple[Metadata, dict[int, Seen]]:
    """Look at frames SAMPLE_SECONDS apart, or at MOST_SAMPLES of a longer video.

    Return what the video is, and what was seen by the frames' times in milliseconds from the start. Only one frame
    is kept at a time. Raises UnusableVideoError.
    """
    try:
        with av.open(file, "r", format="mov") as container:
            stream = _h264_stream(container)
            stream.codec_context.thread_count = 1  # each thread would hold frames of its own
            stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
            metadata = _metadata(container, stream)
            seconds = metadata.milliseconds / 1000
            if seconds > most_seconds:
                raise UnusableVideoError(VideoFlaw.TOO_LONG)
            is_short = seconds <= SAMPLE_SECONDS * MOST_SAMPLES
            frames = _every_frame(container, stream) if is_short else _key_frames(container, stream, seconds)
            seen = {milliseconds: look(_shrunk(frame)) for milliseconds, frame in islice(frames, MOST_SAMPLES)}
    except (av.FFmpegError, OSError) as error:  # an empty file is an OSError of PyAV's own
        raise UnusableVideoError(VideoFlaw.UNSUPPORTED) from error
    if not seen:
        raise UnusableVideoError(VideoFlaw.UNSUPPORTED)
    return metadata, seen


def _h264_stream(container: InputContainer) -> VideoStream:
    stream = next(iter(container.streams.video), None)
    if stream is None or stream.codec_context.name != "h264":
        raise UnusableVideoError(VideoFlaw.UNSUPPORTED)
    return stream


def _metadata(container: InputContainer, stream: VideoStream) -> Metadata:
    context = stream.codec_context
    return Metadata(
        codec=context.name,
        # The brand of QuickTime, which ends in spaces; every other brand is one of MP4's.
        format="MOV" if container.metadata.get("major_brand", "").strip() == "qt" else "MP4",
        milliseconds=round((container.duration or 0) * 1000 / av.time_base),
        frame_rate=float(stream.average_rate or 0),
        width=context.width,
        height=context.height,
        full_range=context.color_range == _FULL_RANGE,
    )


def _every_frame(container: InputContainer, stream: VideoStream) -> Iterator[tuple[int, VideoFrame]]:
    """Decode all frames; yield one at each SAMPLE_SECONDS and its time."""
    due = 0.0
    for frame in islice(container.decode(stream), MOST_DECODED):
        at = _seconds(frame, stream)
        if at is not None and at >= due:
            yield round(at * 1000), frame
            due = at - at % SAMPLE_SECONDS + SAMPLE_SECONDS


def _key_frames(container: InputContainer, stream: VideoStream, seconds: float) -> Iterator[tuple[int, VideoFrame]]:
    """Jump through the video; yield the key frame before each place and its time."""
    last = -1.0
    for number in range(MOST_SAMPLES):
        place = Fraction(seconds) * number / MOST_SAMPLES / (stream.time_base or 1)
        container.seek(int(place) + (stream.start_time or 0), stream=stream)
        frame = next(iter(container.decode(stream)), None)
        at = _seconds(frame, stream) if frame else None
        if frame and at is not None and at > last:
            yield round(at * 1000), frame
            last = at


def _seconds(frame: VideoFrame, stream: VideoStream) -> float | None:
    """Return the frame's time from the start of the video."""
    if frame.pts is None or stream.time_base is None:
        return None
    return float((frame.pts - (stream.start_time or 0)) * stream.time_base)


def _shrunk(frame: VideoFrame) -> Pixels:
    scale = min(1.0, LONGEST_SIDE / max(frame.width, frame.height))
    width, height = (max(2, round(side * scale)) for side in (frame.width, frame.height))
    return frame.to_ndarray(format="rgb24", width=width, height=height).astype(np.uint8, copy=False)
