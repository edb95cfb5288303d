"""Learn labels of whole images: their shapes and colours at a fixed size, and a logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.feature import hog
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from local.rekognition.learning.examples import Example, Prediction, shrunk

LARGEST_SIDE = 256  # pixels; images are shrunk to this first, for a larger one shows nothing more here
_SIDE = 64  # pixels; every image is then brought to this square
_COARSE_SIDE = 12  # pixels of the colour features
# Held tight because there are more features than images.
_REGULARIZATION = 0.03


@dataclass(frozen=True)
class ImageLabelModel:
    """Tell each label's probability; when all images bore exactly one label, these add up to 1."""

    labels: tuple[str, ...]
    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    classifier: LogisticRegression | OneVsRestClassifier

    def predict(self, image: Image.Image) -> Sequence[Prediction]:
        """Return every label with its confidence."""
        probabilities = self.classifier.predict_proba((_features(image)[None] - self.mean) / self.spread)[0]
        return [
            Prediction(label, float(probability)) for label, probability in zip(self.labels, probabilities, strict=True)
        ]


def learn_image_labels(examples: Sequence[Example]) -> ImageLabelModel:
    """Learn from examples of at least two labels."""
    labels = tuple(sorted(frozenset[str]().union(*(example.labels for example in examples))))
    matrix = np.stack([_features(example.image) for example in examples])
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
    classifier.fit((matrix - mean) / spread, targets)
    return ImageLabelModel(labels, mean, spread, classifier)


def _features(image: Image.Image) -> NDArray[np.float32]:
    """Describe an RGB image by its gradients and by a coarse picture of its colours: one row of numbers."""
    square = shrunk(image, LARGEST_SIDE).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    grey = np.asarray(square.convert("L"), dtype=np.float32) / 255.0
    shapes = hog(grey, orientations=9, pixels_per_cell=(8, 8), cells_per_block=(2, 2))
    coarse = square.resize((_COARSE_SIDE, _COARSE_SIDE), Image.Resampling.BOX)
    colours = np.asarray(coarse, dtype=np.float32).ravel() / 255.0
    return np.concatenate([shapes, colours]).astype(np.float32)
