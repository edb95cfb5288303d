"""HEIF and AVIF: files of nested boxes (ISO/IEC 14496-12). The size stands in meta/iprp/ipco/ispe."""

from collections.abc import Iterator
from typing import Final

from lambdas.pictures.headers.reading import BrokenHeaderError, Header, HeaderFile, exactly

_MAX_BOXES: Final = 4096  # a picture of 48 megapixels in tiles has some hundred properties
_MAX_BRANDS: Final = 256  # bytes


def read_boxes(file: HeaderFile) -> Header:
    """Read the header of a HEIF or AVIF picture, told apart by their brands.

    The size is the largest that any item has: a picture in tiles has one for the tiles and one for the whole. It is
    as stored; only a decoder knows how the picture is turned.
    """
    file_format = _format(exactly(file, 8 + _brands_length(file)))
    file.seek(0)
    for kind, length in _children(file, None):
        if kind == b"meta":
            exactly(file, 4)  # version and flags
            return _sized(file_format, list(_sizes(file, length - 4)))
    raise BrokenHeaderError("no meta box")


def _brands_length(file: HeaderFile) -> int:
    length = int.from_bytes(exactly(file, 4), "big") - 8
    file.seek(0)
    return max(0, min(length, _MAX_BRANDS))


def _format(start: bytes) -> str:
    brands = {start[8:12], *(start[at : at + 4] for at in range(16, len(start), 4))}
    return "AVIF" if brands & {b"avif", b"avis"} else "HEIF"


def _sized(file_format: str, sizes: list[tuple[int, int]]) -> Header:
    if not sizes:
        raise BrokenHeaderError("no item has a size")
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return Header(format=file_format, width=width, height=height)


def _sizes(file: HeaderFile, length: int) -> Iterator[tuple[int, int]]:
    for kind, inner in _children(file, length):
        if kind in (b"iprp", b"ipco"):
            yield from _sizes(file, inner)
        elif kind == b"ispe":
            said = exactly(file, 12)
            yield int.from_bytes(said[4:8], "big"), int.from_bytes(said[8:12], "big")


def _children(file: HeaderFile, length: int | None) -> Iterator[tuple[bytes, int]]:
    """Yield kind and length of each box's content, with the file at its start; the next box follows its end."""
    begin = file.tell()
    for _ in range(_MAX_BOXES):
        if length is not None and file.tell() - begin + 8 > length:
            return
        at = file.tell()
        head = exactly(file, 8)
        size, kind, header = int.from_bytes(head[:4], "big"), head[4:], 8
        if size == 1:
            size, header = int.from_bytes(exactly(file, 8), "big"), 16
        if size < header:  # 0: up to the end of the file; nothing that we look for follows it
            return
        yield kind, size - header
        file.seek(at + size)
    raise BrokenHeaderError(f"more than {_MAX_BOXES} boxes")
