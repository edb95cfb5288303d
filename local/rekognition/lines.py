"""Hold one manifest line: what it says of its image, and what was found wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from local.rekognition.findings import Finding, Found, Path
from local.rekognition.orders import Location


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

    def found(self, *more: Found) -> Line:
        """Return the line with more findings; the same at the same place is told once."""
        return replace(self, findings=tuple(dict.fromkeys((*self.findings, *more))))

    def lost(self, finding: Finding) -> Line:
        """Return the line as unusable for this reason."""
        return replace(self.found(finding.at()), labels=frozenset(), boxes=())

    def judged(self) -> Line:
        """Return the line with a finding on the whole of it if nothing of it can be used."""
        if self.usable:
            return self
        whole = Finding.ERROR_NO_VALID_LABEL_ATTRIBUTES if self.has_errors else Finding.WARNING_NO_ANNOTATIONS
        return self.found(whole.at())


def labels_of(lines: Iterable[Line]) -> set[str]:
    """Return the labels of the lines' images and boxes."""
    labels: set[str] = set()
    for line in lines:
        labels |= line.labels
        labels.update(box.label for box in line.boxes)
    return labels
