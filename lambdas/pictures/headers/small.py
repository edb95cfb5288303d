"""Formats that say their size in the first thirty bytes."""

from lambdas.pictures.headers.reading import Header, HeaderFile, exactly


def read_gif(file: HeaderFile) -> Header:
    """Read a GIF's header: the size of the screen that its frames are drawn on."""
    start = exactly(file, 10)
    return Header(
        format="GIF", width=int.from_bytes(start[6:8], "little"), height=int.from_bytes(start[8:10], "little")
    )


def read_bmp(file: HeaderFile) -> Header:
    """Read a BMP's header; a negative height says that the first row is the topmost."""
    start = exactly(file, 26)
    if int.from_bytes(start[14:18], "little") == 12:  # OS/2
        width, height = int.from_bytes(start[18:20], "little"), int.from_bytes(start[20:22], "little")
    else:
        width = int.from_bytes(start[18:22], "little", signed=True)
        height = int.from_bytes(start[22:26], "little", signed=True)
    return Header(format="BMP", width=abs(width), height=abs(height))


def read_webp(file: HeaderFile) -> Header:
    """Read a WebP's header: lossy, lossless, or extended, which says the size of the canvas."""
    start = exactly(file, 30)
    width = height = None
    match start[12:16]:
        case b"VP8 ":
            width, height = (int.from_bytes(start[at : at + 2], "little") & 0x3FFF for at in (26, 28))
        case b"VP8L":
            bits = int.from_bytes(start[21:25], "little")
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            width, height = (int.from_bytes(start[at : at + 3], "little") + 1 for at in (24, 27))
    return Header(format="WEBP", width=width, height=height)
