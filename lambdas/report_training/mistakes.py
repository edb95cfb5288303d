"""Find the worst mistakes of a test: those farthest on the wrong side of their label's threshold."""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from lambdas.report_training.snapshot import Box, Expected, Found, TestedImage

_MOST_OF_A_KIND: Final = 6  # images
_MOST_SHOWN: Final = 20  # mistakes and right finds of one image
_SAME_OBJECT: Final = 0.5  # overlap


class Kind(StrEnum):
    """What a model can do wrong."""

    WRONG = "wrong"  # found, and not there
    MISSED = "missed"  # there, and not found


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One thing that a model got wrong on an image."""

    kind: Kind
    label: str
    margin: float  # from the threshold, 0, to as wrong as can be, 1
    confidence: float | None  # None: nothing was found there
    threshold: float | None  # of the label; None where the evaluation does not say
    box: Box | None


@dataclass(frozen=True, kw_only=True)
class MistakenImage:
    """An image with what the model got wrong on it, the worst first, and what it got right."""

    number: int  # of its line, from 1
    source: str
    size: tuple[int, int] | None
    mistakes: tuple[Mistake, ...]
    count: int  # of all mistakes, also those that are not listed
    right: tuple[Found, ...]
    expected: tuple[str, ...]  # labels

    @property
    def margin(self) -> float:
        return self.mistakes[0].margin


@dataclass
class WorstMistakes:
    """The images with the worst finds and the worst misses: some of each kind, in constant memory."""

    thresholds: Mapping[str, float]
    images: int = 0  # with a mistake
    _heaps: dict[Kind, list[tuple[float, int, MistakenImage]]] = field(
        default_factory=lambda: {kind: [] for kind in Kind}
    )

    def add(self, number: int, image: TestedImage) -> None:
        """Look at one image."""
        mistakes = sorted(self._mistakes(image), key=lambda mistake: -mistake.margin)
        if not mistakes:
            return
        self.images += 1
        right = [found for found in image.found if found.accepted and found.right]
        bad = MistakenImage(
            number=number,
            source=image.source,
            size=image.size,
            mistakes=tuple(mistakes[:_MOST_SHOWN]),
            count=len(mistakes),
            right=tuple(right[:_MOST_SHOWN]),
            expected=tuple(sorted({expected.label for expected in image.expected})[:_MOST_SHOWN]),
        )
        for kind, heap in self._heaps.items():
            worst = max((mistake.margin for mistake in mistakes if mistake.kind is kind), default=None)
            if worst is not None:
                heapq.heappush(heap, (worst, -number, bad))
                if len(heap) > _MOST_OF_A_KIND:
                    heapq.heappop(heap)

    def worst(self) -> list[MistakenImage]:
        """Return the images, each once, the worst first."""
        images = {bad.number: bad for heap in self._heaps.values() for _, _, bad in heap}
        return sorted(images.values(), key=lambda bad: (-bad.margin, -bad.count, bad.number))

    def _mistakes(self, image: TestedImage) -> Iterable[Mistake]:
        for found in image.found:
            if found.accepted and not found.right:
                yield self._mistake(Kind.WRONG, found.label, found.confidence, found.box)
        for expected in _not_taken(image):
            near = _nearest(expected, image.found)
            yield self._mistake(Kind.MISSED, expected.label, near.confidence if near else None, expected.box)

    def _mistake(self, kind: Kind, label: str, confidence: float | None, box: Box | None) -> Mistake:
        threshold = self.thresholds.get(label)
        margin = _margin(kind, confidence, threshold)
        return Mistake(kind=kind, label=label, margin=margin, confidence=confidence, threshold=threshold, box=box)


def _margin(kind: Kind, confidence: float | None, threshold: float | None) -> float:
    """Return how much of the way from the threshold to certainty of the wrong thing the model went."""
    if confidence is None:
        return 1.0
    if kind is Kind.WRONG:
        least = threshold or 0.0
        return min(1.0, max(0.0, (confidence - least) / (1 - least))) if least < 1 else 1.0
    return min(1.0, max(0.0, 1 - confidence / threshold)) if threshold else 1.0


def _not_taken(image: TestedImage) -> list[Expected]:
    """Return what is there and was not accepted: each accepted right find takes the object that it covers best."""
    left = list(image.expected)
    for found in image.found:
        if found.accepted and found.right:
            mine = [expected for expected in left if expected.label == found.label]
            if mine:
                left.remove(max(mine, key=lambda expected: _cover(expected, found)))
    return left


def _nearest(expected: Expected, all_found: Iterable[Found]) -> Found | None:
    """Return the surest find of the label there that was not accepted."""
    there = [
        found
        for found in all_found
        if found.label == expected.label and not found.accepted and _cover(expected, found) >= _SAME_OBJECT
    ]
    return max(there, key=lambda found: found.confidence, default=None)


def _cover(expected: Expected, found: Found) -> float:
    return expected.box.overlap(found.box) if expected.box and found.box else 1.0
