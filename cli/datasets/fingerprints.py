"""Tells pictures that are nearly the same: another size, another compression, a moment later.

A fingerprint is 256 bits: is a point of the picture, shrunk to 17 x 16 greys, brighter than the point to its right?
(N. Krawetz calls the idea dHash.) What hardly differs is no bit, so that noise is none.
"""

from collections import defaultdict
from typing import BinaryIO, Final

from PIL import Image

_COLUMNS: Final = 16
_ROWS: Final = 16
_BRIGHTER: Final = 6  # of 255 greys
_LEAST_BITS: Final = 16  # a picture with fewer shows too little to be told from others
_NEAR: Final = 7  # bits that differ
_BANDS: Final = _NEAR + 1  # where at most seven bits differ, one of eight bands is the same
_BAND_BITS: Final = _COLUMNS * _ROWS // _BANDS


def fingerprint(file: BinaryIO) -> int | None:
    """Return the picture's fingerprint, None of one that shows too little; raise OSError where it is broken."""
    with Image.open(file, formats=("JPEG", "PNG")) as opened:
        opened.draft("L", (8 * _COLUMNS, 8 * _ROWS))
        greys = opened.convert("L").resize((_COLUMNS + 1, _ROWS), Image.Resampling.BOX).tobytes()
    bits = 0
    # Column by column: then each band holds points from all over the picture.
    for row in range(_ROWS):
        for column in range(_COLUMNS):
            at = row * (_COLUMNS + 1) + column
            bits = bits << 1 | (greys[at] > greys[at + 1] + _BRIGHTER)
    return bits if bits.bit_count() >= _LEAST_BITS else None


class Likenesses:
    """Finds, of pictures that it was told of, one that a picture is nearly the same as."""

    def __init__(self) -> None:
        self._bands: dict[tuple[int, int], list[tuple[int, str]]] = defaultdict(list)

    def add(self, picture: int, name: str) -> None:
        """Remember a fingerprint under a name."""
        for band in _bands(picture):
            self._bands[band].append((picture, name))

    def find(self, picture: int) -> str | None:
        """Return the name of a picture whose fingerprint differs by seven bits at most."""
        for band in _bands(picture):
            for other, name in self._bands.get(band, ()):
                if (picture ^ other).bit_count() <= _NEAR:
                    return name
        return None


def _bands(picture: int) -> list[tuple[int, int]]:
    """Cut a fingerprint into bands of 32 bits, every eighth bit one band's."""
    spread = [0] * _BANDS
    for _ in range(_BAND_BITS):
        for band in range(_BANDS):
            spread[band] = spread[band] << 1 | picture & 1
            picture >>= 1
    return list(enumerate(spread))
