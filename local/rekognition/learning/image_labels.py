"""Learn labels of whole images: their shapes and colours at a fixed size, and a logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from local.rekognition.learning.examples import Example, Learner, Prediction, shrunk
from local.rekognition.learning.gradients import blocks, cells

LONGEST_SIDE = 256  # pixels; images are shrunk to this first, for a larger one shows nothing more here
_SIDE = 64  # pixels; every image is then brought to this square
_CELL = 8  # pixels a side of one histogram of gradients
_COARSE_SIDE = 12  # pixels of the colour features
# Held tight because there are more features than images.
_REGULARIZATION = 0.03

Features = NDArray[np.float32]  # one row of numbers, 9 kB, whatever the size of the image


@dataclass(frozen=True)
class ImageLabelModel:
    """Tell each label's probability; when all images bore exactly one label, these add up to 1."""

    longest_side: ClassVar[int] = LONGEST_SIDE

    labels: tuple[str, ...]
    mean: Features
    spread: Features
    classifier: LogisticRegression | OneVsRestClassifier

    def predict(self, image: Image.Image) -> Sequence[Prediction]:
        """Return every label with its confidence."""
        return self.recognize(features(image))

    def recognize(self, seen: Features) -> Sequence[Prediction]:
        """Return every label with its confidence, from the features of an image."""
        probabilities = self.probabilities(seen[None])[0]
        return [
            Prediction(label, float(probability)) for label, probability in zip(self.labels, probabilities, strict=True)
        ]

    def probabilities(self, seen: Features) -> NDArray[np.float64]:
        """Return each row's probability of each label: (rows, labels)."""
        return np.asarray(self.classifier.predict_proba((seen - self.mean) / self.spread), dtype=np.float64)


def learn_image_labels(examples: Sequence[Example[Features]]) -> ImageLabelModel:
    """Learn from examples of at least two labels."""
    labels = tuple(sorted(frozenset[str]().union(*(example.labels for example in examples))))
    matrix = np.stack([example.seen for example in examples])
    regression = LogisticRegression(C=_REGULARIZATION, max_iter=500)
    if all(len(example.labels) == 1 for example in examples):
        classifier, targets = regression, np.array([labels.index(min(example.labels)) for example in examples])
    else:
        classifier = OneVsRestClassifier(regression)
        targets = np.array([[label in example.labels for label in labels] for example in examples], dtype=int)
    mean, deviation = matrix.mean(axis=0), matrix.std(axis=0)
    # A feature is brought to the scale of the others, but one that hardly varied in training is not blown up: it
    # would make much of little, such as JPEG's noise on plain ground.
    spread = deviation + np.median(deviation)
    spread = np.where(spread > 0, spread, 1)  # what never varies stays as it is
    matrix -= mean  # in place: it is the largest thing in memory
    matrix /= spread
    classifier.fit(matrix, targets)
    return ImageLabelModel(labels, mean, spread, classifier)


def features(image: Image.Image) -> Features:
    """Describe an RGB image by its gradients and by a coarse picture of its colours."""
    square = shrunk(image, LONGEST_SIDE).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    grey = np.asarray(square.convert("L"), dtype=np.float32) / 255.0
    shapes = blocks(cells(grey[None], _CELL)).ravel()
    coarse = square.resize((_COARSE_SIDE, _COARSE_SIDE), Image.Resampling.BOX)
    colours = np.asarray(coarse, dtype=np.float32).ravel() / 255.0
    return np.concatenate([shapes, colours]).astype(np.float32)


IMAGE_LABELS = Learner(LONGEST_SIDE, features, learn_image_labels)
