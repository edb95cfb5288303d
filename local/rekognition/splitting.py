"""Put a fifth of the images aside for testing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence

from local.rekognition.manifests import Line

_EVERY = 5  # each fifth line is for testing
_LEAST_IMAGES = 2  # of a label: one to learn from, one to test with


class TooFewImagesError(Exception):
    """A label has too few images to be both learned and tested."""


def split(lines: Sequence[Line], labels: Callable[[Line], frozenset[str]]) -> tuple[list[Line], list[Line]]:
    """Return the lines to train and those to test with: always the same, every combination of labels in its share.

    Raises TooFewImagesError.
    """
    counts = Counter(label for line in lines for label in labels(line))
    if not counts or min(counts.values()) < _LEAST_IMAGES:
        raise TooFewImagesError
    # The hash orders a combination's lines by chance, yet always the same way.
    ordered = sorted(lines, key=lambda line: (sorted(labels(line)), hashlib.sha256(line.text.encode()).hexdigest()))
    training = [line for number, line in enumerate(ordered) if number % _EVERY != _EVERY - 1]
    return training, ordered[_EVERY - 1 :: _EVERY]
