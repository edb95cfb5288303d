"""Open images within the service's bounds, trusting neither their names nor their headers."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from local.rekognition import jpeg_scans, png_strips
from local.rekognition.jpeg_scans import scans
from local.rekognition.png_strips import check_chunks, shrink_png

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

# What is raised on bytes that only pretend to be an image; each was seen on a broken file.
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, struct.error, zlib.error)

_MOST_WHOLE_PIXELS = 4096 * 4096  # of a PNG that is decoded at once, at 8 bytes each; a larger one is in strips
# A progressive JPEG has about ten scans. Each is a pass over all pixels: thousands fit into a small file.
_MOST_SCANS = 100
_MOST_COEFFICIENTS = 192 * 1024 * 1024  # bytes; 4096 pixels a side take at most 128 MB
_DECODERS = threading.BoundedSemaphore(2)  # an image may take 250 MB while it is decoded


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


@dataclass(frozen=True)
class Picture:
    """An image as it is looked at: RGB and shrunk, with the width and height that it came with."""

    image: Image.Image
    size: tuple[int, int]


def open_image(content: bytes, longest_side: int, bounds: Bounds = CUSTOM_LABELS) -> Picture:
    """Return the image, shrunk to so many pixels, decoded only after its header proved that it is within bounds.

    Transparency is ignored, and so is the orientation that EXIF may tell. Raises UnusableImageError.
    """
    try:
        with _DECODERS:
            if content.startswith(png_strips.SIGNATURE):
                return _open_png(content, longest_side, bounds)
            if content.startswith(jpeg_scans.SIGNATURE):
                return _open_jpeg(content, longest_side, bounds)
    except _UNREADABLE as error:
        raise UnusableImageError(Flaw.NOT_AN_IMAGE) from error
    raise UnusableImageError(Flaw.NOT_AN_IMAGE)


def _open_png(content: bytes, longest_side: int, bounds: Bounds) -> Picture:
    check_chunks(content)
    # Not by Image.open: that warns of pixels, or refuses them, by bounds of its own.
    with PngImageFile(io.BytesIO(content)) as image:
        size = image.size
        _check_size(*size, bounds)
        if size[0] * size[1] > _MOST_WHOLE_PIXELS:
            small = shrink_png(content, longest_side)
        else:
            image.load()
            image.info.pop("transparency", None)  # or it would be mixed into the colours, with warnings
            small = _eight_bit(image).convert("RGB")
    small.thumbnail((longest_side, longest_side))
    return Picture(small, size)


def _open_jpeg(content: bytes, longest_side: int, bounds: Bounds) -> Picture:
    found = scans(content)
    with JpegImageFile(io.BytesIO(content)) as image:
        size = image.size
        _check_size(*size, bounds)
        if found.count > _MOST_SCANS:
            raise UnusableImageError(Flaw.NOT_AN_IMAGE)
        if found.coefficients > _MOST_COEFFICIENTS:
            raise UnusableImageError(Flaw.TOO_LARGE)
        image.thumbnail((longest_side, longest_side))  # decodes at a half to an eighth of its size where it can
        return Picture(image.convert("RGB"), size)


def _eight_bit(image: Image.Image) -> Image.Image:
    """Take the upper 8 of 16 bits a sample; Pillow's own conversion would cut off all but the darkest."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))


def _check_size(width: int, height: int, bounds: Bounds) -> None:
    if max(width, height) > bounds.most_side:
        raise UnusableImageError(Flaw.TOO_LARGE)
    if min(width, height) < bounds.least_side:
        raise UnusableImageError(Flaw.TOO_SMALL)
    if max(width, height) > bounds.most_aspect * min(width, height):
        raise UnusableImageError(Flaw.TOO_NARROW)
