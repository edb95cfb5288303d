"""Any of Pillow's kinds of pixels to 8-bit colour on white.

It is done a band of rows at a time: at the most pixels that are decoded, each further copy of all would be 512 MB.
"""

import math
from typing import Final

from PIL import Image, ImageFile

_BAND_PIXELS: Final = 4_000_000
_REACH: Final = 2  # pixels of the result that a bicubic filter looks beyond each


def flattened(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the picture at this size, as RGB."""
    if image.mode == "RGB" and image.size == size and not image.has_transparency_data:
        return image
    width, height = size
    scale = image.height / height
    result = Image.new("RGB", size)
    levels = _levels(image)
    rows = max(1, int(_BAND_PIXELS / image.width / scale))
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        first = max(0, math.floor((top - _REACH) * scale))
        last = min(image.height, math.ceil((bottom + _REACH) * scale))
        band = _rgb(image.crop((0, first, image.width, last)), levels)
        if size != image.size:
            part = (0.0, top * scale - first, float(image.width), bottom * scale - first)
            band = band.resize((width, bottom - top), Image.Resampling.BICUBIC, box=part)
        else:
            band = band.crop((0, top - first, width, bottom - first))
        result.paste(band, (0, top))
    return result


def shows_ground(image: Image.Image) -> bool:
    """Tell whether any pixel of a loaded picture lets the ground shine through."""
    if not image.has_transparency_data:
        return False
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        return _extremes(image.getchannel(image.getbands()[-1]))[0] < 255
    return True  # one colour, or some of a palette, is declared transparent


def sample_bits(opened: ImageFile.ImageFile) -> int:
    """Return the bits of a sample in the file; Pillow itself reads 16-bit colour as 8-bit."""
    if opened.mode in ("I", "F"):
        return 32
    raw = " ".join(str(tile[3]) for tile in opened.tile)
    return 16 if opened.mode.startswith("I;16") or ";16" in raw else 8


def _levels(image: Image.Image) -> tuple[float, float] | None:
    """Return the samples that are to be black and white, where they are not 8-bit.

    16 bits are used in full; what 32 bits mean differs between programs, so the darkest and brightest are taken.
    """
    if image.mode.startswith("I;16"):
        return 0.0, 65535.0
    if image.mode in ("I", "F"):
        return _extremes(image)
    return None


def _extremes(image: Image.Image) -> tuple[float, float]:
    """Return the lowest and the highest sample of a picture with one band."""
    low, high = image.getextrema()
    return float(low), float(high)  # type: ignore[arg-type]  # with several bands: a pair of numbers each


def _rgb(band: Image.Image, levels: tuple[float, float] | None) -> Image.Image:
    if levels is not None:
        low, high = levels
        scale = 255 / (high - low) if high > low else 0.0
        numbers = band if band.mode == "F" else band.convert("I").convert("F")
        return numbers.point(lambda sample: sample * scale - low * scale).convert("L").convert("RGB")
    if not band.has_transparency_data:
        return band.convert("RGB")
    shown = band.convert("RGBA")
    ground = Image.new("RGB", band.size, "white")
    ground.paste(shown, mask=shown.getchannel("A"))
    return ground
