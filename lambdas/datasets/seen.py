"""Judges a line by its image: what a look at the file told, or what the line itself claims."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from lambdas.datasets.codes import Code
from lambdas.datasets.labelled import Box, LabelledImage
from lambdas.datasets.limits import MAX_ASPECT, MAX_IMAGE_BYTES, MAX_SIDE, MIN_BOX, MIN_SIDE, TRAINED_SIDE
from lambdas.datasets.manifest_lines import Found, Line

_TAKEN: Final = frozenset({"PNG", "JPEG", "MPO"})  # the last is a JPEG with further pictures


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a look at an image told; None and empty where it was not looked for."""

    problem: str = ""  # why it cannot be read, in words
    size: int | None = None  # bytes
    format: str = ""  # Pillow's name
    width: int | None = None  # pixels, upright
    height: int | None = None
    plain: bool | None = None  # training sees what people see
    content: str = ""  # the same for the same bytes


def judged(line: Line, seen: Seen | None) -> Line:
    """Return the line with what is wrong with its image and the boxes on it."""
    image = line.image
    if image is None:
        return line
    if seen:
        if seen.problem:
            return line.lost(Code.ERROR_INVALID_IMAGE, seen.problem)
        if seen.size is not None and seen.size > MAX_IMAGE_BYTES:
            return line.lost(Code.ERROR_INVALID_IMAGE, f"{seen.size:,} bytes; the limit is {MAX_IMAGE_BYTES:,}")
        if seen.format and seen.format not in _TAKEN:
            return line.lost(Code.ERROR_INVALID_IMAGE, f"it is {seen.format}")
        line = replace(line, found=(*line.found, *_advice(image, seen)))
        if seen.width and seen.height:
            image = replace(image, width=seen.width, height=seen.height)
    if not (image.width and image.height):
        return line
    short, long = sorted((image.width, image.height))
    if short < MIN_SIDE or long > MAX_SIDE or long > MAX_ASPECT * short:
        return line.lost(Code.ERROR_INVALID_IMAGE_DIMENSION, f"{image.width} x {image.height} pixels")
    return _with_boxes_on(image, line)


def _advice(image: LabelledImage, seen: Seen) -> Iterator[Found]:
    if seen.plain is False:
        yield Found(Code.LINT_NOT_AS_PEOPLE_SEE_IT)
    if image.width and seen.width and (image.width, image.height) != (seen.width, seen.height):
        yield Found(
            Code.LINT_OTHER_IMAGE_SIZE, f"{image.width} x {image.height}, but it is {seen.width} x {seen.height}"
        )


def _with_boxes_on(image: LabelledImage, line: Line) -> Line:
    """Return the line without the boxes that leave the image, or that vanish in training."""
    kept, found = [], list(line.found)
    for box in image.boxes:
        flaw = _flaw(box, image)
        if flaw is None:
            kept.append(box)
        else:
            where = f"{box.label} at {box.left:g}, {box.top:g}: {box.width:g} x {box.height:g}"
            found.append(Found(flaw, f"{where} on {image.width} x {image.height}"))
    line = replace(line, image=replace(image, boxes=tuple(kept)), found=tuple(found))
    if kept or image.labels or not image.boxes:
        return line
    return line.lost(Code.ERROR_NO_VALID_ANNOTATIONS, "").lost(Code.ERROR_NO_VALID_LABEL_ATTRIBUTES, "")


def _flaw(box: Box, image: LabelledImage) -> Code | None:
    shrinking = min(1.0, TRAINED_SIDE / max(image.width, image.height))
    if min(box.left, box.top, box.width, box.height) < 0 or (
        box.left + box.width > image.width or box.top + box.height > image.height
    ):
        return Code.ERROR_INVALID_BOUNDING_BOX
    return Code.ERROR_BOUNDING_BOX_TOO_SMALL if min(box.width, box.height) * shrinking <= MIN_BOX else None
