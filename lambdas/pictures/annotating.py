"""Draw custom labels on a picture, readable at any size. Runs in the decoding process."""

import hashlib
import io
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from PIL import Image, ImageDraw, ImageFont

from lambdas.errors import ErrorCode, PermanentError
from lambdas.pictures.flattening import flattened

Corners = tuple[float, float, float, float]  # left, top, right, bottom, in pixels

_COLOURS: Final = ("#e6194b", "#3cb44b", "#ffe119", "#4363d8", "#f58231", "#911eb4", "#42d4f4", "#f032e6")
_COLOURS_WITH_WHITE_TEXT: Final = frozenset({"#e6194b", "#4363d8", "#911eb4"})
_SMALLEST_FONT: Final = 9  # pixels
_QUALITY: Final = 90
_TALL: Final = "dg"  # a text with an ascender and a descender


@dataclass(frozen=True)
class _Style:
    """What grows with the picture."""

    font: ImageFont.FreeTypeFont | ImageFont.ImageFont
    line: int  # pixels
    margin: int  # around a text


def annotated(file: BinaryIO, labels: list[dict[str, Any]]) -> bytes:
    """Return a JPEG of a PNG or JPEG with the labels of DetectCustomLabels: boxes, and the others in a corner.

    Raises PermanentError where the picture cannot be decoded.
    """
    try:
        with Image.open(file, formats=["PNG", "JPEG"]) as opened:
            opened.load()
            image = flattened(opened, opened.size)
    except (OSError, SyntaxError, ValueError) as error:
        raise PermanentError(ErrorCode.CORRUPT_IMAGE, f"The image cannot be decoded: {error}.") from error
    _draw(image, labels)
    drawn = io.BytesIO()
    image.save(drawn, "JPEG", quality=_QUALITY)
    return drawn.getvalue()


def _draw(image: Image.Image, labels: list[dict[str, Any]]) -> None:
    """Draw the best box last, on top; of the texts the corner's first, then the best, and each makes room for those."""
    canvas = ImageDraw.Draw(image)
    best_first = sorted(labels, key=lambda label: -label["Confidence"])
    boxes = [(label, _corners(image, label)) for label in best_first]
    style = _style(canvas, image, [_text(label) for label in labels])
    for label, corners in reversed(boxes):
        if corners:
            _draw_box(canvas, corners, _colour(label), style)
    taken: list[Corners] = []
    for label, corners in sorted(boxes, key=lambda box: box[1] is not None):
        taken.append(_draw_text(canvas, image, label, corners, style, taken))


def _style(canvas: ImageDraw.ImageDraw, image: Image.Image, texts: list[str]) -> _Style:
    """Choose a font of about a thirtieth of the picture, smaller where the longest text would not fit."""
    side = (image.width * image.height) ** 0.5
    line = max(1, round(side / 250))
    size = max(_SMALLEST_FONT, round(side / 32))
    while True:
        font = ImageFont.load_default(size)
        margin = max(1, size // 5)
        widest = max((canvas.textlength(text, font) for text in texts), default=0)
        if widest + 2 * margin <= image.width or size <= _SMALLEST_FONT:
            return _Style(font, line, margin)
        size = max(_SMALLEST_FONT, min(size - 1, int(size * image.width / (widest + 2 * margin))))


def _draw_box(canvas: ImageDraw.ImageDraw, corners: Corners, colour: str, style: _Style) -> None:
    """Draw a box with a dark rim, which is seen on a ground of its own colour too."""
    left, top, right, bottom = corners
    rim = max(1, style.line // 2)
    canvas.rectangle((left - rim, top - rim, right + rim, bottom + rim), outline="black", width=style.line + 2 * rim)
    canvas.rectangle(corners, outline=colour, width=style.line)


def _draw_text(
    canvas: ImageDraw.ImageDraw,
    image: Image.Image,
    label: dict[str, Any],
    box: Corners | None,
    style: _Style,
    taken: list[Corners],
) -> Corners:
    """Write a label where no other is, and return the place."""
    text = _text(label)
    left, _, right, _ = canvas.textbbox((0, 0), text, style.font)
    _, top, _, bottom = canvas.textbbox((0, 0), _TALL, style.font)  # the same for all, so that rows fit together
    width, height = right - left + 2 * style.margin, bottom - top + 2 * style.margin
    places = [_within(image, place, width, height) for place in _places(image, box, height, style)]
    place = next((place for place in places if not any(_overlap(place, other) for other in taken)), places[0])
    colour = _colour(label)
    canvas.rectangle(place, fill=colour, outline="black", width=1)
    ink = "white" if colour in _COLOURS_WITH_WHITE_TEXT else "black"
    canvas.text((place[0] + style.margin - left, place[1] + style.margin - top), text, ink, style.font)
    return place


def _places(image: Image.Image, box: Corners | None, height: float, style: _Style) -> list[tuple[float, float]]:
    """Return where a text may begin, the best first: above its box, within it, below; without a box, in the corner."""
    if box is None:
        step = height + style.line
        return [(style.line, style.line + row * step) for row in range(max(1, int(image.height / step)))]
    left, top, _, bottom = box
    above, within, below, low = top - height - style.line, top + style.line, bottom + style.line, bottom - height
    order = [above, within, below, low] if above >= 0 else [within, below, low, above]
    return [(left, at) for at in order]


def _within(image: Image.Image, at: tuple[float, float], width: float, height: float) -> Corners:
    left = max(0.0, min(at[0], image.width - width - 1))
    top = max(0.0, min(at[1], image.height - height - 1))
    return left, top, left + width, top + height


def _overlap(one: Corners, other: Corners) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _corners(image: Image.Image, label: dict[str, Any]) -> Corners | None:
    """Return a label's box in pixels, cut at the picture's edges; None where it is of the whole image."""
    if "Geometry" not in label:
        return None
    box = label["Geometry"]["BoundingBox"]
    left, top = box["Left"] * image.width, box["Top"] * image.height
    right, bottom = left + box["Width"] * image.width, top + box["Height"] * image.height
    left, right = (min(max(value, 0), image.width - 1) for value in (left, right))
    top, bottom = (min(max(value, 0), image.height - 1) for value in (top, bottom))
    return left, top, max(left, right), max(top, bottom)


def _colour(label: dict[str, Any]) -> str:
    """Return a colour that a name has in every picture."""
    return _COLOURS[hashlib.sha256(label["Name"].encode()).digest()[0] % len(_COLOURS)]


def _text(label: dict[str, Any]) -> str:
    return f"{label['Name']} {label['Confidence']:.0f}"
