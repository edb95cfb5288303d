"""Measure what the pixels of a picture show: its colours, brightness, contrast and sharpness.

All of it is arithmetic on a picture of at most LONGEST_SIDE pixels a side; nothing is learned and nothing guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

LONGEST_SIDE = 320  # pixels; larger pictures are to be shrunk first

Pixels = NDArray[np.uint8]  # height x width x (red, green, blue), or pixels x 3
Mask = NDArray[np.bool_]  # height x width

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_DARK, _BRIGHT = 85, 170  # thirds of the luma scale
# The mean step between neighbours, in luma, at which a picture is half sharp; a photograph in focus has 10 to 20.
_HALF_SHARP = 5.0
_QUANTIZED = 32  # colours that dominant ones are picked from


class Color(StrEnum):
    """Twelve simple colour names; Amazon has twelve too, but lists them nowhere that this was written from."""

    BLACK = "black"
    BLUE = "blue"
    BROWN = "brown"
    CYAN = "cyan"
    GREEN = "green"
    GREY = "grey"
    ORANGE = "orange"
    PINK = "pink"
    PURPLE = "purple"
    RED = "red"
    WHITE = "white"
    YELLOW = "yellow"


# Where each hue ends, in degrees.
_HUES = [(15, Color.RED), (45, Color.ORANGE), (70, Color.YELLOW), (165, Color.GREEN), (200, Color.CYAN)]
_HUES += [(260, Color.BLUE), (300, Color.PURPLE), (345, Color.PINK), (360, Color.RED)]
_COLORS = list(Color)


@dataclass(frozen=True)
class Quality:
    """Brightness, sharpness and contrast, each 0 to 100."""

    brightness: float
    sharpness: float
    contrast: float


@dataclass(frozen=True)
class DominantColor:
    """A colour and the percentage of the pixels that are nearest to it."""

    red: int
    green: int
    blue: int
    percent: float

    @property
    def hex_code(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def css_name(self) -> str:
        """Return the CSS colour that is nearest in red, green and blue."""
        names, values = _css_colors()
        distances = ((values - np.array([self.red, self.green, self.blue])) ** 2).sum(axis=1)
        return names[int(distances.argmin())]

    @property
    def simplified(self) -> Color:
        pixel: Pixels = np.array([[self.red, self.green, self.blue]], np.uint8)
        return _COLORS[int(_color_numbers(pixel)[0])]


def quality(pixels: Pixels, part: Mask | None = None) -> Quality:
    """Return the mean luma, the mean step between neighbours (half at _HALF_SHARP) and the luma's deviation.

    With `part`, of that part of the picture only.
    """
    luma = pixels @ _LUMA
    inside = np.ones(luma.shape, bool) if part is None else part
    down = np.abs(np.diff(luma, axis=0))[inside[1:] & inside[:-1]]
    across = np.abs(np.diff(luma, axis=1))[inside[:, 1:] & inside[:, :-1]]
    steps = np.concatenate([down, across])
    step = float(steps.mean()) if steps.size else 0.0
    return Quality(
        brightness=float(luma[inside].mean() / 2.55),
        sharpness=100 * step / (step + _HALF_SHARP),
        contrast=float(min(100.0, luma[inside].std() / 1.275)),
    )


def color_shares(pixels: Pixels) -> dict[Color, float]:
    """Return the percentage of the pixels that each colour has, without those that have none."""
    counts = np.bincount(_color_numbers(pixels.reshape(-1, 3)), minlength=len(_COLORS))
    return {color: 100 * int(count) / int(counts.sum()) for color, count in zip(_COLORS, counts, strict=True) if count}


def dark_share(pixels: Pixels) -> float:
    """Return the percentage of the pixels whose luma is in the lowest third."""
    return float(100 * (pixels @ _LUMA < _DARK).mean())


def bright_share(pixels: Pixels) -> float:
    """Return the percentage of the pixels whose luma is in the highest third."""
    return float(100 * (pixels @ _LUMA >= _BRIGHT).mean())


def near_share(pixels: Pixels, color: tuple[int, int, int], tolerance: int) -> float:
    """Return the percentage of the pixels that differ from the colour by at most the tolerance in each channel."""
    difference = np.abs(pixels.astype(np.int16) - np.array(color, np.int16))
    return float(100 * (difference <= tolerance).all(axis=-1).mean())


def dominant_colors(pixels: Pixels, most: int) -> list[DominantColor]:
    """Return at most so many colours by median cut, the most frequent first."""
    row = Image.fromarray(np.ascontiguousarray(pixels.reshape(1, -1, 3)))
    quantized = row.quantize(_QUANTIZED, method=Image.Quantize.MEDIANCUT)
    palette = quantized.getpalette() or []
    counts: list[tuple[int, int]] = quantized.getcolors() or []  # type: ignore[assignment]  # of one band: (count, index)
    total = row.width
    found = [
        DominantColor(palette[3 * index], palette[3 * index + 1], palette[3 * index + 2], 100 * count / total)
        for count, index in sorted(counts, key=lambda pair: (-pair[0], pair[1]))
    ]
    return found[:most]


def centre_of(pixels: Pixels) -> Mask:
    """Return where the middle half of both sides is."""
    height, width = pixels.shape[:2]
    centre = np.zeros((height, width), bool)
    centre[height // 4 : height - height // 4, width // 4 : width - width // 4] = True
    return centre


def _color_numbers(pixels: Pixels) -> NDArray[np.intp]:
    """Return each pixel's colour as its place in Color: greys by saturation and value, the others by hue."""
    hue, saturation, value = np.asarray(Image.fromarray(pixels.reshape(1, -1, 3)).convert("HSV"), dtype=float)[
        0
    ].T * np.array([[360 / 256], [1 / 255], [1 / 255]])
    hues = np.array([_COLORS.index(color) for _, color in _HUES])
    colored = hues[np.searchsorted([end for end, _ in _HUES], hue, side="right").clip(max=len(_HUES) - 1)]
    dark_orange = (colored == _COLORS.index(Color.ORANGE)) & (value < 0.6)
    colored = np.where(dark_orange, _COLORS.index(Color.BROWN), colored)
    grey = np.select(
        [value < 0.2, value > 0.85],
        [_COLORS.index(Color.BLACK), _COLORS.index(Color.WHITE)],
        _COLORS.index(Color.GREY),
    )
    numbers: NDArray[np.intp] = np.where(value < 0.2, grey, np.where(saturation < 0.15, grey, colored))
    return numbers


@cache
def _css_colors() -> tuple[list[str], NDArray[np.int64]]:
    """Return the CSS colour names that Pillow knows, and their values."""
    names = sorted(ImageColor.colormap)
    return names, np.array([ImageColor.getrgb(name)[:3] for name in names])
