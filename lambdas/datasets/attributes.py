"""Reads the label attributes of a manifest line: each NAME that has a NAME-metadata beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

from lambdas.datasets.codes import Code
from lambdas.datasets.labelled import Box
from lambdas.datasets.limits import MAX_BOXES_PER_IMAGE, MAX_LABEL_CHARACTERS, MAX_LABELS_PER_IMAGE

_LARGEST_NUMBER: Final = 1e9  # keeps out integers that no float can hold
_TYPE: Final = "groundtruth/"


@dataclass
class Attributes:
    """What the attributes of one line say, gathered one by one."""

    labels: set[str] = field(default_factory=set)
    boxes: list[Box] = field(default_factory=list)
    told: set[str] = field(default_factory=set)  # labels that are named, be they usable or not
    size: tuple[int, int] | None = None  # width and height in pixels that boxes were drawn on
    found: dict[tuple[Code, str], None] = field(default_factory=dict)  # with its detail, in order, each once

    def find(self, code: Code, detail: str) -> None:
        self.found[code, detail] = None


def attribute_names(entry: Mapping[str, Any]) -> list[str]:
    """Return the names that have metadata: all else says nothing of the image."""
    return [name for name in entry if f"{name}-metadata" in entry]


def read_attributes(entry: Mapping[str, Any]) -> Attributes:
    """Read all attributes of a line."""
    read = Attributes()
    for name in attribute_names(entry):
        metadata = entry[f"{name}-metadata"]
        match metadata.get("type") if isinstance(metadata, dict) else None:
            case "groundtruth/image-classification":
                _read_label(read, name, metadata)
            case "groundtruth/object-detection":
                _read_boxes(read, name, entry[name], metadata)
            case str() as other:
                read.find(Code.ERROR_UNSUPPORTED_USE_CASE_TYPE, f"{name} is {other.removeprefix(_TYPE)}")
            case _:
                read.find(Code.ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, f"{name}-metadata has no type")
    if len(read.labels) > MAX_LABELS_PER_IMAGE:
        read.find(Code.ERROR_NO_VALID_LABEL_ATTRIBUTES, f"{len(read.labels)} labels; an image may have 50")
        read.labels.clear()
    return read


def _read_label(read: Attributes, name: str, metadata: Mapping[str, Any]) -> None:
    # The attribute's own value is not read: the class name counts.
    label = metadata.get("class-name")
    if not isinstance(label, str):
        read.find(Code.ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, f"{name}-metadata has no class-name")
    elif not _is_number(metadata.get("confidence")):
        read.find(Code.ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, f"{name}-metadata has no confidence")
    elif _is_name(read, label):
        read.labels.add(label)


def _read_boxes(read: Attributes, name: str, attribute: Any, metadata: Mapping[str, Any]) -> None:
    size, annotations = _size(attribute), attribute.get("annotations", []) if isinstance(attribute, dict) else None
    if size is None or not isinstance(annotations, list):
        what = "annotations" if size else "image_size of one width and height"
        read.find(Code.ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT, f"{name} has no {what}")
        return
    read.size = size
    for member, kind in (("class-map", dict), ("objects", list)):
        if not isinstance(metadata.get(member), kind):
            read.find(Code.ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, f"{name}-metadata has no {member}")
            return
    if not annotations:
        read.find(Code.WARNING_NO_ATTRIBUTE_ANNOTATIONS, name)
        return
    if len(read.boxes) + len(annotations) > MAX_BOXES_PER_IMAGE:
        read.find(Code.ERROR_TOO_MANY_BOUNDING_BOXES, f"{len(read.boxes) + len(annotations)} boxes")
        return
    boxes = [_box(read, name, number, annotation, metadata) for number, annotation in enumerate(annotations)]
    usable = [box for box in boxes if box]
    read.boxes += usable
    if not usable:
        read.find(Code.ERROR_NO_VALID_ANNOTATIONS, name)


def _box(read: Attributes, name: str, number: int, annotation: Any, metadata: Mapping[str, Any]) -> Box | None:
    where = f"{name}, box {number + 1}"
    edges = annotation if isinstance(annotation, dict) else {}
    left, top, width, height = (edges.get(edge) for edge in ("left", "top", "width", "height"))
    if not (_is_number(left) and _is_number(top) and _is_number(width) and _is_number(height)):
        read.find(Code.ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT, f"{where}: left, top, width and height must be numbers")
        return None
    label = metadata["class-map"].get(str(edges.get("class_id")))
    if not isinstance(label, str):
        read.find(Code.ERROR_MISSING_CLASS_MAP_ID, f"{where}: class_id {edges.get('class_id')!r}")
        return None
    if not _is_name(read, label):
        return None
    objects = metadata["objects"]
    said = objects[number] if number < len(objects) else None
    if not isinstance(said, dict) or not _is_number(said.get("confidence")):
        read.find(Code.ERROR_MISSING_BOUNDING_BOX_CONFIDENCE, where)
        return None
    return Box(label=label, left=left, top=top, width=width, height=height)


def _size(attribute: Any) -> tuple[int, int] | None:
    sizes = attribute.get("image_size") if isinstance(attribute, dict) else None
    if not isinstance(sizes, list) or len(sizes) != 1 or not isinstance(sizes[0], dict):
        return None
    width, height = sizes[0].get("width"), sizes[0].get("height")
    if not (_is_number(width) and _is_number(height)) or min(width, height) < 1:
        return None
    return int(width), int(height)


def _is_name(read: Attributes, label: str) -> bool:
    if not 1 <= len(label) <= MAX_LABEL_CHARACTERS:
        read.find(Code.ERROR_INVALID_LABEL_NAME_LENGTH, f"{len(label)} characters: {label}")
        return False
    read.told.add(label)
    return True


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST_NUMBER
