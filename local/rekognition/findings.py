"""Name what can be wrong with one manifest line, and mark lines with it.

Codes and messages are those of the Custom Labels guide ("Debugging a failed model training"); of the two that it
lists without a message, the message here is our own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

Path = tuple[str | int, ...]

_LONGEST_NAME = 255  # characters of an attribute's name in a message: fifty boxes may each repeat it
_MARKS = ("cl-errors", "cl-metadata")  # in what ListDatasetEntries lists; to send them back is no mistake


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
    ERROR_BOUNDING_BOX_TOO_SMALL = "The height and width of the bounding box is too small."
    ERROR_TOO_MANY_BOUNDING_BOXES = "There are more bounding boxes than the allowed maximum."
    ERROR_UNSUPPORTED_USE_CASE_TYPE = "The use case type of the label attribute is not supported."
    ERROR_INVALID_LABEL_NAME_LENGTH = "The length of the label name is invalid."
    WARNING_UNANNOTATED_RECORD = "Record is unannotated."
    WARNING_NO_ANNOTATIONS = "No annotations provided."
    WARNING_NO_ATTRIBUTE_ANNOTATIONS = "No attribute annotations provided."

    def at(self, *path: str | int, about: str = "") -> Found:
        """Return the finding at a place of the line; `about` is the attribute that the message names."""
        return Found(self.name, self.value.format(about[:_LONGEST_NAME]), path)


@dataclass(frozen=True)
class Found:
    """One finding and its place: the keys and indices that lead from the line to the element, none for the line."""

    code: str
    message: str
    path: Path = ()

    @property
    def is_error(self) -> bool:
        return self.code.startswith("ERROR_")


def mark(entry: dict[str, Any], found: Iterable[Found], key: str) -> None:
    """Append each finding to the list under `key` of the element that it is about."""
    # All elements are sought before one is changed: an attribute may have the name of the key.
    for finding, element in [(finding, _element(entry, finding.path)) for finding in found]:
        if not isinstance(element.get(key), list):
            element[key] = []
        element[key].append({"code": finding.code, "message": finding.message})


def unmarked(element: Any) -> Any:
    """Return a line, or what is in it, without the marks that an earlier listing put on it."""
    if isinstance(element, list):
        return [unmarked(item) for item in element]
    if isinstance(element, dict):
        return {name: unmarked(value) for name, value in element.items() if name not in _MARKS}
    return element


def _element(entry: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the element at the path, or the nearest around it that can hold a list of findings."""
    holder, here = entry, cast(Any, entry)
    for step in path:
        here = here[step]
        if isinstance(here, dict):
            holder = here
        elif not isinstance(here, list):
            break
    return holder
