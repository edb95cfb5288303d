"""Decode a PNG a strip at a time, shrinking each: Pillow would need 4 bytes a pixel for the whole picture at once.

Scanlines are inflated as they are needed. Pillow's own decoder undoes their filters, strip by strip: it is given the
last line of the strip above as the first one of each. After "Portable Network Graphics (PNG) Specification" (W3C).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_STRIP_PIXELS: Final = 1 << 21
# Pillow reads each by itself. An encoder makes one of every 8 kB or so of image data: 2,000 in the largest file.
_MOST_CHUNKS: Final = 50_000
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_MODES: Final = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # by channels
_PALETTE: Final = 3  # the colour type whose samples are places in a palette

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Header:
    """What a PNG says of its pixels; the palette has 256 colours, those that it does not name are black."""

    width: int
    height: int
    depth: int
    color: int
    interlaced: bool
    palette: Bytes

    @property
    def channels(self) -> int:
        return _CHANNELS[self.color]

    def line_bytes(self, width: int) -> int:
        """Return how long a line of so many pixels is, without its filter."""
        return (width * self.channels * self.depth + 7) // 8


class _Inflated:
    """The inflated image data, read once from the front."""

    def __init__(self, parts: Iterator[memoryview]) -> None:
        self._parts = parts
        self._stream = zlib.decompressobj()

    def read(self, count: int) -> Bytes:
        """Return the next bytes. Raises ValueError when there are fewer."""
        found = bytearray()
        while len(found) < count:
            waiting = self._stream.unconsumed_tail or next(self._parts, None)
            if waiting is None:
                raise ValueError("The image data is cut off.")
            found += self._stream.decompress(waiting, count - len(found))
        return np.frombuffer(found, np.uint8)


def check_chunks(content: bytes) -> None:
    """Count the chunks. Raises ValueError when there are too many, struct.error when one is broken."""
    if next(islice(_chunks(content), _MOST_CHUNKS, None), None) is not None:
        raise ValueError("The PNG is one of chunks, not of a picture.")


def shrink_png(content: bytes, longest_side: int) -> Image.Image:
    """Return a PNG as RGB, its longer side under twice the asked one when it was larger.

    Raises ValueError, KeyError, struct.error or zlib.error when it is broken.
    """
    header = _header(content)
    data = _Inflated(part for kind, part in _chunks(content) if kind == b"IDAT")
    if header.interlaced:
        return _coarse(header, data)
    factor = max(1, max(header.width, header.height) // longest_side)
    small = Image.new("RGB", (-(-header.width // factor), -(-header.height // factor)))
    rows = max(1, _STRIP_PIXELS // header.width // factor) * factor
    above = None
    for top in range(0, header.height, rows):
        lines = _lines(header, data, header.width, min(rows, header.height - top), above)
        above = lines[-1:].copy()
        small.paste(_rgb(header, lines, header.width).reduce(factor), (0, top // factor))
    return small


def _coarse(header: Header, data: _Inflated) -> Image.Image:
    """Return every fourth pixel of every fourth row: the first three of the seven passes of an interlaced PNG."""
    across, down = -(-header.width // 4), -(-header.height // 4)
    passes = [
        ((0, 0), ((across + 1) // 2, (down + 1) // 2)),
        ((1, 0), (across // 2, (down + 1) // 2)),
        ((0, 1), (across, down // 2)),
    ]
    small = np.zeros((down, across, 3), np.uint8)
    for (left, top), (width, height) in passes:
        step = 1 if top else 2
        part = _rgb(header, _lines(header, data, width, height, None), width)
        small[top::2, left::step] = np.asarray(part)
    return Image.fromarray(small)


def _chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    view, at = memoryview(content), len(SIGNATURE)
    kind = b""
    while at < len(content) and kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, at)
        yield kind, view[at + 8 : at + 8 + length]
        at += length + 12  # the check sum ends it


def _header(content: bytes) -> Header:
    palette = np.zeros((256, 3), np.uint8)
    chunks = _chunks(content)
    _, first = next(chunks)
    for kind, part in chunks:
        if kind == b"PLTE":
            colors = np.frombuffer(part, np.uint8)[: palette.size].reshape(-1, 3)
            palette[: len(colors)] = colors
        if kind == b"IDAT":
            break
    width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", first)
    return Header(width, height, depth, color, bool(interlaced), palette)


def _lines(header: Header, data: _Inflated, width: int, count: int, above: Bytes | None) -> Bytes:
    """Return so many lines without their filters, one byte a sample of 8 or 16 bits, else as they are packed."""
    filtered = data.read(count * (1 + header.line_bytes(width))).reshape(count, -1)
    filters, samples = filtered[:, :1], filtered[:, 1:]
    if header.depth == 16:
        samples = samples[:, ::2]  # the upper byte: filters mix it with none but upper bytes
    lines = np.concatenate([filters, samples], axis=1)
    if above is not None:
        lines = np.concatenate([np.pad(above, ((0, 0), (1, 0))), lines])  # filter 0: as it is
    channels = header.channels
    mode, size = _MODES[channels], (samples.shape[1] // channels, len(lines))
    whole = Image.frombytes(mode, size, zlib.compress(lines.tobytes(), 0), "zip", mode, 0)
    return np.asarray(whole).reshape(len(lines), -1)[-count:]


def _rgb(header: Header, lines: Bytes, width: int) -> Image.Image:
    if header.depth < 8:
        lines = _unpacked(lines, header.depth)[:, :width]
    if header.color == _PALETTE:
        return Image.fromarray(header.palette[lines])
    if header.depth < 8:
        lines = lines * np.uint8(255 // (2**header.depth - 1))
    shape = (len(lines), width) if header.channels == 1 else (len(lines), width, header.channels)
    return Image.fromarray(lines.reshape(shape)).convert("RGB")


def _unpacked(lines: Bytes, depth: int) -> Bytes:
    """Return each sample of 1, 2 or 4 bits in a byte of its own."""
    shifts = np.arange(8 - depth, -1, -depth, dtype=np.uint8)
    samples = (lines[:, :, None] >> shifts) & np.uint8(2**depth - 1)
    return samples.reshape(len(lines), -1)
