"""Count a test's predictions label by label, in steps of a hundredth of confidence, however many there are."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from operator import add
from typing import Final

from lambdas.report_training.snapshot import TestedImage

STEPS: Final = 100  # of the confidence from 0 to 1
_MOST_LABELS: Final = 250  # that a model may have


@dataclass(frozen=True)
class Point:
    """How well a label is told where predictions of at least `threshold` are taken."""

    threshold: float
    precision: float | None  # None where nothing is taken
    recall: float


@dataclass
class LabelCounts:
    """What is counted of one label: images, or objects where the model finds those."""

    expected: int = 0
    right: int = 0  # accepted at the assumed threshold, and there
    wrong: int = 0  # accepted, and not there
    right_by_step: list[int] = field(default_factory=lambda: [0] * (STEPS + 1))  # whatever the assumed threshold
    wrong_by_step: list[int] = field(default_factory=lambda: [0] * (STEPS + 1))

    @property
    def missed(self) -> int:
        return max(0, self.expected - self.right)

    def curve(self) -> list[Point]:
        """Return precision and recall at each hundredth from 0 to 1; nothing where the label is on no image."""
        if not self.expected:
            return []
        right = list(accumulate(reversed(self.right_by_step)))[::-1]
        wrong = list(accumulate(reversed(self.wrong_by_step)))[::-1]
        return [
            Point(
                threshold=step / STEPS,
                precision=right[step] / (right[step] + wrong[step]) if right[step] + wrong[step] else None,
                recall=min(1.0, right[step] / self.expected),
            )
            for step in range(STEPS + 1)
        ]


@dataclass
class Tally:
    """What is counted of a test set."""

    images: int = 0
    whole: bool = True  # every image was counted
    labels: dict[str, LabelCounts] = field(default_factory=dict)
    _digest: int = 0

    def add(self, image: TestedImage) -> None:
        """Count one image. Of labels beyond those that a model may have nothing is counted."""
        self.images += 1
        self._digest += _digest(image)
        for expected in image.expected:
            if counts := self._counts(expected.label):
                counts.expected += 1
        for found in image.found:
            if counts := self._counts(found.label):
                step = min(STEPS, max(0, int(found.confidence * STEPS)))
                (counts.right_by_step if found.right else counts.wrong_by_step)[step] += 1
                counts.right += found.accepted and found.right
                counts.wrong += found.accepted and not found.right

    def overall(self) -> LabelCounts:
        """Add up the counts of all labels."""
        total = LabelCounts()
        for counts in self.labels.values():
            total.expected += counts.expected
            total.right += counts.right
            total.wrong += counts.wrong
            total.right_by_step = list(map(add, total.right_by_step, counts.right_by_step))
            total.wrong_by_step = list(map(add, total.wrong_by_step, counts.wrong_by_step))
        return total

    @property
    def test_set(self) -> str:
        """Name the test set: the same for the same images with the same labels and boxes, in any order."""
        return f"{self._digest % (1 << 256):064x}"

    def _counts(self, label: str) -> LabelCounts | None:
        if label not in self.labels and len(self.labels) >= _MOST_LABELS:
            return None
        return self.labels.setdefault(label, LabelCounts())


def counted(labels: Iterable[Iterable[str]]) -> Mapping[str, int]:
    """Count labels of images, of at most as many labels as a model may have."""
    counts: dict[str, int] = {}
    for names in labels:
        for name in names:
            if name in counts or len(counts) < _MOST_LABELS:
                counts[name] = counts.get(name, 0) + 1
    return counts


def _digest(image: TestedImage) -> int:
    """Return a number that is added up: sums do not know an order."""
    said = sorted(repr(expected) for expected in image.expected)
    return int.from_bytes(hashlib.sha256("\0".join([image.source, *said]).encode("utf-8", "replace")).digest(), "big")
