"""Measure a model on its test set, and choose each label's assumed threshold there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from local.rekognition.learning.examples import Example, Prediction, Region
from local.rekognition.learning.regions import overlaps, rectangles

_SAME_OBJECT = 0.5  # least overlap of a prediction with the object that it found
_UNTESTED_THRESHOLD = 0.5


@dataclass(frozen=True)
class Judged:
    """One prediction, and whether what it says is there."""

    prediction: Prediction
    right: bool


@dataclass(frozen=True)
class LabelMetrics:
    """How well one label is told at its threshold; all from 0 to 1.

    The averages are over all thresholds: the area below the curve of precision over recall, and the most recall.
    """

    label: str
    threshold: float
    precision: float
    recall: float
    f1: float
    testing_images: int
    average_precision: float = 0.0
    average_recall: float = 0.0


@dataclass(frozen=True)
class Evaluation:
    """Every label's metrics, and of each pair (true label, predicted label) the share of the true one's images."""

    labels: tuple[LabelMetrics, ...]
    confusion: Mapping[tuple[str, str], float]

    @property
    def tested(self) -> tuple[LabelMetrics, ...]:
        return tuple(metrics for metrics in self.labels if metrics.testing_images)

    @property
    def f1(self) -> float:
        return fmean(metrics.f1 for metrics in self.tested) if self.tested else 0.0

    @property
    def precision(self) -> float:
        return fmean(metrics.precision for metrics in self.tested) if self.tested else 0.0

    @property
    def recall(self) -> float:
        return fmean(metrics.recall for metrics in self.tested) if self.tested else 0.0

    @property
    def average_precision(self) -> float:
        return fmean(metrics.average_precision for metrics in self.tested) if self.tested else 0.0

    @property
    def average_recall(self) -> float:
        return fmean(metrics.average_recall for metrics in self.tested) if self.tested else 0.0


def evaluate(
    labels: Sequence[str], examples: Sequence[Example[Any]], predictions: Sequence[Sequence[Prediction]]
) -> Evaluation:
    """Compare what a model predicted of each example with what is known of it."""
    metrics = tuple(_label_metrics(label, examples, predictions) for label in labels)
    thresholds = {found.label: found.threshold for found in metrics}
    return Evaluation(metrics, _confusion(labels, thresholds, examples, predictions))


def judge(example: Example[Any], found: Sequence[Prediction]) -> list[Judged]:
    """Return each prediction of one example, label by label and the surest first, and whether it is right.

    Each object goes to the surest prediction that covers it; every other prediction is wrong.
    """
    judged: list[Judged] = []
    for label in sorted({prediction.label for prediction in found}):
        mine = sorted((p for p in found if p.label == label), key=lambda p: -p.confidence)
        if example.objects:
            judged += _matched(mine, [mark.region for mark in example.objects if mark.label == label])
        else:
            judged += [Judged(prediction, label in example.labels) for prediction in mine]
    return judged


def _label_metrics(
    label: str, examples: Sequence[Example[Any]], predictions: Sequence[Sequence[Prediction]]
) -> LabelMetrics:
    trials = [
        (judged.prediction.confidence, judged.right)
        for example, found in zip(examples, predictions, strict=True)
        for judged in judge(example, [prediction for prediction in found if prediction.label == label])
    ]
    wanted = sum(
        sum(mark.label == label for mark in example.objects) if example.objects else label in example.labels
        for example in examples
    )
    threshold, precision, recall, f1 = _best_point(trials, wanted)
    images = sum(label in example.labels for example in examples)
    return LabelMetrics(label, threshold, precision, recall, f1, images, *_averages(trials, wanted))


def _matched(found: Sequence[Prediction], truth: Sequence[Region]) -> list[Judged]:
    free = set(range(len(truth)))
    judged = []
    cover = overlaps(rectangles(p.region for p in found if p.region), rectangles(truth))
    for number, prediction in enumerate(found):
        hit = max(free, key=lambda t: cover[number, t], default=None)
        right = hit is not None and bool(cover[number, hit] >= _SAME_OBJECT)
        if right:
            free.discard(hit)
        judged.append(Judged(prediction, right))
    return judged


def _averages(trials: Sequence[tuple[float, bool]], wanted: int) -> tuple[float, float]:
    """Return the average precision and the most recall of the trials, ranked by confidence."""
    right, precisions = 0, []
    for number, (_, is_right) in enumerate(sorted(trials, reverse=True), 1):
        right += is_right
        if is_right:
            precisions.append(right / number)
    return (sum(precisions) / wanted, right / wanted) if wanted else (0.0, 0.0)


def _best_point(trials: Sequence[tuple[float, bool]], wanted: int) -> tuple[float, float, float, float]:
    """Return threshold, precision, recall and F1 where F1 is best.

    The threshold lies midway between the last confidence accepted and the first refused: where it is least likely
    to cut off an image that it has not seen.
    """
    best = (_UNTESTED_THRESHOLD, 0.0, 0.0, 0.0)
    ranked = sorted(trials, reverse=True)
    right = 0
    for number, (confidence, is_right) in enumerate(ranked, 1):
        right += is_right
        below = ranked[number][0] if number < len(ranked) else 0.0
        if below == confidence or not right:
            continue  # equal confidences fall on the same side
        precision, recall = right / number, right / wanted
        f1 = 2 * precision * recall / (precision + recall)
        if f1 > best[3]:
            best = ((confidence + below) / 2, precision, recall, f1)
    return best


def _confusion(
    labels: Sequence[str],
    thresholds: Mapping[str, float],
    examples: Sequence[Example[Any]],
    predictions: Sequence[Sequence[Prediction]],
) -> dict[tuple[str, str], float]:
    confusion: dict[tuple[str, str], float] = {}
    accepted = [{p.label for p in found if p.confidence >= thresholds[p.label]} for found in predictions]
    for true in labels:
        images = [found for example, found in zip(examples, accepted, strict=True) if true in example.labels]
        for predicted in labels:
            share = fmean(predicted in found for found in images) if images else 0.0
            if share:
                confusion[true, predicted] = share
    return confusion
