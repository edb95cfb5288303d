"""Cuts a manifest into lines as it arrives, holding no more than one line of it."""

from collections.abc import Iterable, Iterator
from typing import Final

from lambdas.datasets.limits import MAX_LINE_CHARACTERS

_MAX_LINE_BYTES: Final = 4 * MAX_LINE_CHARACTERS + 1  # UTF-8 takes up to four bytes a character; a carriage return


class NotTextError(ValueError):
    """The manifest is not UTF-8; the message says where."""


def text_lines(parts: Iterable[bytes]) -> Iterator[str]:
    """Yield the lines of a manifest that comes in parts of any size; a line that is too long, cut, yet too long still.

    Raises NotTextError.
    """
    for number, line in enumerate(_lines(parts), start=1):
        try:
            text = line.decode("utf-8").removesuffix("\r")
        except UnicodeDecodeError as error:
            if len(line) <= _MAX_LINE_BYTES:
                raise NotTextError(f"line {number}: {error}") from error
            text = line.decode("utf-8", errors="ignore")  # it was cut, maybe within a character
        yield text.removeprefix("\ufeff") if number == 1 else text


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes between line feeds; of more than the longest line, only the first that show it."""
    line = bytearray()
    for part in parts:
        first, *others = part.split(b"\n")
        line += first[: max(0, _MAX_LINE_BYTES + 1 - len(line))]
        for other in others:
            yield bytes(line)
            line = bytearray(other[: _MAX_LINE_BYTES + 1])
    if line:
        yield bytes(line)
