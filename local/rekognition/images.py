"""Open images within the service's bounds, trusting neither their names nor their headers."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from dataclasses import dataclass
from enum import StrEnum

from PIL import Image

MOST_OBJECT_BYTES = 15 * 1024 * 1024  # in S3


@dataclass(frozen=True)
class Bounds:
    """What an operation takes: sides in pixels, the longer side by the shorter, and bytes sent in a request."""

    least_side: int
    most_side: int
    most_aspect: float
    most_bytes: int


CUSTOM_LABELS = Bounds(least_side=64, most_side=4096, most_aspect=20, most_bytes=4 * 1024 * 1024)
# DetectLabels and DetectModerationLabels; no aspect is documented for them.
GENERAL = Bounds(least_side=80, most_side=10_000, most_aspect=float("inf"), most_bytes=5 * 1024 * 1024)

# What Pillow raises on bytes that only pretend to be an image; each was seen on a broken file.
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, Image.DecompressionBombError)


# A progressive JPEG has about ten scans. Each is a pass over all pixels: thousands fit into a small file.
_START_OF_SCAN = b"\xff\xda"
_MOST_SCANS = 100
_DECODERS = threading.BoundedSemaphore(2)  # an image may take 400 MB while it is decoded


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


def open_image(content: bytes, bounds: Bounds = CUSTOM_LABELS) -> Image.Image:
    """Return the image as RGB, decoded only after its header proved that it is within bounds.

    Raises UnusableImageError.
    """
    if content.count(_START_OF_SCAN) > _MOST_SCANS:
        raise UnusableImageError(Flaw.NOT_AN_IMAGE)
    try:
        with _DECODERS, Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            _check_size(*image.size, bounds)
            image.load()
            return image if image.mode == "RGB" else _eight_bit(image).convert("RGB")  # no copy: it may be 300 MB
    except _UNREADABLE as error:
        raise UnusableImageError(Flaw.NOT_AN_IMAGE) from error


def _eight_bit(image: Image.Image) -> Image.Image:
    """Scale 16 bits a sample down to 8; Pillow's own conversion would cut off all but the darkest."""
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point(lambda sample: sample / 257).convert("L")


def _check_size(width: int, height: int, bounds: Bounds) -> None:
    if max(width, height) > bounds.most_side:
        raise UnusableImageError(Flaw.TOO_LARGE)
    if min(width, height) < bounds.least_side:
        raise UnusableImageError(Flaw.TOO_SMALL)
    if max(width, height) > bounds.most_aspect * min(width, height):
        raise UnusableImageError(Flaw.TOO_NARROW)
