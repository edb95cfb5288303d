"""TIFF's first directory: of a TIFF file, and of the EXIF part of other files, which has the same form."""

import io
from typing import Final, Literal

from lambdas.pictures.headers.reading import BrokenHeaderError, Header, HeaderFile, exactly, upright

_WIDTH: Final = 256
_HEIGHT: Final = 257
_ORIENTATION: Final = 274
_MAX_ENTRIES: Final = 1000  # real directories have twenty
_SIZES: Final = {3: 2, 4: 4}  # bytes of the types SHORT and LONG


def read_tiff(file: HeaderFile) -> Header:
    """Read a TIFF's header; the directory may stand anywhere in the file."""
    values = _directory(file)
    width, height = values.get(_WIDTH), values.get(_HEIGHT)
    if width is None or height is None:
        return Header(format="TIFF")
    width, height = upright(width, height, values.get(_ORIENTATION, 1))
    return Header(format="TIFF", width=width, height=height)


def exif_orientation(exif: bytes) -> int:
    """Return the orientation (1 to 8) that EXIF data says; 1 where it says none or is broken."""
    try:
        said = _directory(io.BytesIO(exif)).get(_ORIENTATION, 1)
    except BrokenHeaderError:
        return 1
    return said if 1 <= said <= 8 else 1


def _directory(file: HeaderFile) -> dict[int, int]:
    """Return the first directory's whole numbers by tag."""
    start = exactly(file, 8)
    order: Literal["little", "big"] = "little" if start[:2] == b"II" else "big"
    if int.from_bytes(start[2:4], order) != 42:  # 43 is BigTIFF, which Pillow reads and we leave to it
        raise BrokenHeaderError("not a TIFF of 32-bit offsets")
    file.seek(int.from_bytes(start[4:8], order))
    count = int.from_bytes(exactly(file, 2), order)
    if count > _MAX_ENTRIES:
        raise BrokenHeaderError(f"a directory of {count} entries")
    entries = exactly(file, 12 * count)
    values = {}
    for at in range(0, 12 * count, 12):
        tag, kind = (int.from_bytes(entries[at + place : at + place + 2], order) for place in (0, 2))
        if kind in _SIZES:
            values[tag] = int.from_bytes(entries[at + 8 : at + 8 + _SIZES[kind]], order)
    return values
