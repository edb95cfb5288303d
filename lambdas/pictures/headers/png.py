"""PNG, up to the picture's data."""

from typing import Final

from lambdas.pictures.headers.reading import BrokenHeaderError, Header, HeaderFile, exactly, upright
from lambdas.pictures.headers.tiff import exif_orientation

_GREY, _COLOUR = 0, 2
_MAX_EXIF: Final = 64 * 1024  # bytes; EXIF in a JPEG cannot be longer


def read_png(file: HeaderFile) -> Header:
    """Read a PNG's header. Plain is 8-bit grey or colour: no palette, no transparency, no animation."""
    start = exactly(file, 33)
    if start[12:16] != b"IHDR":
        raise BrokenHeaderError("no IHDR")
    width, height = int.from_bytes(start[16:20], "big"), int.from_bytes(start[20:24], "big")
    plain = start[24] == 8 and start[25] in (_GREY, _COLOUR)
    orientation = 1
    while (head := exactly(file, 8))[4:] not in (b"IDAT", b"IEND"):
        length, kind, begin = int.from_bytes(head[:4], "big"), head[4:], file.tell()
        if kind in (b"tRNS", b"acTL"):
            plain = False
        elif kind == b"eXIf":
            orientation = exif_orientation(exactly(file, min(length, _MAX_EXIF)))
        file.seek(begin + length + 4)  # past the checksum
    width, height = upright(width, height, orientation)
    return Header(format="PNG", width=width, height=height, plain=plain and orientation == 1)
