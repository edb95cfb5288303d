"""Count what a JPEG costs to decode, from its markers alone.

A JPEG of one scan is decoded line by line, at an eighth of its size if need be. Of one of several scans, as are all
progressive ones, the decoder holds every coefficient of the picture, and goes over it once a scan. After "Digital
Compression and Coding of Continuous-tone Still Images", annex B (ITU-T T.81).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final

SIGNATURE: Final = b"\xff\xd8\xff"
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # the three others are tables
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_START_OF_SCAN, _END = 0xDA, 0xD9
_COEFFICIENT_BYTES = 2
# Pillow reads the segments before the first scan one by one, and what fills the room between them byte by byte.
_MOST_SEGMENTS = 10_000
_MOST_FILLING = 1024  # bytes between two segments
# In the data of a scan FF is followed by 00, by the number of a restart, or by more FF.
_NEXT_MARKER: Final = re.compile(rb"\xff(?=[^\x00\xd0-\xd7\xff])")


@dataclass(frozen=True)
class Scans:
    """How many passes over the picture there are, and the bytes of coefficients held when there are several."""

    count: int
    coefficients: int


def scans(content: bytes) -> Scans:
    """Return what the markers say, as far as they go.

    Raises struct.error or IndexError when they are broken, ValueError when there are too many or they are far apart.
    """
    count = coefficients = segments = 0
    at = len(SIGNATURE) - 1
    while (found := _NEXT_MARKER.search(content, at)) is not None:
        segments += 1
        if segments > _MOST_SEGMENTS or (not count and found.start() - at > _MOST_FILLING):
            raise ValueError("The JPEG is one of segments or filling, not of a picture.")
        kind, at = content[found.end()], found.end() + 1
        if kind == _END:
            break
        if kind in _BARE:
            continue
        if kind in _FRAMES:
            coefficients = _coefficients(content, at)
        count += kind == _START_OF_SCAN
        at += struct.unpack_from(">H", content, at)[0]
    if not count:
        raise ValueError("The JPEG has no picture.")
    return Scans(count, coefficients if count > 1 else 0)


def _coefficients(content: bytes, at: int) -> int:
    """Return the bytes of all coefficients of a frame, whose components may have fewer samples than the picture."""
    height, width, components = struct.unpack_from(">HHB", content, at + 3)
    factors = [content[at + 9 + 3 * number] for number in range(components)]
    across, down = [factor >> 4 for factor in factors], [factor & 15 for factor in factors]
    samples = sum(a * d for a, d in zip(across, down, strict=True))
    whole = max(1, max(across, default=1) * max(down, default=1))
    return int(width * height * _COEFFICIENT_BYTES * samples / whole)
