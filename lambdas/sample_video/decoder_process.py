"""The process that decodes a video: it has no credentials, little memory and little time, and may die of any video.

It answers {"frames_per_second", "max_frames", "max_millis", "scene_change"} with a file by one message a moment,
{"at"} and a JPEG, or {"same_until"} where the frame looks like the one before, and at last
{"millis", "frame_rate", "width", "height"}; or, where the video is refused, {"error_code", "message"}.
"""

import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lambdas.errors import ErrorCode, PermanentError
from lambdas.pictures.confinement import allow_seconds, limit
from lambdas.pictures.framing import receive, send
from lambdas.pictures.limits import MAX_SIDE, MIN_SIDE

MAX_PIXELS: Final = 4096 * 2304  # of a frame: a decoder keeps up to seventeen

_QUALITY: Final = 92
_MOST_RATE: Final = 1000.0  # frames a second that a header is believed
_USUAL_RATE: Final = 25.0  # where it is not
_THUMB: Final = (32, 32)  # pixels that frames are compared by: enough for what moves, too few for noise
_EARLY_MILLIS: Final = 0.5  # times of frames are rounded
# The first box of an MP4 or MOV. Playlists, which name other files and hosts, are not what FFmpeg gets to see here.
_FIRST_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})

Pixels = NDArray[np.uint8]


def serve(connection_file: int, memory_bytes: int, cpu_seconds: int) -> None:
    """Answer one request."""
    limit(memory_bytes)
    cv2.setNumThreads(1)
    with socket.socket(fileno=connection_file) as connection:
        send(connection, {"ready": True})
        said, _, file = receive(connection)
        assert file is not None
        allow_seconds(cpu_seconds)
        with os.fdopen(file, "rb") as opened:
            for answer, body in _answers(said, opened):
                send(connection, answer, body)


def _answers(said: Mapping[str, Any], file: BinaryIO) -> Iterator[tuple[dict[str, Any], bytes]]:
    try:
        yield from _sampled(_opened(file), said)
    except PermanentError as error:
        yield {"error_code": error.code.value, "message": error.message}, b""
    except (MemoryError, cv2.error) as error:
        message = f"A frame of the video could not be decoded: {error}. Write the video anew, with smaller frames."
        yield {"error_code": ErrorCode.CORRUPT_VIDEO.value, "message": message}, b""


def _opened(file: BinaryIO) -> cv2.VideoCapture:
    if file.read(8)[4:] not in _FIRST_BOXES:
        raise PermanentError(
            ErrorCode.NOT_A_VIDEO, "The object's content is neither MP4 nor MOV, whatever its name says."
        )
    file.seek(0)
    folder = "/proc/self/fd" if Path("/proc/self/fd").exists() else "/dev/fd"
    capture = cv2.VideoCapture(f"{folder}/{file.fileno()}", cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    if not capture.isOpened():
        raise PermanentError(
            ErrorCode.CORRUPT_VIDEO, "The video cannot be read: its header is broken, or its codec is not known here."
        )
    _check_size(round(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), round(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    return capture


def _check_size(width: int, height: int) -> None:
    size = f"The video's frames have {width:,} x {height:,} pixels"
    if min(width, height) < MIN_SIDE:
        raise PermanentError(ErrorCode.TOO_SMALL, f"{size}; each side needs at least {MIN_SIDE}.")
    if width * height > MAX_PIXELS:
        raise PermanentError(ErrorCode.TOO_MANY_PIXELS, f"{size}; the limit is {MAX_PIXELS:,} in all. Shrink it.")


def _sampled(capture: cv2.VideoCapture, said: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yield a message for each moment that is due, and the film's at the end."""
    rate = capture.get(cv2.CAP_PROP_FPS)
    rate = rate if 0 < rate <= _MOST_RATE else _USUAL_RATE
    _check_length(capture.get(cv2.CAP_PROP_FRAME_COUNT) / rate * 1000, said)
    interval, due, millis, taken = 1000 / said["frames_per_second"], 0.0, -1.0, 0
    last: Pixels | None = None
    width = height = 0
    while capture.grab():
        now = capture.get(cv2.CAP_PROP_POS_MSEC)
        if round(now) <= round(millis):
            continue  # a time stamp that goes back, or is another of the same millisecond
        millis = now
        _check_length(millis, said)
        if millis + _EARLY_MILLIS < due:
            continue
        due = (millis + _EARLY_MILLIS) // interval * interval + interval
        decoded, picture = capture.retrieve()
        if not decoded:
            continue
        frame = np.asarray(picture, np.uint8)
        height, width = frame.shape[:2]
        if (thumb := _unlike(frame, last, said["scene_change"])) is None:
            yield {"same_until": round(millis)}, b""
            continue
        last, taken = thumb, taken + 1
        if taken > said["max_frames"]:
            raise _too_many_frames(said)
        yield {"at": round(millis)}, _jpeg(frame)
    if not taken:
        raise PermanentError(ErrorCode.CORRUPT_VIDEO, "No frame of the video could be decoded. Write it anew.")
    yield {"millis": round(millis + 1000 / rate), "frame_rate": rate, "width": width, "height": height}, b""


def _check_length(millis: float, said: Mapping[str, Any]) -> None:
    """Raise PermanentError where a video of this length is longer than its project lets it be."""
    if millis > said["max_millis"]:
        raise PermanentError(
            ErrorCode.VIDEO_TOO_LONG,
            f"The video takes {millis / 60_000:.1f} minutes; the project's max_minutes is "
            f"{said['max_millis'] / 60_000:g}. Cut it, or raise max_minutes in cdk.json.",
        )
    if said["scene_change"] is None and millis / 1000 * said["frames_per_second"] > said["max_frames"] + 1:
        raise _too_many_frames(said)


def _too_many_frames(said: Mapping[str, Any]) -> PermanentError:
    return PermanentError(
        ErrorCode.VIDEO_TOO_LONG,
        f"The video has more than {said['max_frames']} frames to look at, at {said['frames_per_second']:g} a second; "
        "that is the project's max_frames. Lower frames_per_second or raise max_frames in cdk.json, or cut the video.",
    )


def _unlike(frame: Pixels, last: Pixels | None, percent: float | None) -> Pixels | None:
    """Return a small picture of a frame that is to be looked at; None where it is too much like the last."""
    thumb = cv2.resize(frame, _THUMB, interpolation=cv2.INTER_AREA)
    if last is not None and percent is not None and cv2.absdiff(thumb, last).mean() < percent / 100 * 255:
        return None
    return np.asarray(thumb, np.uint8)


def _jpeg(frame: Pixels) -> bytes:
    height, width = frame.shape[:2]
    scale = MAX_SIDE / max(height, width)
    if scale < 1:
        frame = np.asarray(cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    encoded, content = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    assert encoded
    return content.tobytes()
