"""Compares what a model said of a picture with what is on it."""

from dataclasses import dataclass
from typing import Any, Final

from demo.pictures import Box, Picture

IOU: Final = 0.5  # overlap (intersection over union) from which a box counts as found


@dataclass(frozen=True)
class Verdict:
    """What was on a picture, what was found, and whether that is right."""

    picture: Picture
    expected: str
    found: str
    confidence: float  # percent, of the least confident label that was found; 0 where none was
    right: bool


def judge(picture: Picture, custom_labels: list[dict[str, Any]]) -> Verdict:
    """Judge an answer of DetectCustomLabels.

    A classified picture is right when its best label is. A scene is right when every object is found with its label
    at an overlap of at least 0.5, and nothing else is found.
    """
    found = custom_labels if picture.boxes else custom_labels[:1]
    names = sorted(label["Name"] for label in found)
    expected = sorted(box.label for box in picture.boxes) if picture.boxes else sorted(picture.labels)
    return Verdict(
        picture=picture,
        expected=", ".join(expected),
        found=", ".join(names) or "nothing",
        confidence=min((label["Confidence"] for label in found), default=0.0),
        right=_matches(picture, found) if picture.boxes else names == expected,
    )


def _matches(picture: Picture, found: list[dict[str, Any]]) -> bool:
    """Tell whether boxes and found labels match one to one."""
    missing = list(picture.boxes)
    for label in found:
        box = next((b for b in missing if b.label == label["Name"] and _overlap(b, label, picture) >= IOU), None)
        if box is None:
            return False
        missing.remove(box)
    return not missing


def _overlap(box: Box, label: dict[str, Any], picture: Picture) -> float:
    said = label["Geometry"]["BoundingBox"]
    left, top = said["Left"] * picture.width, said["Top"] * picture.height
    width, height = said["Width"] * picture.width, said["Height"] * picture.height
    across = max(0.0, min(left + width, box.left + box.width) - max(left, box.left))
    down = max(0.0, min(top + height, box.top + box.height) - max(top, box.top))
    common = across * down
    return float(common / (width * height + box.width * box.height - common))
