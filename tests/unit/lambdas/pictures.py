"""Real image files, made with Pillow."""

import io

from PIL import Image


def picture(width: int = 100, height: int = 80, file_format: str = "PNG") -> bytes:
    """Return a plain image file."""
    return _saved(Image.new("RGB", (width, height), "teal"), file_format)


def noise(width: int, height: int, file_format: str) -> bytes:
    """Return an image file that does not compress."""
    return _saved(Image.effect_noise((width, height), 90).convert("RGB"), file_format)


def _saved(image: Image.Image, file_format: str) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format)
    return file.getvalue()
