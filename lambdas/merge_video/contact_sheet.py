"""A contact sheet: frames of a video side by side, with their labels drawn and their times below."""

import io
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont

from lambdas.pictures.annotating import annotated

MOST_FRAMES: Final = 24  # on one sheet

_COLUMNS: Final = 4
_CELL: Final = 360  # pixels, width and height of the place for a frame
_CAPTION: Final = 28  # pixels of height
_GAP: Final = 8
_FONT: Final = 18
_GROUND: Final = "#202020"
_INK: Final = "#f0f0f0"


def contact_sheet(frames: Iterable[tuple[int, bytes, list[dict[str, Any]]]]) -> bytes | None:
    """Return a PNG of up to `MOST_FRAMES` frames: each its time in milliseconds, a JPEG of ours, and custom labels.

    No more than one of them is held in full. Returns None where there are none.
    """
    shrunk = [(at_ms, _shrunk(jpeg, labels)) for at_ms, jpeg, labels in islice(frames, MOST_FRAMES)]
    if not shrunk:
        return None
    width = max(picture.width for _, picture in shrunk)
    height = max(picture.height for _, picture in shrunk)
    columns = min(_COLUMNS, len(shrunk))
    rows = -(-len(shrunk) // columns)
    across, down = width + _GAP, height + _CAPTION + _GAP
    sheet = Image.new("RGB", (columns * across + _GAP, rows * down + _GAP), _GROUND)
    canvas, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT)
    for place, (at_ms, picture) in enumerate(shrunk):
        left, top = _GAP + place % columns * across, _GAP + place // columns * down
        sheet.paste(picture, (left, top))
        canvas.text((left, top + picture.height), _clock(at_ms), _INK, font)
    drawn = io.BytesIO()
    sheet.save(drawn, "PNG")
    return drawn.getvalue()


def _shrunk(jpeg: bytes, labels: list[dict[str, Any]]) -> Image.Image:
    with Image.open(io.BytesIO(annotated(io.BytesIO(jpeg), labels)), formats=["JPEG"]) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((_CELL, _CELL))
    return picture


def _clock(at_ms: int) -> str:
    """Spell a time as 1:02:03.4."""
    seconds, millis = divmod(at_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    small = f"{minutes}:{seconds:02}.{millis // 100}"
    return f"{hours}:{minutes:02}:{seconds:02}.{millis // 100}" if hours else small
