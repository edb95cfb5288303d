"""Read manifests in the formats of SageMaker Ground Truth: one JSON line an image, labels or boxes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeGuard

from local.rekognition.findings import Finding, Found, Path
from local.rekognition.limits import DEFAULT_LIMITS, DataLimits
from local.rekognition.orders import Location

_LARGEST_NUMBER = 1e9
_SOURCE = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.+)", re.DOTALL)
_SURROGATE = re.compile(r"\\ud[89a-f]", re.IGNORECASE)
_DATASET_MARK = "cl-metadata"  # in what ListDatasetEntries lists; to send it back is no mistake


@dataclass(frozen=True)
class PixelBox:
    """One marked object, in pixels of its image, and its place in the line."""

    label: str
    left: float
    top: float
    width: float
    height: float
    path: Path = ()


@dataclass(frozen=True)
class Line:
    """One manifest line and what was found wrong with it.

    `annotated` tells whether it claims any label, be it a valid one; `size` is the image's width and height in
    pixels: what the line claims, and once the image was seen, what it is.
    """

    text: str
    source: Location | None = None
    labels: frozenset[str] = frozenset()
    boxes: tuple[PixelBox, ...] = ()
    findings: tuple[Found, ...] = ()
    annotated: bool = False
    size: tuple[float, float] | None = None

    @property
    def usable(self) -> bool:
        return bool(self.source and (self.labels or self.boxes))

    @property
    def has_errors(self) -> bool:
        return any(found.is_error for found in self.findings)

    @property
    def ignored(self) -> bool:
        """Tell whether the line is passed over without counting as bad: all it has is warnings."""
        return not self.usable and not self.has_errors

    @property
    def all_labels(self) -> frozenset[str]:
        """Return the labels of the image and of its boxes."""
        return self.labels | {box.label for box in self.boxes}

    def found(self, finding: Finding, *path: str | int, about: str = "") -> Line:
        """Return the line with one more finding, unless it has the same at the same place."""
        found = Found(finding.name, finding.value.format(about), path)
        return self if found in self.findings else replace(self, findings=(*self.findings, found))

    def lost(self, finding: Finding) -> Line:
        """Return the line as unusable for this reason."""
        return replace(self.found(finding), labels=frozenset(), boxes=())


def read_lines(manifest: str, limits: DataLimits = DEFAULT_LIMITS) -> list[Line]:
    """Return the manifest's lines; an empty one is a bad one, except at the end."""
    # Not splitlines(): JSON text may hold the other characters that it splits at.
    text = manifest.rstrip()
    return [read_line(line.removesuffix("\r"), limits) for line in text.split("\n")] if text else []


def read_line(text: str, limits: DataLimits) -> Line:
    """Return one line, judged by itself: its image is not looked at."""
    line = Line(text)
    try:
        entry = json.loads(text, parse_constant=_refuse) if len(text) <= limits.line_characters else None
        if _SURROGATE.search(text):
            json.dumps(entry, ensure_ascii=False).encode()  # half a character can be in no name
    except (ValueError, RecursionError):
        return line.found(Finding.ERROR_INVALID_JSON_LINE)
    if not isinstance(entry, dict):
        return line.found(Finding.ERROR_INVALID_JSON_LINE)
    if "source-ref" not in entry:
        return line.found(Finding.ERROR_MISSING_SOURCE_REF)
    source = _SOURCE.fullmatch(entry["source-ref"]) if isinstance(entry["source-ref"], str) else None
    if source is None:
        return line.found(Finding.ERROR_INVALID_SOURCE_REF_FORMAT)
    return _with_attributes(replace(line, source=Location(source["bucket"], source["key"])), entry, limits)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON.")


