"""Tell windows with an object from the background, by one linear model.

After N. Dalal, B. Triggs, "Histograms of Oriented Gradients for Human Detection" (CVPR 2005): the model is learned
again with the background that it took for objects (hard negatives).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from local.rekognition.learning.pyramid import Level
from local.rekognition.learning.regions import Rectangles, overlaps

_LEAST_POSITIVE = 0.65  # overlap with an object from which a window is an example of it
_MOST_NEGATIVE = 0.35  # overlap up to which a window is background
_RANDOM_NEGATIVES = 40  # windows an image
_HARD_NEGATIVES = 40  # windows an image and round
_LEAST_WRONG = 0.1  # probability of an object from which background is worth learning from
_ROUNDS = 2
_REGULARIZATION = 0.05


@dataclass(frozen=True)
class Pictured:
    """One image at each size, with the places of its objects in pixels and their labels."""

    levels: Sequence[Level]
    truth: Rectangles
    labels: Sequence[str]


@dataclass(frozen=True)
class WindowModel:
    """Weights of shape (window rows, window columns, features, classes), the last class is the background."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def probabilities(self, level: Level) -> NDArray[np.float64]:
        """Return each window's probability of each class: (windows, classes)."""
        height, width, _, classes = self.weights.shape
        blocks = level.blocks
        rows, columns = blocks.shape[0] - height + 1, blocks.shape[1] - width + 1
        scores = np.tile(self.bias, (rows, columns, 1))
        # Summed block by block, so that no window is ever copied out.
        for row in range(height):
            for column in range(width):
                seen = blocks[row : row + rows, column : column + columns]
                scores += seen @ self.weights[row, column]
        powers = np.exp(scores - scores.max(axis=2, keepdims=True)).reshape(-1, classes)
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float64)


@dataclass
class _Samples:
    """The windows to learn from, as they gather; in 16 bits, which are enough for shares of a block."""

    windows: list[NDArray[np.float16]]
    classes: list[NDArray[np.intp]]

    def add(self, windows: NDArray[np.float32], classes: NDArray[np.intp]) -> None:
        self.windows.append(windows.astype(np.float16))
        self.classes.append(classes)


def learn_windows(pictured: Sequence[Pictured], labels: Sequence[str]) -> WindowModel:
    """Learn the labels' windows from images and their levels."""
    background = len(labels)
    grid = pictured[0].levels[0]
    # A blank window has no gradients: with it there is background even where objects fill every image.
    blank = np.zeros((1, grid.cut(np.array([0])).shape[1]), np.float32)
    samples = _Samples([], [])
    samples.add(blank, np.array([background]))
    rng = np.random.default_rng(0)
    for image in pictured:
        _add_first(samples, image, labels, rng)
    model = _fit(samples, grid, background)
    for _ in range(_ROUNDS):
        for image in pictured:
            mistaken = _mistaken(model, image)
            samples.add(mistaken, np.full(len(mistaken), background))
        model = _fit(samples, grid, background)
    return model


def _fit(samples: _Samples, grid: Level, background: int) -> WindowModel:
    regression = LogisticRegression(C=_REGULARIZATION, max_iter=200, tol=1e-3)
    regression.fit(np.concatenate(samples.windows, dtype=np.float32), np.concatenate(samples.classes))
    weights, bias = regression.coef_, regression.intercept_
    if background == 1:  # of two classes scikit-learn keeps one row, the second class's
        weights, bias = np.stack([0 * weights[0], weights[0]]), np.array([0, bias[0]])
    weights = weights.reshape(background + 1, grid.shape.rows - 1, grid.shape.columns - 1, -1)
    return WindowModel(weights.transpose(1, 2, 3, 0).astype(np.float32), bias.astype(np.float32))


def _add_first(samples: _Samples, image: Pictured, labels: Sequence[str], rng: np.random.Generator) -> None:
    """Add the windows on objects, at least one an object, and some of the background."""
    kinds = np.array([labels.index(label) for label in image.labels], dtype=np.intp)
    cover = [overlaps(level.objects(), image.truth) for level in image.levels]
    best = np.max([c.max(axis=0) for c in cover], axis=0) if len(kinds) else np.empty(0)
    for level, overlap in zip(image.levels, cover, strict=True):
        # An object that no window fits well is learned from the one that fits best.
        fits = overlap >= np.minimum(best, _LEAST_POSITIVE)
        near = np.flatnonzero(fits.any(axis=1))
        far = np.flatnonzero(overlap.max(axis=1, initial=0.0) <= _MOST_NEGATIVE)
        some = rng.permutation(far)[: _RANDOM_NEGATIVES // len(image.levels) + 1]
        if len(near):
            samples.add(level.cut(near), kinds[overlap[near].argmax(axis=1)])
        samples.add(level.cut(some), np.full(len(some), len(labels)))


def _mistaken(model: WindowModel, image: Pictured) -> NDArray[np.float32]:
    """Return the background windows that the model is surest are objects."""
    marks, windows = [], []
    for level in image.levels:
        wrong = 1 - model.probabilities(level)[:, -1]
        wrong[overlaps(level.objects(), image.truth).max(axis=1, initial=0.0) > _MOST_NEGATIVE] = 0
        worst = np.argsort(-wrong, kind="stable")[:_HARD_NEGATIVES]
        worst = worst[wrong[worst] > _LEAST_WRONG]
        marks.append(wrong[worst])
        windows.append(level.cut(worst))
    order = np.argsort(-np.concatenate(marks), kind="stable")[:_HARD_NEGATIVES]
    return np.concatenate(windows)[order]
