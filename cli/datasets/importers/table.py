"""CSV with a heading: image, label, and for boxes left, top, width and height in pixels. Other columns are not read.

An image may have several rows. A row with an empty label says that nothing is on its image; one with four empty box
cells labels the whole image. Cells are separated by commas, semicolons or tabs.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cli.datasets.examples import Example, existing, refuse
from lambdas.datasets.labelled import Box

IMAGE: Final = "image"
LABEL: Final = "label"
EDGES: Final = ("left", "top", "width", "height")


def read_table(file: Path, images: Path | None = None) -> Iterator[Example]:
    """Yield the images of a CSV file; `images` is their folder, by default that of the file.

    Raises ImportFailedError.
    """
    labels: dict[Path, set[str]] = {}
    boxes: dict[Path, list[Box]] = {}
    for number, row in _rows(file):
        path = existing(images or file.parent, row[IMAGE], file, number)
        labels.setdefault(path, set())
        boxes.setdefault(path, [])
        if not row[LABEL]:
            continue
        box = _box(file, number, row)
        if box:
            boxes[path].append(box)
        else:
            labels[path].add(row[LABEL])
    for path in labels:
        yield Example(image=path, labels=tuple(sorted(labels[path])), boxes=tuple(boxes[path]))


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows by column, with the number of the line that each ends on."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            heading = opened.readline()
            opened.seek(0)
            rows = csv.reader(opened, delimiter=max(",;\t", key=heading.count), strict=True)
            names = [name.strip().lower() for name in next(rows, [])]
            _check_heading(file, names)
            for row in rows:
                if any(cell.strip() for cell in row):
                    if len(row) != len(names):
                        raise refuse(file, rows.line_num, f"{len(row)} cells; the heading has {len(names)}")
                    yield rows.line_num, {name: cell.strip() for name, cell in zip(names, row, strict=True)}
    except OSError as error:
        raise refuse(file, None, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise refuse(file, None, f"is no text in UTF-8: {error}") from error
    except csv.Error as error:
        raise refuse(file, rows.line_num, f"is no CSV: {error}") from error


def _check_heading(file: Path, names: list[str]) -> None:
    wanted = f"the first line must name the columns {IMAGE}, {LABEL} and, for boxes, {', '.join(EDGES)}"
    missing = {IMAGE, LABEL} - set(names)
    some = [edge for edge in EDGES if edge in names]
    if missing or (some and len(some) < len(EDGES)) or len(set(names)) < len(names):
        raise refuse(file, 1, f"the columns are {', '.join(names) or 'none'}; {wanted}")


def _box(file: Path, number: int, row: Mapping[str, str]) -> Box | None:
    cells = [row.get(edge, "") for edge in EDGES]
    if not any(cells):
        return None
    try:
        left, top, width, height = map(float, cells)
    except ValueError:
        raise refuse(file, number, f"{', '.join(EDGES)} must be four numbers or four empty cells: {cells}") from None
    return Box(label=row[LABEL], left=left, top=top, width=width, height=height)