def _with_attributes(line: Line, entry: Mapping[str, Any], limits: DataLimits) -> Line:
    names = [name for name in entry if f"{name}-metadata" in entry]
    if not names:
        bare = not entry.keys() - {"source-ref", _DATASET_MARK}
        return line.found(Finding.WARNING_UNANNOTATED_RECORD if bare else Finding.ERROR_NO_LABEL_ATTRIBUTES)
    for name in names:
        metadata = entry[f"{name}-metadata"]
        match metadata.get("type") if isinstance(metadata, dict) else None:
            case "groundtruth/image-classification":
                line = _with_label(line, name, metadata, limits)
            case "groundtruth/object-detection":
                line = _with_boxes(line, name, entry[name], metadata, limits)
            case str():
                line = line.found(Finding.ERROR_UNSUPPORTED_USE_CASE_TYPE, f"{name}-metadata")
            case _:
                line = line.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, f"{name}-metadata")
    if len(line.labels) > limits.labels_per_image:
        line = replace(line, labels=frozenset()).found(Finding.ERROR_NO_VALID_LABEL_ATTRIBUTES)
    return without_labels(line)


def without_labels(line: Line) -> Line:
    """Return the line with a finding on the whole of it if nothing of it can be used."""
    if line.usable:
        return line
    return line.found(Finding.ERROR_NO_VALID_LABEL_ATTRIBUTES if line.has_errors else Finding.WARNING_NO_ANNOTATIONS)


def _with_label(line: Line, name: str, metadata: Mapping[str, Any], limits: DataLimits) -> Line:
    # The attribute's own value is not read: the class name counts.
    label = metadata.get("class-name")
    if not isinstance(label, str) or not _is_number(metadata.get("confidence")):
        return line.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, f"{name}-metadata")
    line = replace(line, annotated=True)
    if not _is_name(label, limits):
        return line.found(Finding.ERROR_INVALID_LABEL_NAME_LENGTH, f"{name}-metadata")
    return replace(line, labels=line.labels | {label})


def _with_boxes(line: Line, name: str, attribute: Any, metadata: Mapping[str, Any], limits: DataLimits) -> Line:
    size = _size(attribute)
    annotations = attribute.get("annotations", []) if isinstance(attribute, dict) else None
    if size is None or not isinstance(annotations, list):
        return line.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT, name, about=name)
    line = replace(line, size=size)
    classes, confidences = metadata.get("class-map"), metadata.get("objects")
    if not isinstance(classes, dict) or not isinstance(confidences, list):
        return line.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, f"{name}-metadata")
    if not annotations:
        return line.found(Finding.WARNING_NO_ATTRIBUTE_ANNOTATIONS, name)
    line = replace(line, annotated=True)
    if len(line.boxes) + len(annotations) > limits.boxes_per_image:
        return line.found(Finding.ERROR_TOO_MANY_BOUNDING_BOXES, name)
    before = line.boxes
    for number, annotation in enumerate(annotations):
        line = _with_box(line, (name, "annotations", number), annotation, metadata, limits)
    return line.found(Finding.ERROR_NO_VALID_ANNOTATIONS, name) if line.boxes == before else line


def _with_box(line: Line, path: Path, annotation: Any, metadata: Mapping[str, Any], limits: DataLimits) -> Line:
    name, _, number = path
    edges = annotation if isinstance(annotation, dict) else {}
    left, top, width, height = (edges.get(edge) for edge in ("left", "top", "width", "height"))
    if not (_is_number(left) and _is_number(top) and _is_number(width) and _is_number(height)):
        return line.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT, *path, about=str(name))
    label = metadata["class-map"].get(str(annotation.get("class_id")))
    if not isinstance(label, str):
        return line.found(Finding.ERROR_MISSING_CLASS_MAP_ID, *path)
    if not _is_name(label, limits):
        return line.found(Finding.ERROR_INVALID_LABEL_NAME_LENGTH, f"{name}-metadata")
    confidence = metadata["objects"][int(number) : int(number) + 1]
    if not confidence or not isinstance(confidence[0], dict) or not _is_number(confidence[0].get("confidence")):
        return line.found(Finding.ERROR_MISSING_BOUNDING_BOX_CONFIDENCE, f"{name}-metadata")
    return replace(line, boxes=(*line.boxes, PixelBox(label, left, top, width, height, path)))


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
    # The bound keeps out NaN, infinities and integers that no float can hold.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST_NUMBER
