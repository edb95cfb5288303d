"""A folder whose sub-folders are labels: dents/1.jpg is a picture of `dents`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cli.datasets.examples import Example, ImportFailedError, refuse

SUFFIXES: Final = frozenset(
    ".avif .bmp .gif .heic .heif .ico .jfif .jp2 .jpeg .jpg .jpe .mpo .png .ppm .psd .tif .tiff .webp".split()  # noqa: SIM905
)


def images_in(folder: Path) -> Iterator[Path]:
    """Yield the images in a folder and in those within it, by their names, in order; hidden ones are passed over."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
            yield path


def read_folder(root: Path) -> Iterator[Example]:
    """Yield the images of each label's folder, whatever folders are within it. Raises ImportFailedError."""
    if not root.is_dir():
        raise refuse(root, None, "is no folder")
    folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    stray = [path for path in root.iterdir() if path.is_file() and path.suffix.lower() in SUFFIXES]
    if stray:
        raise refuse(min(stray), None, "is in no label's folder; move it into one")
    if not folders:
        raise refuse(root, None, "has no sub-folders; make one for each label and put its images into it")
    for folder in folders:
        images = list(images_in(folder))
        if not images:
            raise ImportFailedError(f"{folder}: has no images; remove the folder, or put images of this label into it")
        for path in images:
            yield Example(image=path, labels=(folder.name,))
