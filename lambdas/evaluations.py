"""How well a version did on its test set: the evaluation summary and snapshot that a training leaves in S3."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class LabelScores:
    """One label's metrics at its assumed threshold, all from 0 to 1."""

    f1: float
    precision: float
    recall: float
    threshold: float  # where F1 is best on the test set; the service applies it where no MinConfidence is given
    testing_images: int


@dataclass(frozen=True)
class Evaluation:
    """What a version's evaluation summary says."""

    f1: float  # plain mean over the labels
    labels: Mapping[str, LabelScores]

    @property
    def thresholds(self) -> dict[str, float]:
        """The assumed threshold of each label, in percent as DetectCustomLabels takes them."""
        return {name: round(100 * scores.threshold, 4) for name, scores in self.labels.items()}


def parse_summary(text: str | bytes) -> Evaluation:
    """Read an evaluation summary (EvaluationResultSummary-PROJECT-VERSION.json)."""
    said = json.loads(text)
    return Evaluation(
        f1=said["AggregatedEvaluationResults"]["F1Score"],
        labels={
            result["Label"]: LabelScores(
                f1=result["Metrics"]["F1Score"],
                precision=result["Metrics"]["Precision"],
                recall=result["Metrics"]["Recall"],
                threshold=result["Metrics"]["Threshold"],
                testing_images=result["NumberOfTestingImages"],
            )
            for result in said["LabelEvaluationResults"]
        },
    )


def read_evaluation(s3: Any, description: Mapping[str, Any]) -> Evaluation | None:
    """Read the evaluation of a ProjectVersionDescription; None where its training left none."""
    summary = description.get("EvaluationResult", {}).get("Summary")
    return None if summary is None else parse_summary(_open(s3, summary["S3Object"]).read())


def tested_lines(s3: Any, description: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the lines of a version's evaluation snapshot: each image of the test set and what was predicted of it."""
    for asset in description.get("TestingDataResult", {}).get("Output", {}).get("Assets", []):
        for line in _open(s3, asset["GroundTruthManifest"]["S3Object"]).iter_lines():
            if line.strip():
                yield json.loads(line)


def tested_images(s3: Any, description: Mapping[str, Any]) -> frozenset[str]:
    """Return the source-refs of the images that a version was tested with."""
    return frozenset(line["source-ref"] for line in tested_lines(s3, description))


def _open(s3: Any, place: Mapping[str, str]) -> Any:
    return s3.get_object(Bucket=place["Bucket"], Key=place["Name"])["Body"]
