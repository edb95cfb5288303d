"""A labelled image as an importer found it, before anybody has opened it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lambdas.datasets.labelled import Box

RATIOS: Final = (1.0, 1.0)  # what boxes are measured by that are told in parts of the image's sides


class ImportFailedError(ValueError):
    """Labelled data cannot be read; the message names file, line and remedy."""


@dataclass(frozen=True)
class StoredImage:
    """An image in S3."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, kw_only=True)
class Example:
    """One image with its labels.

    `measured` is the width and height that the boxes are told in: of the image that they were drawn on, or RATIOS;
    None where they are told in pixels of the image itself.
    """

    image: Path | StoredImage
    labels: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()
    measured: tuple[float, float] | None = None


def refuse(where: Path | str, line: int | str | None, what: str) -> ImportFailedError:
    """Return the error for one place of a file; `line` may be a name where the file has no lines."""
    place = f" line {line}" if isinstance(line, int) else f" {line}" if line else ""
    return ImportFailedError(f"{where}{place}: {what}")


def existing(folder: Path, name: str, where: Path, line: int | str | None) -> Path:
    """Return the file of this name in a folder; raise ImportFailedError that names who asked for it."""
    path = folder / name
    if not name or not path.is_file():
        raise refuse(where, line, f"there is no image {path}; correct its name, or say --images FOLDER")
    return path
