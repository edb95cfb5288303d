"""Judge a line by the size of its image: the image's own bounds, and those of the boxes on it."""

from __future__ import annotations

from dataclasses import replace

from local.rekognition.findings import Finding, Found
from local.rekognition.images import CUSTOM_LABELS
from local.rekognition.lines import Line, PixelBox

_LONGEST_SIDE_TRAINED = 1280  # pixels; the service shrinks what is longer before it learns
_SMALLEST_BOX = 1  # pixels, after the shrinking; a box must be larger


def judged_by_claim(line: Line) -> Line:
    """Return the line judged by the image_size that it claims, as it is when it claims none.

    So are datasets judged: of the codes that they report, none is of an image that was opened.
    """
    if line.size is None or not line.usable:
        return line
    short, long = sorted(line.size)
    bounds = CUSTOM_LABELS
    if short < bounds.least_side or long > bounds.most_side or long > bounds.most_aspect * short:
        return line.lost(Finding.ERROR_INVALID_IMAGE_DIMENSION)
    return on_image(line, *line.size)


def on_image(line: Line, width: float, height: float) -> Line:
    """Return the line without the boxes that leave an image of so many pixels, or that vanish in training."""
    shrinking = min(1.0, _LONGEST_SIDE_TRAINED / max(width, height))
    kept: list[PixelBox] = []
    found: list[Found] = []
    for box in line.boxes:
        if min(box.left, box.top, box.width, box.height) < 0 or (
            box.left + box.width > width or box.top + box.height > height
        ):
            found.append(Finding.ERROR_INVALID_BOUNDING_BOX.at(*box.path))
        elif min(box.width, box.height) * shrinking <= _SMALLEST_BOX:
            found.append(Finding.ERROR_BOUNDING_BOX_TOO_SMALL.at(*box.path))
        else:
            kept.append(box)
    useful = {box.path[0] for box in kept}
    emptied = dict.fromkeys(box.path[0] for box in line.boxes if box.path[0] not in useful)
    found += [Finding.ERROR_NO_VALID_ANNOTATIONS.at(attribute) for attribute in emptied]
    return replace(line, boxes=tuple(kept), size=(width, height)).found(*found).judged()
