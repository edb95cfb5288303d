"""Open images within the service's bounds, trusting neither their names nor their headers."""

from __future__ import annotations

import io
import struct
import zlib
from enum import StrEnum

from PIL import Image

LEAST_SIDE = 64  # pixels
MOST_SIDE = 4096  # pixels
MOST_ASPECT = 20
MOST_BYTES = 4 * 1024 * 1024  # sent in a request
MOST_OBJECT_BYTES = 15 * 1024 * 1024  # in S3

# What Pillow raises on bytes that only pretend to be an image; each was seen on a broken file.
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, Image.DecompressionBombError)


class Flaw(StrEnum):
    """Why an image cannot be looked at."""

    NOT_AN_IMAGE = "neither PNG nor JPEG, or broken"
    TOO_LARGE = "too many pixels"
    TOO_SMALL = "too few pixels"
    TOO_NARROW = "too long for its width"


class UnusableImageError(Exception):
    """An image is outside the bounds of the service."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(f"The image is {flaw}.")
        self.flaw = flaw


def open_image(content: bytes) -> Image.Image:
    """Return the image as RGB, decoded only after its header proved that it is within bounds.

    Raises UnusableImageError.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            _check_size(*image.size)
            return _eight_bit(image).convert("RGB")
    except _UNREADABLE as error:
        raise UnusableImageError(Flaw.NOT_AN_IMAGE) from error


def _eight_bit(image: Image.Image) -> Image.Image:
    """Scale 16 bits a sample down to 8; Pillow's own conversion would cut off all but the darkest."""
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point(lambda sample: sample / 257).convert("L")


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MOST_SIDE:
        raise UnusableImageError(Flaw.TOO_LARGE)
    if min(width, height) < LEAST_SIDE:
        raise UnusableImageError(Flaw.TOO_SMALL)
    if max(width, height) > MOST_ASPECT * min(width, height):
        raise UnusableImageError(Flaw.TOO_NARROW)
