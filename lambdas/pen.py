"""Draws text and shapes with smooth edges: twice as large as wanted, and made smaller at the end."""

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageFont

_FINER: Final = 2


@dataclass(frozen=True)
class Pen:
    """Draws in the pixels of the picture that is wanted; text has the one font that comes with Pillow."""

    image: Image.Image
    canvas: ImageDraw.ImageDraw

    def text(
        self,
        at: tuple[float, float],
        said: str,
        size: int,
        colour: str,
        *,
        bold: bool = False,
        room: float = 0,
        anchor: str = "ls",
    ) -> float:
        """Write a line, cut to its room, from its left end and baseline or another anchor; return its right end."""
        font = ImageFont.load_default(size * _FINER)
        said = self._cut(said, font, room * _FINER)
        place = (at[0] * _FINER, at[1] * _FINER)
        width = size * _FINER / 70 if bold else 0
        self.canvas.text(place, said, colour, font, anchor=anchor, stroke_width=width, stroke_fill=colour)
        length = self.canvas.textlength(said, font) / _FINER
        return at[0] + length * {"l": 1.0, "m": 0.5, "r": 0.0}[anchor[0]]

    def pill(self, left: float, top: float, right: float, bottom: float, colour: str, radius: float) -> None:
        """Fill a rectangle with round corners."""
        corners = tuple(value * _FINER for value in (left, top, right, bottom))
        self.canvas.rounded_rectangle(corners, radius * _FINER, fill=colour)

    def polygon(self, points: list[tuple[float, float]], colour: str) -> None:
        """Fill a shape."""
        self.canvas.polygon([(x * _FINER, y * _FINER) for x, y in points], fill=colour)

    def line(self, points: list[tuple[float, float]], colour: str, width: float = 1) -> None:
        """Draw straight lines from point to point."""
        self.canvas.line([(x * _FINER, y * _FINER) for x, y in points], colour, round(width * _FINER))

    def png(self) -> bytes:
        """Return the picture."""
        drawn = io.BytesIO()
        size = (self.image.width // _FINER, self.image.height // _FINER)
        self.image.resize(size, Image.Resampling.LANCZOS).save(drawn, "PNG", optimize=True)
        return drawn.getvalue()

    def _cut(self, said: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: float) -> str:
        said = said[:300]
        if not room or self.canvas.textlength(said, font) <= room:
            return said
        while said and self.canvas.textlength(said + "...", font) > room:
            said = said[:-1]
        return said.rstrip() + "..."


def pen_on(size: tuple[int, int], ground: str) -> Pen:
    """Return a pen on an empty picture of so many pixels."""
    image = Image.new("RGB", (size[0] * _FINER, size[1] * _FINER), ground)
    return Pen(image, ImageDraw.Draw(image))
