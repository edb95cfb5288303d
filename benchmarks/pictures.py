"""The pictures that the benchmarks upload: many small ones, a few of other makes, and broken files."""

import io
from collections.abc import Mapping
from functools import cache
from typing import Final

from PIL import Image, ImageDraw
from PIL.ImageFilter import GaussianBlur

from demo.pictures import digits

_UNSEEN: Final = 40


def small_pictures(prefix: str, count: int) -> dict[str, bytes]:
    """Return so many uploads of 128 px PNG digits that no training has seen, by their keys."""
    unseen = _unseen()
    return {f"{prefix}{number:05d}.png": unseen[number % len(unseen)] for number in range(count)}


@cache
def _unseen() -> list[bytes]:
    return [picture.body for picture in digits(train=0, test=0, unseen=_UNSEEN, seed=7).unseen]


def photograph(width: int, height: int, file_format: str = "JPEG") -> bytes:
    """Return a picture with soft and hard parts, so that its file is about as large as a photograph's."""
    noise = Image.effect_noise((width // 4, height // 4), 60).resize((width, height)).filter(GaussianBlur(1))
    image = Image.merge("RGB", (noise, noise.transpose(Image.Transpose.ROTATE_180).resize(noise.size), noise))
    draw = ImageDraw.Draw(image)
    for step in range(0, min(width, height) // 2, max(8, width // 40)):
        draw.rectangle((step, step, width - step, height - step), outline=(step % 255, 80, 160), width=3)
    return _saved(image, file_format)


def broken_files() -> Mapping[str, bytes]:
    """Return files that are no pictures, though their names say so, or that no pipeline can take."""
    jpeg, png = photograph(400, 300), _saved(Image.new("RGB", (200, 200), "red"), "PNG")
    return {
        "empty.jpg": b"",
        "one-byte.png": b"\x89",
        "notes.jpg": b"These are notes, not a picture.\n" * 40,
        "page.png": b"<!doctype html><title>Not found</title>",
        "archive.jpg": b"PK\x03\x04" + bytes(500),
        "zeros.jpg": bytes(20_000),
        "signature-only.png": png[:8],
        "header-only.png": png[:33],
        "cut.png": png[: len(png) // 2],
        "cut.jpg": jpeg[: len(jpeg) // 3],
        "header-only.jpg": jpeg[:300],
        "overwritten.jpg": jpeg[:2000] + b"\xff\x00\x12" * 4000,
        "tiny.png": _saved(Image.new("RGB", (8, 8)), "PNG"),
        "thin.png": _saved(Image.new("RGB", (2000, 65)), "PNG"),
        "bomb.png": _saved(Image.new("1", (30_000, 30_000)), "PNG"),
        "picture.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"/>',
        "document.png": b"%PDF-1.7\n" + bytes(1000),
        "cut.webp": _saved(Image.new("RGB", (300, 300)), "WEBP")[:60],
        "cut.tif": _saved(Image.new("RGB", (300, 300)), "TIFF")[:200],
        "cut.gif": _saved(Image.new("P", (300, 300)), "GIF")[:20],
    }


def _saved(image: Image.Image, file_format: str) -> bytes:
    stream = io.BytesIO()
    image.save(stream, file_format)
    return stream.getvalue()
