"""Suggests a threshold for each label from how a version did on its test set.

The evaluation snapshot has each prediction of each test image with its confidence and whether it was right, so that
every threshold can be tried. A prediction below the label's assumed threshold is in it too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cli.deployment import Clients, Deployment
from cli.models import Model, ModelError, list_models
from lambdas.evaluations import read_evaluation, tested_lines

_EVALUATION: Final = "rekognition-custom-labels-evaluation"
_DETAILS: Final = f"{_EVALUATION}-details"


@dataclass(frozen=True)
class Prediction:
    """What a version said of one test image, and whether it was right."""

    label: str
    confidence: float  # percent
    right: bool


@dataclass(frozen=True)
class Suggestion:
    """The threshold that gives a label what was wished for; None where none does."""

    label: str
    assumed: float  # percent: the threshold that the service applies by itself
    threshold: float | None  # percent
    precision: float | None
    recall: float | None

    def to_json(self) -> dict[str, Any]:
        """Spell the suggestion for `--json`."""
        return {
            "Label": self.label,
            "AssumedThreshold": self.assumed,
            "Threshold": self.threshold,
            "Precision": self.precision,
            "Recall": self.recall,
        }


def suggest_thresholds(
    clients: Clients, deployment: Deployment, project: str, *, precision: float | None, recall: float | None
) -> list[Suggestion]:
    """Suggest for each label of the active version the threshold that reaches a precision, or a recall, best.

    Raises ModelError where no version is active or its evaluation is gone.
    """
    model = _active(clients, deployment, project)
    answer = clients("rekognition").describe_project_versions(
        ProjectArn=model.project_arn, VersionNames=[model.version]
    )
    description = answer["ProjectVersionDescriptions"][0]
    evaluation = read_evaluation(clients("s3"), description)
    predictions = [said for line in tested_lines(clients("s3"), description) for said in predictions_of(line)]
    if evaluation is None or not predictions:
        raise ModelError(
            f"{model.version} has left no evaluation with confidences; train it again, or take a newer one"
        )
    return [
        suggested(label, assumed, [said for said in predictions if said.label == label], precision, recall)
        for label, assumed in sorted(evaluation.thresholds.items())
    ]


def suggested(
    label: str, assumed: float, predictions: Iterable[Prediction], precision: float | None, recall: float | None
) -> Suggestion:
    """Try each confidence as the threshold: of those that reach the wish, take the one with the best other metric.

    Recall is counted among what was predicted at any confidence: an object that was not seen at all is in no line.
    """
    ranked = sorted(predictions, key=lambda said: -said.confidence)
    wanted = sum(said.right for said in ranked)
    best: tuple[float, float, float] | None = None
    right = 0
    for number, said in enumerate(ranked, start=1):
        right += said.right
        same_side = number < len(ranked) and ranked[number].confidence == said.confidence
        if same_side or not wanted:
            continue
        point = (right / number, right / wanted, said.confidence)
        reached = point[0] >= precision if precision is not None else point[1] >= (recall or 0)
        other = 1 if precision is not None else 0
        if reached and (best is None or point[other] > best[other]):
            best = point
    if best is None:
        return Suggestion(label, assumed, None, None, None)
    return Suggestion(label, assumed, round(best[2], 4), best[0], best[1])


def predictions_of(line: Mapping[str, Any]) -> Iterator[Prediction]:
    """Yield the predictions of one line of an evaluation snapshot: labels of the image, or boxes in it."""
    for name, metadata in line.items():
        if not (name.startswith(_EVALUATION) and name.endswith("-metadata")):
            continue
        if "class-name" in metadata:
            yield Prediction(metadata["class-name"], 100 * metadata["confidence"], _is_right(metadata))
        boxes = line[name.removesuffix("-metadata")]["annotations"] if "class-map" in metadata else []
        for box, said in zip(boxes, metadata.get("objects", []), strict=False):
            yield Prediction(metadata["class-map"][str(box["class_id"])], 100 * said["confidence"], _is_right(said))


def _is_right(said: Mapping[str, Any]) -> bool:
    return bool(said[_DETAILS]["is-present-in-ground-truth"])


def _active(clients: Clients, deployment: Deployment, project: str) -> Model:
    deployment.project(project)
    for model in list_models(clients, deployment, project):
        if model.active:
            return model
    raise ModelError(f"{project} has no active version; train one, or start one with --version")
