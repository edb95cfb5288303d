"""COCO: one JSON file of images, annotations and categories. Boxes are left, top, width and height in pixels."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from cli.datasets.examples import Example, existing, refuse
from lambdas.datasets.labelled import Box


def read_coco(file: Path, images: Path | None = None) -> Iterator[Example]:
    """Yield the images of a COCO file; `images` is their folder, by default that of the file.

    An annotation without a bbox labels the whole image; crowds are passed over. Raises ImportFailedError.
    """
    said = _parsed(file)
    categories = {
        _member(file, "categories", number, category, "id"): str(_member(file, "categories", number, category, "name"))
        for number, category in enumerate(_list(file, said, "categories"))
    }
    by_image: dict[Any, list[tuple[int, Mapping[str, Any]]]] = defaultdict(list)
    for number, annotation in enumerate(_list(file, said, "annotations")):
        by_image[_member(file, "annotations", number, annotation, "image_id")].append((number, annotation))
    listed = _list(file, said, "images")
    for number, image in enumerate(listed):
        found = by_image.pop(_member(file, "images", number, image, "id"), [])
        name = str(_member(file, "images", number, image, "file_name"))
        yield _example(file, existing(images or file.parent, name, file, f"images[{number}]"), image, found, categories)
    for (number, annotation), *_ in by_image.values():
        raise refuse(file, f"annotations[{number}]", f"image_id {annotation['image_id']!r} is no image's id")


def _example(
    file: Path,
    path: Path,
    image: Mapping[str, Any],
    annotations: list[tuple[int, Mapping[str, Any]]],
    categories: Mapping[Any, str],
) -> Example:
    labels, boxes = set(), []
    for number, annotation in annotations:
        category = _member(file, "annotations", number, annotation, "category_id")
        if category not in categories:
            raise refuse(file, f"annotations[{number}]", f"category_id {category!r} is no category's id")
        if annotation.get("iscrowd"):
            continue
        bbox = annotation.get("bbox")
        if bbox:
            boxes.append(_box(file, number, categories[category], bbox))
        else:
            labels.add(categories[category])
    return Example(image=path, labels=tuple(sorted(labels)), boxes=tuple(boxes), measured=_size(image))


def _size(image: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the size that an image's entry says, None where it says none."""
    width, height = image.get("width"), image.get("height")
    if not (_is_number(width) and _is_number(height)) or min(width, height) <= 0:
        return None
    return float(width), float(height)


def _box(file: Path, number: int, label: str, bbox: Any) -> Box:
    if not isinstance(bbox, list) or len(bbox) != 4 or not all(_is_number(edge) for edge in bbox):
        raise refuse(file, f"annotations[{number}]", f"bbox {bbox!r} is not [left, top, width, height] in pixels")
    return Box(label=label, left=bbox[0], top=bbox[1], width=bbox[2], height=bbox[3])


def _parsed(file: Path) -> dict[str, Any]:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise refuse(file, None, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise refuse(file, None, f"is no text in UTF-8: {error}") from error
    except json.JSONDecodeError as error:
        raise refuse(file, error.lineno, f"is no JSON: {error.msg}") from error
    if not isinstance(said, dict):
        raise refuse(file, None, "is no COCO file: it must be an object with images, annotations and categories")
    return said


def _list(file: Path, said: Mapping[str, Any], name: str) -> list[Any]:
    found = said.get(name)
    if not isinstance(found, list):
        raise refuse(file, None, f"is no COCO file: it has no list {name!r}")
    return found


def _member(file: Path, kind: str, number: int, entry: Any, name: str) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get(name), str | int):
        raise refuse(file, f"{kind}[{number}]", f"has no {name}")
    return entry[name]


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
