"""Real image files, made with Pillow."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any, Final

from PIL import Image

# quarters() at 400 x 300, stored turned by a quarter as phones do, saved by pillow-heif 1.4.0, which can encode:
#   pillow_heif.register_heif_opener()
#   exif = Image.Exif(); exif[274] = 6
#   quarters(400, 300).transpose(Image.Transpose.ROTATE_90).save("quarters.heic", quality=80, exif=exif.tobytes())
HEIC: Final = Path(__file__).with_name("quarters.heic").read_bytes()

QUARTERS: Final = {"top left": "red", "top right": "lime", "bottom left": "blue", "bottom right": "white"}
_ORIENTATION: Final = 274


def picture(width: int = 100, height: int = 80, file_format: str = "PNG") -> bytes:
    """Return a plain image file."""
    return saved(Image.new("RGB", (width, height), "teal"), file_format)


def noise(width: int, height: int, file_format: str) -> bytes:
    """Return an image file that does not compress."""
    return saved(Image.effect_noise((width, height), 90).convert("RGB"), file_format)


def quarters(width: int = 400, height: int = 300) -> Image.Image:
    """Return a picture with a colour in each quarter, which tells how it is turned."""
    image = Image.new("RGB", (width, height))
    for place, colour in QUARTERS.items():
        left = 0 if "left" in place else width // 2
        top = 0 if "top" in place else height // 2
        image.paste(colour, (left, top, left + width // 2, top + height // 2))
    return image


def seen(image: Image.Image) -> dict[str, tuple[int, ...]]:
    """Return the colours in the middle of the quarters."""
    places = {name: (("right" in name) + 0.5, ("bottom" in name) + 0.5) for name in QUARTERS}
    rgb = image.convert("RGB")
    return {
        name: tuple(rgb.getpixel((int(x * image.width / 2), int(y * image.height / 2))))  # type: ignore[arg-type]
        for name, (x, y) in places.items()
    }


def oriented(orientation: int, file_format: str = "JPEG", **options: Any) -> bytes:
    """Return quarters() as a camera stores it that was held so: EXIF says how to turn it upright."""
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    image = quarters() if undo is None else quarters().transpose(undo)
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    return saved(image, file_format, exif=exif, **options)


def bomb() -> bytes:
    """Return a small PNG that declares 60,000 pixels a side."""
    body = bytearray(picture())
    body[16:24] = (60_000).to_bytes(4, "big") * 2  # width and height of the IHDR chunk
    body[29:33] = zlib.crc32(body[12:29]).to_bytes(4, "big")
    return bytes(body)


def endless_jpeg(scans: int) -> bytes:
    """Return a progressive JPEG of 4,000 x 4,000 pixels that repeats its first scan: each is a pass over them all."""
    whole = saved(Image.new("L", (4000, 4000), 90), "JPEG", progressive=True)
    start = whole.index(b"\xff\xda")
    (length,) = struct.unpack(">H", whole[start + 2 : start + 4])
    assert length == 8, "one component"
    end = whole.index(b"\xff", start + 10)
    return whole[:start] + whole[start:end] * scans + whole[end:]


def saved(image: Image.Image, file_format: str, **options: Any) -> bytes:
    """Return the picture as a file."""
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()
