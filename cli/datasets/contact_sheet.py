"""A picture of a data set: some examples of each label, with the boxes of that label drawn."""

import io
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps

from lambdas.datasets.labelled import Box, LabelledImage

_ROWS: Final = 25  # labels
_COLUMNS: Final = 6  # examples of each
_CELL: Final = 150  # pixels a side
_GAP: Final = 8
_MARGIN: Final = 190  # pixels for the labels' names
_HEAD: Final = 44
_TEXT: Final = 16
_BACKGROUND, _INK, _PALE = "#f4f4f1", "#202024", "#77777d"
_BOX, _OTHER, _EDGE = "#ff2d78", "#0096c7", "#ffffff"

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Opened = Callable[[LabelledImage], bytes]


@dataclass(frozen=True)
class _Row:
    label: str
    images: Sequence[LabelledImage]
    count: int


def write_contact_sheet(file: Path, title: str, images: Sequence[LabelledImage], opened: Opened) -> None:
    """Write a PNG; `opened` gives an image's content. Raises OSError where the file cannot be written."""
    rows = _rows(images)
    shown = rows[:_ROWS]
    height = _HEAD + max(1, len(shown)) * (_CELL + _GAP) + _GAP + (_HEAD if len(rows) > len(shown) else 0)
    sheet = Image.new("RGB", (_MARGIN + _COLUMNS * (_CELL + _GAP) + _GAP, height), _BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_TEXT)
    draw.text((_GAP * 2, _HEAD // 2), title, _INK, font, anchor="lm")
    if any(image.boxes for image in images):
        _write_legend(draw, sheet.width - 2 * _GAP, font)
    for number, row in enumerate(shown):
        top = _HEAD + number * (_CELL + _GAP)
        _write_name(draw, row, top, font)
        for column, image in enumerate(row.images):
            cell = _cell(image, row.label, opened)
            sheet.paste(cell, (_MARGIN + column * (_CELL + _GAP), top))
    if len(rows) > len(shown):
        draw.text(
            (_GAP * 2, height - _HEAD // 2), f"... and {len(rows) - len(shown)} labels more", _PALE, font, anchor="lm"
        )
    sheet.save(file, "PNG")


def _write_legend(draw: ImageDraw.ImageDraw, right: int, font: _Font) -> None:
    for said, colour in (("boxes of others", _OTHER), ("boxes of the label", _BOX)):
        draw.text((right, _HEAD // 2), said, colour, font, anchor="rm")
        right -= round(draw.textlength(said, font)) + 2 * _GAP


def _rows(images: Sequence[LabelledImage]) -> list[_Row]:
    """Choose the examples: evenly from all of a label's, the most frequent label first."""
    by_label: Mapping[str, list[LabelledImage]] = defaultdict(list)
    for image in images:
        for label in image.all_labels:
            by_label[label].append(image)
    rows = [_Row(label, _spread(found), len(found)) for label, found in by_label.items()]
    return sorted(rows, key=lambda row: (-row.count, row.label))


def _spread(images: Sequence[LabelledImage]) -> list[LabelledImage]:
    if len(images) <= _COLUMNS:
        return list(images)
    return [images[number * (len(images) - 1) // (_COLUMNS - 1)] for number in range(_COLUMNS)]


def _write_name(draw: ImageDraw.ImageDraw, row: _Row, top: int, font: _Font) -> None:
    room = _MARGIN - 3 * _GAP
    name = row.label
    while name and draw.textlength(name, font) > room:
        name = name.removesuffix("…")[:-1] + "…" if len(name) > 1 else ""
    middle = top + _CELL // 2
    draw.text((_GAP * 2, middle - _TEXT), name, _INK, font, anchor="lm")
    images = f"{row.count:,} image{'s' if row.count != 1 else ''}"
    draw.text((_GAP * 2, middle + _TEXT // 2), images, _PALE, font, anchor="lm")


def _cell(image: LabelledImage, label: str, opened: Opened) -> Image.Image:
    """Return the image, whole, in a square; boxes of the label are drawn thick, those of others thin."""
    try:
        with Image.open(io.BytesIO(opened(image)), formats=("JPEG", "PNG")) as picture:
            picture.draft("RGB", (2 * _CELL, 2 * _CELL))
            small = ImageOps.contain(picture.convert("RGB"), (_CELL, _CELL))
    except OSError:
        return _unreadable()
    draw = ImageDraw.Draw(small)
    for box in sorted(image.boxes, key=lambda box: box.label == label):
        _draw_box(draw, box, small.width / image.width, small.height / image.height, mine=box.label == label)
    square = Image.new("RGB", (_CELL, _CELL), _BACKGROUND)
    square.paste(small, ((_CELL - small.width) // 2, (_CELL - small.height) // 2))
    return square


def _draw_box(draw: ImageDraw.ImageDraw, box: Box, across: float, down: float, *, mine: bool) -> None:
    edges = (
        round(box.left * across),
        round(box.top * down),
        max(round((box.left + box.width) * across), round(box.left * across) + 1),
        max(round((box.top + box.height) * down), round(box.top * down) + 1),
    )
    if mine:
        draw.rectangle(edges, outline=_EDGE, width=4)  # seen on any ground
    draw.rectangle(edges, outline=_BOX if mine else _OTHER, width=2 if mine else 1)


def _unreadable() -> Image.Image:
    cell = Image.new("RGB", (_CELL, _CELL), "#d8d8d4")
    draw = ImageDraw.Draw(cell)
    draw.line((0, 0, _CELL, _CELL), _PALE, 2)
    draw.line((0, _CELL, _CELL, 0), _PALE, 2)
    return cell
