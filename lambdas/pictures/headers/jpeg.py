"""JPEG, up to the frame that says its size. What stands before can be long: EXIF with a thumbnail, ICC profiles."""

from dataclasses import dataclass
from typing import Final, Literal

from lambdas.pictures.headers.reading import BrokenHeaderError, Header, HeaderFile, exactly, upright
from lambdas.pictures.headers.tiff import exif_orientation

# Huffman-coded, not lossless: baseline, extended and progressive.
_USUAL_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # those three are tables
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_END_OF_HEADER: Final = frozenset({0xD9, 0xDA})
_EXIF: Final = b"Exif\0\0"
_MULTI_PICTURE: Final = b"MPF\0"
_GAIN_MAP: Final = b"hdrgm:Version="


@dataclass
class _Said:
    """What the application segments say."""

    orientation: int = 1
    more_pictures: bool = False
    gain_map: bool = False  # "Ultra HDR": the other picture brightens this one, and only a new display shows it


def read_jpeg(file: HeaderFile) -> Header:
    """Read a JPEG's header; with several pictures it is MPO."""
    exactly(file, 2)
    said = _Said()
    while True:
        marker = _marker(file)
        if marker in _BARE:
            continue
        if marker in _END_OF_HEADER:
            raise BrokenHeaderError("picture data before a size")
        length = int.from_bytes(exactly(file, 2), "big") - 2
        if marker in _FRAMES:
            return _header(marker, exactly(file, 6), said)
        if marker in (0xE1, 0xE2):
            _listen(exactly(file, max(length, 0)), said)
        else:
            file.seek(file.tell() + max(length, 0))


def _marker(file: HeaderFile) -> int:
    """Return the next marker; fill bytes may stand before it."""
    if exactly(file, 1) != b"\xff":
        raise BrokenHeaderError("no marker where one must be")
    while (marker := exactly(file, 1)) == b"\xff":
        pass
    return marker[0]


def _listen(segment: bytes, said: _Said) -> None:
    if segment.startswith(_EXIF):
        said.orientation = exif_orientation(segment[len(_EXIF) :])
    elif segment.startswith(_MULTI_PICTURE):
        said.more_pictures = _pictures(segment[len(_MULTI_PICTURE) :]) > 1
    elif _GAIN_MAP in segment:
        said.gain_map = True


def _pictures(index: bytes) -> int:
    """Return the number of pictures that a multi-picture index names: its entries have 16 bytes each."""
    order: Literal["little", "big"] = "little" if index[:2] == b"II" else "big"
    directory = int.from_bytes(index[4:8], order)
    count = int.from_bytes(index[directory : directory + 2], order)
    for at in range(directory + 2, min(directory + 2 + 12 * count, len(index)), 12):
        if int.from_bytes(index[at : at + 2], order) == 0xB001:
            return int.from_bytes(index[at + 8 : at + 12], order)
    return 1


def _header(marker: int, frame: bytes, said: _Said) -> Header:
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    several = said.more_pictures and not said.gain_map
    usual = marker in _USUAL_FRAMES and frame[0] == 8 and frame[5] in (1, 3)  # bits a sample; grey or colour, not CMYK
    width, height = upright(width, height, said.orientation)
    return Header(
        format="MPO" if several else "JPEG",
        # A height of 0 is told after the first scan, which only a decoder finds.
        width=width if width and height else None,
        height=height if width and height else None,
        plain=usual and not several and said.orientation == 1,
    )
