"""Read manifests in the formats of SageMaker Ground Truth: one JSON line an image, labels or boxes.

Codes and messages are those of the Custom Labels guide ("Debugging a failed model training").
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from local.rekognition.orders import Location

_LARGEST_NUMBER = 1e9
_SOURCE = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.+)", re.DOTALL)


class Finding(StrEnum):
    """What can be wrong with one line; the value is the message."""

    ERROR_INVALID_JSON_LINE = "The JSON Line has an invalid format."
    ERROR_MISSING_SOURCE_REF = "The source-ref key is missing."
    ERROR_INVALID_SOURCE_REF_FORMAT = "The format of the source-ref value is invalid."
    ERROR_NO_LABEL_ATTRIBUTES = "No label attributes found."
    ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT = "The format of the label attribute {} is invalid."
    ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT = "The format of the label attribute metadata is invalid."
    ERROR_NO_VALID_LABEL_ATTRIBUTES = "No valid label attributes found."
    ERROR_MISSING_BOUNDING_BOX_CONFIDENCE = "One or more bounding boxes has a missing confidence value."
    ERROR_MISSING_CLASS_MAP_ID = "One of more class ids is missing from the class map."
    ERROR_NO_VALID_ANNOTATIONS = "No valid annotations found."
    ERROR_INVALID_IMAGE = "The image is invalid. Check S3 path and/or image properties."
    ERROR_INVALID_IMAGE_DIMENSION = "The image dimension(s) do not conform to allowed dimensions."
    ERROR_INVALID_BOUNDING_BOX = "The bounding box has off frame values."
    WARNING_NO_ANNOTATIONS = "No annotations provided."


@dataclass(frozen=True)
class PixelBox:
    """One marked object, in pixels of its image."""

    label: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """One manifest line and what was found wrong with it: code and message."""

    text: str
    source: Location | None = None
    labels: frozenset[str] = frozenset()
    boxes: tuple[PixelBox, ...] = ()
    findings: tuple[tuple[str, str], ...] = ()

    @property
    def usable(self) -> bool:
        return bool(self.source and (self.labels or self.boxes))

    @property
    def ignored(self) -> bool:
        """Tell whether the line is passed over without counting as bad: all it has is warnings."""
        return not self.usable and all(code.startswith("WARNING_") for code, _ in self.findings)

    def found(self, finding: Finding, about: str = "") -> Line:
        """Return the line with one more finding."""
        return replace(self, findings=(*self.findings, (finding.name, finding.value.format(about))))

    def lost(self, finding: Finding) -> Line:
        """Return the line as unusable for this reason."""
        return replace(self.found(finding), labels=frozenset(), boxes=())


def read_lines(manifest: str) -> list[Line]:
    """Return the manifest's lines, empty ones left out."""
    return [_line(text) for text in manifest.splitlines() if text.strip()]


def _line(text: str) -> Line:
    line = Line(text)
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        return line.found(Finding.ERROR_INVALID_JSON_LINE)
    if not isinstance(entry, dict):
        return line.found(Finding.ERROR_INVALID_JSON_LINE)
    if "source-ref" not in entry:
        return line.found(Finding.ERROR_MISSING_SOURCE_REF)
    source = _SOURCE.fullmatch(entry["source-ref"]) if isinstance(entry["source-ref"], str) else None
    if source is None:
        return line.found(Finding.ERROR_INVALID_SOURCE_REF_FORMAT)
    return _with_attributes(replace(line, source=Location(source["bucket"], source["key"])), entry)


def _with_attributes(line: Line, entry: Mapping[str, Any]) -> Line:
    names = [name for name in entry if f"{name}-metadata" in entry]
    if not names:
        return line.found(Finding.ERROR_NO_LABEL_ATTRIBUTES)
    for name in names:
        metadata = entry[f"{name}-metadata"]
        kind = metadata.get("type") if isinstance(metadata, dict) else None
        if kind == "groundtruth/image-classification":
            line = _with_label(line, metadata)
        elif kind == "groundtruth/object-detection":
            line = _with_boxes(line, name, entry[name], metadata)
        else:
            line = line.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT)
    if not line.usable and not line.ignored:
        line = line.found(Finding.ERROR_NO_VALID_LABEL_ATTRIBUTES)
    return line


def _with_label(line: Line, metadata: Mapping[str, Any]) -> Line:
    # The attribute's own value is not read: the class name counts.
    label = metadata.get("class-name")
    if not isinstance(label, str) or not label or not _is_number(metadata.get("confidence")):
        return line.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT)
    return replace(line, labels=line.labels | {label})


def _with_boxes(line: Line, name: str, attribute: Any, metadata: Mapping[str, Any]) -> Line:
    annotations = attribute.get("annotations") if isinstance(attribute, dict) else None
    if not isinstance(annotations, list):
        return line.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT, name)
    classes, confidences = metadata.get("class-map"), metadata.get("objects")
    if not isinstance(classes, dict) or not isinstance(confidences, list):
        return line.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT)
    if not annotations:
        return line.found(Finding.WARNING_NO_ANNOTATIONS)
    before = line.boxes
    for number, annotation in enumerate(annotations):
        line = _with_box(line, name, annotation, classes, confidences[number : number + 1])
    return line.found(Finding.ERROR_NO_VALID_ANNOTATIONS) if line.boxes == before else line


def _with_box(line: Line, name: str, annotation: Any, classes: Mapping[str, Any], confidence: Sequence[Any]) -> Line:
    edges: list[float] = []
    if isinstance(annotation, dict):
        edges = [annotation.get(edge, math.nan) for edge in ("left", "top", "width", "height")]
    if not edges or not all(map(_is_number, edges)):
        return line.found(Finding.ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT, name)
    label = classes.get(str(annotation.get("class_id")))
    if not isinstance(label, str) or not label:
        return line.found(Finding.ERROR_MISSING_CLASS_MAP_ID)
    if not confidence or not isinstance(confidence[0], dict) or not _is_number(confidence[0].get("confidence")):
        return line.found(Finding.ERROR_MISSING_BOUNDING_BOX_CONFIDENCE)
    return replace(line, boxes=(*line.boxes, PixelBox(label, *edges)))


def _is_number(value: object) -> bool:
    # The bound keeps out NaN, infinities and integers that no float can hold.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST_NUMBER
