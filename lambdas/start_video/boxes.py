"""How long an MP4 or MOV says that it is, by the boxes of its header; nothing is decoded, and any bytes may come.

Source: ISO/IEC 14496-12 (ISO base media file format) and Apple's QuickTime File Format.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lambdas.errors import ErrorCode, PermanentError
from lambdas.pictures.headers.reading import BrokenHeaderError, HeaderFile, exactly

# What a file's first box may be; anything else is neither MP4 nor MOV.
_FIRST: Final = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"styp"})
_FRAGMENTED: Final = (
    "The header does not say how long the video is: it is recorded in fragments, or its recording never ended. "
    "Write it anew, for example with: ffmpeg -i IN -c copy -movflags faststart OUT.mp4"
)


@dataclass(frozen=True)
class Box:
    """A box of the file: its name and where its content is."""

    kind: bytes
    start: int
    end: int


def duration_seconds(file: HeaderFile, size: int) -> float:
    """Return the longest duration that the header names, of the film or of one of its tracks.

    `size` is the object's, in bytes. Raises PermanentError: NOT_A_VIDEO, CORRUPT_VIDEO, UNSUPPORTED_FORMAT.
    """
    try:
        film = _film(file, size)
        if film is None:
            raise BrokenHeaderError("it has no header (moov); its recording or its upload was cut off")
        return _longest(file, film)
    except BrokenHeaderError as error:
        raise PermanentError(ErrorCode.CORRUPT_VIDEO, f"The video cannot be read: {error}.") from error


def _film(file: HeaderFile, size: int) -> Box | None:
    for place, box in enumerate(_boxes(file, 0, size)):
        if place == 0 and box.kind not in _FIRST:
            break
        if box.kind == b"moov":
            return box
    else:
        return None
    raise PermanentError(ErrorCode.NOT_A_VIDEO, "The object's content is neither MP4 nor MOV, whatever its name says.")


def _longest(file: HeaderFile, film: Box) -> float:
    durations, has_pictures = [0.0], False
    for box in _boxes(file, film.start, film.end):
        if box.kind == b"mvhd":
            durations.append(_duration(file, box))
        elif box.kind == b"mvex":
            raise PermanentError(ErrorCode.UNSUPPORTED_FORMAT, _FRAGMENTED)
        elif box.kind == b"trak":
            for media in _boxes(file, box.start, box.end):
                if media.kind == b"mdia":
                    durations.append(_track_duration(file, media))
                    has_pictures |= _has_pictures(file, media)
    if not has_pictures:
        raise PermanentError(ErrorCode.NOT_A_VIDEO, "The file holds no pictures, only sound or data.")
    if not max(durations):
        raise PermanentError(ErrorCode.UNSUPPORTED_FORMAT, _FRAGMENTED)
    return max(durations)


def _track_duration(file: HeaderFile, media: Box) -> float:
    return max(
        (_duration(file, box) for box in _boxes(file, media.start, media.end) if box.kind == b"mdhd"), default=0.0
    )


def _has_pictures(file: HeaderFile, media: Box) -> bool:
    handlers = (_content(file, box, 12) for box in _boxes(file, media.start, media.end) if box.kind == b"hdlr")
    return any(handler[8:12] == b"vide" for handler in handlers)


def _duration(file: HeaderFile, box: Box) -> float:
    """Read the seconds of an mvhd or mdhd box; 0 where it says that it does not know."""
    version = _content(file, box, 1)[0]
    # Version and flags, two times of creation, then what is wanted; version 1 has times and duration of 64 bits.
    layout = ">4x16xIQ" if version == 1 else ">4x8xII"
    scale, duration = struct.unpack(layout, _content(file, box, struct.calcsize(layout)))
    unknown = 2**64 - 1 if version == 1 else 2**32 - 1
    if duration in (0, unknown):
        return 0.0
    if scale == 0:
        raise BrokenHeaderError("its header counts time in units of no length")
    return float(duration / scale)


def _content(file: HeaderFile, box: Box, size: int) -> bytes:
    if box.end - box.start < size:
        raise BrokenHeaderError(f"its box {box.kind!r} is too short")
    file.seek(box.start)
    return exactly(file, size)


def _boxes(file: HeaderFile, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes of a part of the file; a box always gets on by eight bytes, so that this ends."""
    while start + 8 <= end:
        file.seek(start)
        size, kind = struct.unpack(">I4s", exactly(file, 8))
        content = start + 8
        if size == 1:
            (size,) = struct.unpack(">Q", exactly(file, 8))
            content += 8
        box_end = end if size == 0 else start + size
        if start == 0 and kind not in _FIRST:
            box_end = content  # its size means nothing
        if not content <= box_end <= end:
            raise BrokenHeaderError(f"its box {kind!r} ends outside of what holds it; the upload may be cut off")
        yield Box(kind, content, box_end)
        start = box_end
