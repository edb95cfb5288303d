"""PNG files made byte by byte: of every kind that the format has, and of what no honest encoder writes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
# Of each pass of an interlaced PNG: where it begins, and its steps, across and down.
_PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(
    size: tuple[int, int], depth: int, color: int, data: bytes, *, before: bytes = b"", interlaced: bool = False
) -> bytes:
    """Return the file with these chunks before its deflated image data."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, color, 0, 0, interlaced))
    return SIGNATURE + header + before + chunk(b"IDAT", data) + chunk(b"IEND")


def black(width: int, height: int, depth: int = 8, color: int = 2) -> bytes:
    line = bytes(1 + (width * _CHANNELS[color] * depth + 7) // 8)
    return png((width, height), depth, color, deflated([line] * height))


def deflated(parts: Iterable[bytes]) -> bytes:
    stream = zlib.compressobj(1)
    return b"".join([*(stream.compress(part) for part in parts), stream.flush()])


def noise(size: tuple[int, int], depth: int, color: int, *, interlaced: bool = False) -> bytes:
    """Return a PNG of random samples under random filters, with a palette where it needs one."""
    rng = np.random.default_rng(0)
    width, height = size
    passes = [(-(-(width - x) // a), -(-(height - y) // d)) for x, y, a, d in _PASSES] if interlaced else [size]
    parts = []
    for across, down in passes:
        lines = rng.integers(0, 256, (down, 1 + (across * _CHANNELS[color] * depth + 7) // 8), dtype=np.uint8)
        lines[:, 0] = rng.integers(0, 5, down)
        parts.append(lines.tobytes())
    palette = chunk(b"PLTE", rng.integers(0, 256, 768, dtype=np.uint8).tobytes()) if color == 3 else b""
    transparent = chunk(b"tRNS", bytes(range(256))) if color == 3 and depth == 8 else b""
    return png(size, depth, color, deflated(parts), before=palette + transparent, interlaced=interlaced)
