"""Write evaluation snapshots: what each image was trained or tested as, and how each prediction compares.

Names of attributes, jobs and details are those of the guide's "Evaluation manifest snapshot".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local.rekognition.evaluation import Judged
from local.rekognition.lines import Line
from local.rekognition.manifests import write_line
from local.rekognition.training_data import DataSet

_TRAINING = "rekognition-custom-labels-training"
_EVALUATION = "rekognition-custom-labels-evaluation"
_CLASSIFICATION = "groundtruth/image-classification"
_DETECTION = "groundtruth/object-detection"


def iso_time(moment: float) -> str:
    """Return epoch seconds as the service writes them into files: UTC, with microseconds, without a zone."""
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def training_snapshot(data_set: DataSet, ended: float) -> Iterator[str]:
    """Give the lines that were trained with, an image each."""
    for number, line in enumerate(data_set.usable):
        yield write_line(_ground_truth(line, number, iso_time(ended)))


def testing_snapshot(
    data_set: DataSet, judged: Iterable[Sequence[Judged]], thresholds: Mapping[str, float], ended: float
) -> Iterator[str]:
    """Give the lines that were tested with, and with each all predictions, judged at the labels' thresholds."""
    when = iso_time(ended)
    for number, (line, found) in enumerate(zip(data_set.usable, judged, strict=True)):
        evaluate = _boxes_evaluation if line.boxes else _labels_evaluation
        yield write_line(_ground_truth(line, number, when) | evaluate(line, found, thresholds, when))


def _ground_truth(line: Line, number: int, when: str) -> dict[str, Any]:
    source = line.source
    assert source is not None  # a usable line has one
    entry: dict[str, Any] = {"source-ref": f"s3://{source.bucket}/{source.key}"}
    if line.boxes:
        labels = sorted({box.label for box in line.boxes})
        boxes = [(box.label, (box.left, box.top, box.width, box.height)) for box in line.boxes]
        entry[f"{_TRAINING}-0"] = _annotations(line, boxes, labels)
        entry[f"{_TRAINING}-0-metadata"] = {
            "objects": [{"confidence": 1.0} for _ in line.boxes],
            "class-map": _class_map(labels),
            **_job(_TRAINING, _DETECTION, when),
        }
    else:
        for place, label in enumerate(sorted(line.labels)):
            entry[f"{_TRAINING}-{place}"] = 1
            entry[f"{_TRAINING}-{place}-metadata"] = {
                "confidence": 1.0,
                "class-name": label,
                **_job(_TRAINING, _CLASSIFICATION, when),
            }
    return entry | {"rekognition-custom-labels-object-id": number}


def _labels_evaluation(
    _line: Line, found: Sequence[Judged], thresholds: Mapping[str, float], when: str
) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    for place, judged in enumerate(found):
        prediction = judged.prediction
        entry[f"{_EVALUATION}-{place}"] = int(prediction.confidence >= thresholds[prediction.label])
        entry[f"{_EVALUATION}-{place}-metadata"] = {
            "confidence": prediction.confidence,
            "class-name": prediction.label,
            **_job(_EVALUATION, _CLASSIFICATION, when),
            **_details(judged, thresholds),
        }
    return entry


def _boxes_evaluation(
    line: Line, found: Sequence[Judged], thresholds: Mapping[str, float], when: str
) -> dict[str, Any]:
    labels = sorted({judged.prediction.label for judged in found})
    width, height = line.size or (1, 1)
    boxes = [
        (
            judged.prediction.label,
            (region.left * width, region.top * height, region.width * width, region.height * height),
        )
        for judged in found
        if (region := judged.prediction.region) is not None
    ]
    return {
        _EVALUATION: _annotations(line, [(label, tuple(map(round, box))) for label, box in boxes], labels),
        f"{_EVALUATION}-metadata": {
            "objects": [
                {"confidence": judged.prediction.confidence, **_details(judged, thresholds)} for judged in found
            ],
            "class-map": _class_map(labels),
            **_job(_EVALUATION, _DETECTION, when),
        },
    }


def _annotations(line: Line, boxes: Iterable[tuple[str, tuple[float, ...]]], labels: Sequence[str]) -> dict[str, Any]:
    width, height = line.size or (1, 1)
    return {
        "image_size": [{"width": width, "height": height, "depth": 3}],
        "annotations": [
            {"class_id": labels.index(label), **dict(zip(("left", "top", "width", "height"), box, strict=True))}
            for label, box in boxes
        ],
    }


def _class_map(labels: Sequence[str]) -> dict[str, str]:
    return {str(number): label for number, label in enumerate(labels)}


def _job(name: str, kind: str, when: str) -> dict[str, str]:
    human = "yes" if name == _TRAINING else "no"
    return {"job-name": f"{name}-job", "human-annotated": human, "creation-date": when, "type": kind}


def _details(judged: Judged, thresholds: Mapping[str, float]) -> dict[str, Any]:
    accepted = judged.prediction.confidence >= thresholds[judged.prediction.label]
    return {
        f"{_EVALUATION}-details": {
            "version": 1,
            "ground-truth-labelling-jobs": [f"{_TRAINING}-job"],
            "is-true-positive": accepted and judged.right,
            "is-true-negative": not accepted and not judged.right,
            "is-false-positive": accepted and not judged.right,
            "is-false-negative": not accepted and judged.right,
            "is-present-in-ground-truth": judged.right,
        }
    }
