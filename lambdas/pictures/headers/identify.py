"""Name a file's format by its first bytes, never by its name, and read the size that its header declares.

The readers are our own and small: they run where the function's credentials are, and without Pillow, whose import
would cost every cold start and whose readers of some formats hand the whole file to a C library.
"""

from collections.abc import Callable
from typing import Final

from lambdas.pictures.headers.boxes import read_boxes
from lambdas.pictures.headers.jpeg import read_jpeg
from lambdas.pictures.headers.png import read_png
from lambdas.pictures.headers.reading import BrokenHeaderError, Header, HeaderFile
from lambdas.pictures.headers.small import read_bmp, read_gif, read_webp
from lambdas.pictures.headers.tiff import read_tiff

# Where the mark stands, the mark, the format. What is only named here is told in the refusal.
_MARKS: Final = (
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),  # BigTIFF
    (0, b"MM\0+", "TIFF"),
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"8BPS", "PSD"),
    (0, b"\0\0\1\0", "ICO"),
    (0, b"qoif", "QOI"),
    (0, b"P5", "PPM"),
    (0, b"P6", "PPM"),
    (0, b"\xff\x4f\xff\x51", "JPEG2000"),
    (4, b"jP  \r\n\x87\n", "JPEG2000"),
    (8, b"WEBP", "WEBP"),
    (4, b"ftypavi", "AVIF"),  # avif, avis
    (4, b"ftyphe", "HEIF"),  # heic, heix, hevc, heim ...
    (4, b"ftypmif1", "HEIF"),  # or AVIF: the other brands say
    (4, b"ftypmsf1", "HEIF"),
    (4, b"ftypcrx ", "Canon raw"),
    (0, b"FUJIFILMCCD-RAW", "Fujifilm raw"),
    (4, b"ftyp", "a video or another MP4"),
    (0, b"\xff\x0a", "JPEG XL"),
    (4, b"JXL \r\n\x87\n", "JPEG XL"),
    (0, b"%PDF-", "PDF"),
    (0, b"%!PS", "PostScript"),
    (0, b"<svg", "SVG"),
)
_MARK_BYTES: Final = 16

_READERS: Final[dict[str, Callable[[HeaderFile], Header]]] = {
    "PNG": read_png,
    "JPEG": read_jpeg,
    "TIFF": read_tiff,
    "GIF": read_gif,
    "BMP": read_bmp,
    "WEBP": read_webp,
    "AVIF": read_boxes,
    "HEIF": read_boxes,
}


def identify(file: HeaderFile) -> Header | None:
    """Return what a file declares to be, or None where it is no image.

    A header that is broken, or has no reader here, has no size: whether it is a picture, only a decoder can say.
    """
    start = file.read(_MARK_BYTES)
    file_format = next((name for place, mark, name in _MARKS if start.startswith(mark, place)), None)
    if file_format is None:
        return None
    if file_format not in _READERS:
        return Header(format=file_format)
    file.seek(0)
    try:
        return _READERS[file_format](file)
    except BrokenHeaderError:
        return Header(format=file_format)
