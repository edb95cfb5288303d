"""What the readers of headers share: exact reads, and what they find."""

from dataclasses import dataclass
from typing import Protocol


class HeaderFile(Protocol):
    """The part of a binary file that headers are read with."""

    def read(self, size: int, /) -> bytes: ...
    def seek(self, position: int, /) -> int: ...
    def tell(self) -> int: ...


class BrokenHeaderError(Exception):
    """The header ends early, contradicts itself, or is longer than anyone should read."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a file's first bytes declare; nothing is decoded."""

    format: str  # Pillow's name: PNG, JPEG, ...
    width: int | None = None  # pixels, as people see the picture: upright
    height: int | None = None
    plain: bool = False  # Rekognition reads it, and sees what people see


def exactly(file: HeaderFile, size: int) -> bytes:
    """Read so many bytes; raise BrokenHeaderError where the file ends before."""
    data = file.read(size)
    if len(data) < size:
        raise BrokenHeaderError("the file ends within its header")
    return data


def upright(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Return the size that a picture has after its EXIF orientation (1 to 8) is applied."""
    return (height, width) if orientation in (5, 6, 7, 8) else (width, height)
