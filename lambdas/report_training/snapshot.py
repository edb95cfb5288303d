"""Lines of evaluation snapshots: what is known of each image, and what the model found on it.

Names of attributes and details are those of the guide's "Evaluation manifest snapshot".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lambdas.report_training.evaluation import number
from lambdas.report_training.s3_files import Document

_TRAINING: Final = "rekognition-custom-labels-training"
_EVALUATION: Final = "rekognition-custom-labels-evaluation"
_DETAILS: Final = f"{_EVALUATION}-details"
_METADATA: Final = "-metadata"
_MOST: Final = 1000  # entries of one line: 250 labels, and boxes enough


@dataclass(frozen=True, kw_only=True)
class Box:
    """A place on an image, as ratios of its sides."""

    left: float
    top: float
    width: float
    height: float

    def overlap(self, other: "Box") -> float:
        """Return the intersection over the union, from 0 to 1."""
        width = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        height = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        return width * height / (self.width * self.height + other.width * other.height - width * height)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A label that an image is known to show, and where."""

    label: str
    box: Box | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """A label that the model found, and whether it is there."""

    label: str
    confidence: float  # 0 to 1
    accepted: bool  # at its label's assumed threshold
    right: bool
    box: Box | None = None


@dataclass(frozen=True, kw_only=True)
class TestedImage:
    """One line."""

    source: str
    size: tuple[int, int] | None  # pixels, as the manifest says
    expected: tuple[Expected, ...]
    found: tuple[Found, ...]


def image_of(line: Document) -> TestedImage:
    """Read a line of the testing snapshot; what is not as it should be is left out."""
    expected = [Expected(label=label, box=box) for label, box, _ in _entries(line, _TRAINING)]
    found = []
    for label, box, said in _entries(line, _EVALUATION):
        confidence = number(said.get("confidence"))
        details = said.get(_DETAILS)
        if confidence is not None and isinstance(details, dict):
            found.append(_found(label, box, confidence, details))
    return TestedImage(
        source=str(line.get("source-ref", "")), size=_size(line), expected=tuple(expected), found=tuple(found)
    )


def labels_of(line: Document) -> list[str]:
    """Return the labels of a line of the training snapshot, one for each object or for the image."""
    return [label for label, _, _ in _entries(line, _TRAINING)]


def _found(label: str, box: Box | None, confidence: float, details: Document) -> Found:
    positive, negative = details.get("is-true-positive") is True, details.get("is-false-negative") is True
    return Found(
        label=label,
        confidence=confidence,
        accepted=positive or details.get("is-false-positive") is True,
        right=positive or negative or details.get("is-present-in-ground-truth") is True,
        box=box,
    )


def _entries(line: Document, kind: str) -> Iterator[tuple[str, Box | None, Document]]:
    """Yield label, box and metadata of each entry of an attribute of this kind, at most a thousand."""
    left = _MOST
    for name, metadata in line.items():
        base = name.removesuffix(_METADATA)
        if base == name or not _is_kind(base, kind) or not isinstance(metadata, dict):
            continue
        attribute = line.get(base)
        entries = _boxed(attribute, metadata) if isinstance(attribute, dict) else _whole(metadata)
        for entry in entries:
            if not left:
                return
            left -= 1
            yield entry


def _is_kind(base: str, kind: str) -> bool:
    number_of_it = base.removeprefix(kind)
    return number_of_it != base and (not number_of_it or number_of_it.removeprefix("-").isdigit())


def _whole(metadata: Document) -> Iterator[tuple[str, Box | None, Document]]:
    """Yield the label of a whole image. Its class-name counts; the attribute's number says nothing."""
    label = metadata.get("class-name")
    if isinstance(label, str):
        yield label, None, metadata


def _boxed(attribute: Document, metadata: Document) -> Iterator[tuple[str, Box | None, Document]]:
    size, names = _image_size(attribute), metadata.get("class-map")
    annotations, objects = attribute.get("annotations"), metadata.get("objects")
    if size is None or not (isinstance(names, dict) and isinstance(annotations, list) and isinstance(objects, list)):
        return
    for annotation, said in zip(annotations, objects, strict=False):
        if isinstance(annotation, dict) and isinstance(said, dict):
            label, box = names.get(str(annotation.get("class_id"))), _box(annotation, size)
            if isinstance(label, str) and box is not None:
                yield label, box, said


def _box(said: Document, size: tuple[int, int]) -> Box | None:
    left, top, width, height = (number(said.get(name)) for name in ("left", "top", "width", "height"))
    if left is None or top is None or not width or not height or min(width, height) < 0:
        return None
    return Box(left=left / size[0], top=top / size[1], width=width / size[0], height=height / size[1])


def _size(line: Document) -> tuple[int, int] | None:
    known = (value for name, value in line.items() if _is_kind(name, _TRAINING) and isinstance(value, dict))
    return next((size for size in map(_image_size, known) if size), None)


def _image_size(attribute: Document) -> tuple[int, int] | None:
    said = attribute.get("image_size")
    first = said[0] if isinstance(said, list) and said else None
    if not isinstance(first, dict):
        return None
    width, height = number(first.get("width")), number(first.get("height"))
    return (int(width), int(height)) if width and height and min(width, height) >= 1 else None
