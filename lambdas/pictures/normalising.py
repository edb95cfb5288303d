"""Make of any picture what Rekognition takes: upright, 8-bit colour on white, at most 4,096 pixels a side, JPEG.

Runs in the decoding process. Boxes that Rekognition finds are ratios of the sides, and the whole picture is kept:
they hold for the upright original as they are.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import pi_heif
from PIL import (  # the readers register themselves
    AvifImagePlugin,
    IcoImagePlugin,  # noqa: F401
    Image,
    ImageFile,
    Jpeg2KImagePlugin,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    PsdImagePlugin,  # noqa: F401
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from lambdas.errors import ErrorCode, PermanentError
from lambdas.pictures.flattening import flattened, sample_bits, shows_ground
from lambdas.pictures.headers.tiff import exif_orientation
from lambdas.pictures.limits import MAX_REQUEST_BYTES, MAX_SIDE, check_pixels

_QUALITIES: Final = (95, 90, 80, 70)
_SMALLER: Final = 0.8  # of each side, where the lowest quality is still too large
# Other readers count layers and sizes as frames, and open the whole picture and the largest.
_HAVE_FRAMES: Final = frozenset({"AVIF", "GIF", "HEIF", "MPO", "PNG", "TIFF", "WEBP"})
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_KINDS: Final = {"CMYK": "CMYK", "P": "a palette", "PA": "a palette", "1": "black and white"}
_NEW_SUBFILE_TYPE: Final = 254  # TIFF's tag; its lowest bit says "a smaller copy of another picture of this file"
# What Pillow's readers raise on broken files. What is not here ends the process, and means the same.
_UNREADABLE: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
)

# Threads' stacks count against the process's memory, and a small function has one core.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
pi_heif.register_heif_opener(decode_threads=1)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A normalised picture."""

    content: bytes  # JPEG
    width: int  # pixels of the original, upright
    height: int
    changes: list[str]  # what was done, in order


def normalised(
    file: BinaryIO, file_format: str, *, side: int = MAX_SIDE, most_bytes: int = MAX_REQUEST_BYTES
) -> Picture:
    """Read the first frame of a file of this format, within so many pixels a side and so many bytes as JPEG.

    Raises PermanentError, MemoryError.
    """
    try:
        with Image.open(file, formats=["JPEG" if file_format == "MPO" else file_format]) as opened:
            return _picture(opened, side, most_bytes)
    except UnidentifiedImageError as error:
        raise PermanentError(
            ErrorCode.CORRUPT_IMAGE, f"The file begins like {file_format}, but its header is broken. Upload it again."
        ) from error
    except _UNREADABLE as error:
        raise PermanentError(
            ErrorCode.CORRUPT_IMAGE, f"The {file_format} image cannot be decoded: {error}. Upload it again."
        ) from error


def _picture(opened: ImageFile.ImageFile, side: int, most_bytes: int) -> Picture:
    check_pixels(*opened.size)  # before anything is decoded
    _refuse_preview(opened)
    orientation = _orientation(opened)
    changes = _conversions(opened)
    width, height = opened.size
    if max(width, height) > side:
        opened.draft(None, _fitting(width, height, side))  # lets a JPEG be decoded small
    opened.load()
    if opened.format == "TIFF":  # Pillow has turned it
        (width, height), orientation = opened.size, 1
    if shows_ground(opened):
        changes.append("laid on white")
    image = _turned(flattened(opened, _fitting(width, height, side)), orientation)
    if orientation in (5, 6, 7, 8):
        width, height = height, width
    content, image = _encoded(image, most_bytes)
    if image.size != (width, height):
        changes.append(f"shrunk from {width} x {height} to {image.width} x {image.height}")
    return Picture(content=content, width=width, height=height, changes=changes or ["re-encoded as JPEG"])


def _refuse_preview(opened: ImageFile.ImageFile) -> None:
    """Refuse a camera's raw file, which is a TIFF whose first picture is a thumbnail."""
    if isinstance(opened, TiffImagePlugin.TiffImageFile) and opened.tag_v2.get(_NEW_SUBFILE_TYPE, 0) & 1:
        raise PermanentError(
            ErrorCode.UNSUPPORTED_FORMAT, "The file is a camera's raw picture. Upload it as JPEG, PNG or HEIC."
        )


def _orientation(opened: ImageFile.ImageFile) -> int:
    """Return the EXIF orientation, 1 to 8, that is left to apply or that Pillow applies itself (TIFF)."""
    if isinstance(opened, TiffImagePlugin.TiffImageFile):
        said = opened.tag_v2.get(274, 1)
        return said if said in _TURNS else 1
    return exif_orientation((opened.info.get("exif") or b"").removeprefix(b"Exif\0\0"))


def _conversions(opened: ImageFile.ImageFile) -> list[str]:
    changes = []
    if opened.format not in ("JPEG", "PNG", "MPO"):
        changes.append(f"converted from {opened.format}")
    frames = _frames(opened)
    if frames > 1:
        changes.append(f"first frame of {frames}")
    if opened.mode in _KINDS:
        changes.append(f"converted from {_KINDS[opened.mode]}")
    if (bits := sample_bits(opened)) > 8:
        changes.append(f"converted from {bits} bits a sample")
    if (orientation := _orientation(opened)) != 1:
        changes.append(f"rotated by EXIF orientation {orientation}")
    return changes


def _frames(opened: Any) -> int:
    if opened.format not in _HAVE_FRAMES:
        return 1
    try:
        return int(getattr(opened, "n_frames", 1))
    except _UNREADABLE:
        return 1  # a broken second frame is no reason to refuse the first


def _fitting(width: int, height: int, longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _encoded(image: Image.Image, most_bytes: int) -> tuple[bytes, Image.Image]:
    """Return a JPEG of at most so many bytes, at the best quality that does, and the picture that it holds."""
    while True:
        for quality in _QUALITIES:
            file = io.BytesIO()
            image.save(file, "JPEG", quality=quality)
            if file.tell() <= most_bytes:
                return file.getvalue(), image
        image = image.resize(_fitting(*image.size, round(max(image.size) * _SMALLER)))
