"""Keep pictures while a model is learned: as JPEG, in a tenth of the memory that their pixels take."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

_QUALITY = 92  # of 100; less, and the blocks of JPEG would be seen as edges


@dataclass(frozen=True)
class Scene:
    """One RGB picture of this width and height."""

    size: tuple[int, int]
    jpeg: bytes

    def image(self) -> Image.Image:
        """Return the picture, decoded anew each time."""
        with Image.open(io.BytesIO(self.jpeg), formats=("JPEG",)) as image:
            image.load()
            return image


def keep(image: Image.Image) -> Scene:
    """Return what stays of an RGB image."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY)
    return Scene(image.size, stream.getvalue())
