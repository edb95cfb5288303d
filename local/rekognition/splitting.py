"""Put a fifth of the images aside for testing, so that every label is both learned and tested."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

_EVERY = 5  # each fifth image is for testing
_LEAST_IMAGES = 2  # of a label: one to learn from, one to test with

Labels = frozenset[str]


def can_be_split(labels: Iterable[Labels]) -> bool:
    """Tell, from the labels of each image, whether every label has enough images to be both learned and tested."""
    counts = Counter(label for each in labels for label in each)
    return bool(counts) and min(counts.values()) >= _LEAST_IMAGES


def for_testing(texts: Sequence[str], labels: Sequence[Labels]) -> frozenset[int]:
    """Return the numbers of the images to test with, given a text that identifies each image, and its labels.

    The same images are chosen in whatever order they come: a fifth of every combination of labels. A label that this
    leaves unlearned gets one of them back; one that it leaves untested gets one more, if none goes unlearned for it.
    """
    # The hash orders a combination's images by chance, yet always the same way.
    ranks = [(sorted(mine), hashlib.sha256(text.encode()).digest()) for text, mine in zip(texts, labels, strict=True)]
    order = sorted(range(len(ranks)), key=ranks.__getitem__)
    by_label: dict[str, list[int]] = defaultdict(list)
    for number in order:
        for label in labels[number]:
            by_label[label].append(number)
    testing = _Part(set(order[_EVERY - 1 :: _EVERY]), labels)
    training = _Part(set(order) - testing.numbers, labels)
    training.take_missing(testing, by_label, leave=0)
    testing.take_missing(training, by_label, leave=1)
    return frozenset(testing.numbers)


class _Part:
    """One part of the images, by their numbers, and how many of each label it has."""

    def __init__(self, numbers: set[int], labels: Sequence[Labels]) -> None:
        self.numbers = numbers
        self._labels = labels
        self._counts = Counter(label for number in numbers for label in labels[number])

    def take_missing(self, other: _Part, by_label: Mapping[str, Sequence[int]], leave: int) -> None:
        """Take an image of each label that is missing here, the rarest label first, and leave so many of each there."""
        for label in sorted(by_label, key=lambda label: (len(by_label[label]), label)):
            if self._counts[label]:
                continue
            spare = [number for number in by_label[label] if other._can_spare(number, leave)]
            if spare:
                self._take(max(spare, key=self._gain), other)

    def _can_spare(self, number: int, leave: int) -> bool:
        return all(self._counts[label] > leave for label in self._labels[number])

    def _gain(self, number: int) -> int:
        """Return how many labels that are missing here the image would bring."""
        return sum(not self._counts[label] for label in self._labels[number])

    def _take(self, number: int, other: _Part) -> None:
        self.numbers.add(number)
        other.numbers.remove(number)
        self._counts.update(self._labels[number])
        other._counts.subtract(self._labels[number])
