"""The evaluation summary of a training: its scores, overall and by label, and what was taken for what."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.report_training.s3_files import Document


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Numbers from 0 to 1, as the file has them; None where it has none."""

    f1: float | None
    precision: float | None
    recall: float | None


NO_SCORES: Final = Scores(f1=None, precision=None, recall=None)


@dataclass(frozen=True, kw_only=True)
class LabelScores(Scores):
    """What is said of one label, at its assumed threshold."""

    label: str
    threshold: float | None
    testing_images: int | None


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """Of the images that show a label, the share that was found to show another, or the same."""

    true: str
    predicted: str
    share: float


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What an evaluation summary says."""

    overall: Scores
    average_precision: float | None  # of models that find objects
    average_recall: float | None
    labels: tuple[LabelScores, ...]  # the worst first
    confusion: tuple[Confusion, ...]  # of models that label images
    training_images: int | None
    testing_images: int | None
    ended: str | None  # ISO time without a zone, UTC

    def label(self, name: str) -> LabelScores | None:
        """Return what is said of one label."""
        return next((scores for scores in self.labels if scores.label == name), None)

    @property
    def thresholds(self) -> dict[str, float]:
        """The assumed threshold of each label that has one, from 0 to 1."""
        return {scores.label: scores.threshold for scores in self.labels if scores.threshold is not None}


def evaluation_of(summary: Document) -> Evaluation:
    """Read an evaluation summary; what is missing or of another kind is None."""
    overall = _object(summary.get("AggregatedEvaluationResults"))
    details = _object(summary.get("EvaluationDetails"))
    labels = [_label_scores(said) for said in _objects(summary.get("LabelEvaluationResults"))]
    return Evaluation(
        overall=Scores(**_scores(overall)),
        average_precision=number(overall.get("AveragePrecision")),
        average_recall=number(overall.get("AverageRecall")),
        labels=tuple(sorted(labels, key=lambda scores: (scores.f1 if scores.f1 is not None else -1.0, scores.label))),
        confusion=tuple(_confusions(overall)),
        training_images=whole(details.get("NumberOfTrainingImages")),
        testing_images=whole(details.get("NumberOfTestingImages")),
        ended=str(details["EvaluationEndTimestamp"]) if "EvaluationEndTimestamp" in details else None,
    )


def number(said: Any) -> float | None:
    """Return a finite number; None of anything else."""
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    return float(said) if is_number and math.isfinite(said) else None


def whole(said: Any) -> int | None:
    """Return a count; None of anything else."""
    found = number(said)
    return None if found is None or found < 0 else int(found)


def _label_scores(said: Document) -> LabelScores:
    metrics = _object(said.get("Metrics"))
    return LabelScores(
        label=str(said.get("Label")),
        threshold=number(metrics.get("Threshold")),
        testing_images=whole(said.get("NumberOfTestingImages")),
        **_scores(metrics),
    )


def _scores(said: Mapping[str, Any]) -> dict[str, float | None]:
    return {"f1": number(said.get("F1Score"))} | {
        name.lower(): number(said.get(name)) for name in ("Precision", "Recall")
    }


def _confusions(overall: Document) -> list[Confusion]:
    found = []
    for said in _objects(overall.get("ConfusionMatrix")):
        share = number(said.get("Value"))
        if share is not None:
            true, predicted = str(said.get("GroundTruthLabel")), str(said.get("PredictedLabel"))
            found.append(Confusion(true=true, predicted=predicted, share=share))
    return found


def _object(said: Any) -> Document:
    return said if isinstance(said, dict) else {}


def _objects(said: Any) -> list[Document]:
    return [entry for entry in said if isinstance(entry, dict)] if isinstance(said, list) else []
