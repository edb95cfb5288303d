"""YOLO: a text file beside each image, or in labels/ for those in images/; a line is a class and four ratios.

Names of classes come from data.yaml (or any one *.yaml with names), else from classes.txt or obj.names, a name a line.
A line of more numbers is an outline; its box is taken.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from cli.datasets.examples import RATIOS, Example, refuse
from cli.datasets.importers.folder import images_in
from lambdas.datasets.labelled import Box

_NAME_FILES: Final = ("classes.txt", "obj.names")


def read_yolo(root: Path) -> Iterator[Example]:
    """Yield the images in a folder, or in that of a data.yaml; the parts that it names are not kept apart.

    An image without a text file has no boxes. Raises ImportFailedError.
    """
    folder = root if root.is_dir() else root.parent
    names = _names(root)
    found = False
    for path in images_in(folder):
        found = True
        yield Example(image=path, boxes=tuple(_boxes(_labels_of(path), names)), measured=RATIOS)
    if not found:
        raise refuse(folder, None, "has no images")


def _labels_of(image: Path) -> Path:
    """Return the text file of an image: the last folder images/ of its path is labels/ there, else it is beside it."""
    parts = list(image.parent.parts)
    if "images" in parts:
        parts[len(parts) - 1 - parts[::-1].index("images")] = "labels"
        there = Path(*parts) / f"{image.stem}.txt"
        if there.exists():
            return there
    return image.with_suffix(".txt")


def _boxes(file: Path, names: Mapping[int, str]) -> Iterator[Box]:
    if not file.exists():
        return
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise refuse(file, None, f"is no text in UTF-8: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _box(file, number, line.split(), names)


def _box(file: Path, number: int, words: list[str], names: Mapping[int, str]) -> Box:
    try:
        kind, ratios = int(words[0]), [float(word) for word in words[1:]]
    except ValueError:
        raise refuse(file, number, "must be a class number and ratios: class x y width height") from None
    if kind not in names:
        raise refuse(file, number, f"class {kind} has no name; the names go from 0 to {len(names) - 1}")
    if any(not -0.01 <= ratio <= 1.01 for ratio in ratios):
        raise refuse(file, number, "x, y, width and height must be parts of the image's sides, from 0 to 1")
    if len(ratios) == 4:
        x, y, width, height = ratios
        left, top, right, bottom = x - width / 2, y - height / 2, x + width / 2, y + height / 2
    elif len(ratios) >= 6 and len(ratios) % 2 == 0:
        left, top, right, bottom = min(ratios[::2]), min(ratios[1::2]), max(ratios[::2]), max(ratios[1::2])
    else:
        raise refuse(file, number, f"{len(ratios)} ratios; a box has four, an outline six or more in pairs")
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in (left, top, right, bottom))  # rounding errors
    return Box(label=names[kind], left=left, top=top, width=right - left, height=bottom - top)


def _names(root: Path) -> dict[int, str]:
    if root.is_file():
        return _names_of_yaml(root)
    described = [root / "data.yaml"] if (root / "data.yaml").exists() else sorted(root.glob("*.y*ml"))
    if len(described) == 1:
        return _names_of_yaml(described[0])
    for name in _NAME_FILES:
        for file in (root / name, root / "labels" / name):
            if file.exists():
                lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
                return {number: line for number, line in enumerate(lines) if line}
    raise refuse(root, None, f"has neither data.yaml nor {' nor '.join(_NAME_FILES)} with the names of the classes")


def _names_of_yaml(file: Path) -> dict[int, str]:
    try:
        said: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise refuse(file, mark.line + 1 if mark else None, f"is no YAML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise refuse(file, None, f"cannot be read: {error}") from error
    names = said.get("names") if isinstance(said, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not all(isinstance(number, int) for number in names):
        raise refuse(file, None, "has no names: a list of the classes' names, or number: name")
    return {number: str(name) for number, name in names.items()}
