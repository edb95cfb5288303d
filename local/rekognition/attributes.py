"""Read the label attributes of one manifest line, in the formats of SageMaker Ground Truth: labels or boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from local.rekognition.findings import Finding, Found, Path
from local.rekognition.limits import DataLimits
from local.rekognition.lines import PixelBox

_LARGEST_NUMBER = 1e9
_MOST_PLACES = 100  # at which one code is told of one line: thousands of attributes fit into it


@dataclass
class Attributes:
    """What the attributes of one line say, gathered one by one; the fields are those of Line."""

    limits: DataLimits
    labels: set[str] = field(default_factory=set)
    boxes: list[PixelBox] = field(default_factory=list)
    findings: dict[Found, None] = field(default_factory=dict)  # in their order, each once
    annotated: bool = False
    size: tuple[float, float] | None = None
    _places: Counter[str] = field(default_factory=Counter)

    def found(self, finding: Finding, *path: str | int, about: str = "") -> None:
        """Add a finding, unless the same is told at the same place, or its code at enough others."""
        found = finding.at(*path, about=about)
        if found not in self.findings and self._places[found.code] < _MOST_PLACES:
            self.findings[found] = None
            self._places[found.code] += 1


def attribute_names(entry: Mapping[str, Any]) -> list[str]:
    """Return what has metadata: all else says nothing of the image."""
    return [name for name in entry if f"{name}-metadata" in entry]


def read_attributes(entry: Mapping[str, Any], limits: DataLimits) -> Attributes:
    """Return what a line's attributes say; those that cannot be used leave a finding each."""
    read = Attributes(limits)
    for name in attribute_names(entry):
        metadata = entry[f"{name}-metadata"]
        match metadata.get("type") if isinstance(metadata, dict) else None:
            case "groundtruth/image-classification":
                _read_label(read, name, metadata)
            case "groundtruth/object-detection":
                _read_boxes(read, name, entry[name], metadata)
            case str():
                read.found(Finding.ERROR_UNSUPPORTED_USE_CASE_TYPE, f"{name}-metadata")
            case _:
                read.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, f"{name}-metadata")
    if len(read.labels) > limits.labels_per_image:
        read.labels.clear()
        read.found(Finding.ERROR_NO_VALID_LABEL_ATTRIBUTES)
    return read


def _read_label(read: Attributes, name: str, metadata: Mapping[str, Any]) -> None:
    # The attribute's own value is not read: the class name counts.
    label = metadata.get("class-name")
    if not isinstance(label, str) or not _is_number(metadata.get("confidence")):
        read.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, f"{name}-metadata")
        return
    read.annotated = True
    if _is_name(label, read.limits):
        read.labels.add(label)
    else:
        read.found(Finding.ERROR_INVALID_LABEL_NAME_LENGTH, f"{name}-metadata")


def _read_boxes(read: Attributes, name: str, attribute: Any, metadata: Mapping[str, Any]) -> None:
    size = _size(attribute)
    annotations = attribute.get("annotations", []) if isinstance(attribute, dict) else None
    if size is None or not isinstance(annotations, list):
        read.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT, name, about=name)
        return
    read.size = size
    if not isinstance(metadata.get("class-map"), dict) or not isinstance(metadata.get("objects"), list):
        read.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, f"{name}-metadata")
        return
    if not annotations:
        read.found(Finding.WARNING_NO_ATTRIBUTE_ANNOTATIONS, name)
        return
    read.annotated = True
    if len(read.boxes) + len(annotations) > read.limits.boxes_per_image:
        read.found(Finding.ERROR_TOO_MANY_BOUNDING_BOXES, name)
        return
    before = len(read.boxes)
    for number, annotation in enumerate(annotations):
        _read_box(read, (name, "annotations", number), annotation, metadata)
    if len(read.boxes) == before:
        read.found(Finding.ERROR_NO_VALID_ANNOTATIONS, name)


def _read_box(read: Attributes, path: Path, annotation: Any, metadata: Mapping[str, Any]) -> None:
    name, _, number = path
    edges = annotation if isinstance(annotation, dict) else {}
    left, top, width, height = (edges.get(edge) for edge in ("left", "top", "width", "height"))
    if not (_is_number(left) and _is_number(top) and _is_number(width) and _is_number(height)):
        read.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT, *path, about=str(name))
        return
    label = metadata["class-map"].get(str(annotation.get("class_id")))
    if not isinstance(label, str):
        read.found(Finding.ERROR_MISSING_CLASS_MAP_ID, *path)
        return
    if not _is_name(label, read.limits):
        read.found(Finding.ERROR_INVALID_LABEL_NAME_LENGTH, f"{name}-metadata")
        return
    confidence = metadata["objects"][int(number) : int(number) + 1]
    if not confidence or not isinstance(confidence[0], dict) or not _is_number(confidence[0].get("confidence")):
        read.found(Finding.ERROR_MISSING_BOUNDING_BOX_CONFIDENCE, f"{name}-metadata")
        return
    read.boxes.append(PixelBox(label, left, top, width, height, path))


def _size(attribute: Any) -> tuple[float, float] | None:
    """Return the width and height that an attribute with boxes claims for its image, None when it is unreadable."""
    sizes = attribute.get("image_size") if isinstance(attribute, dict) else None
    if not isinstance(sizes, list) or len(sizes) != 1 or not isinstance(sizes[0], dict):
        return None
    width, height = sizes[0].get("width"), sizes[0].get("height")
    return (width, height) if _is_number(width) and _is_number(height) and min(width, height) > 0 else None


def _is_name(label: str, limits: DataLimits) -> bool:
    return 0 < len(label) <= limits.label_name_characters


def _is_number(value: object) -> TypeGuard[float]:
    # The bound keeps out integers that no float can hold.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST_NUMBER
