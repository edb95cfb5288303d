"""Write what a training leaves in the caller's bucket, under the names and in the fields of the service."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from local.rekognition.datasets import DataSet, UseCase
from local.rekognition.evaluation import Evaluation
from local.rekognition.objects import ObjectStore
from local.rekognition.orders import Order


def write_results(
    order: Order,
    objects: ObjectStore,
    use_case: UseCase,
    training: DataSet,
    testing: DataSet,
    evaluation: Evaluation,
    ended: float,
) -> dict[str, Any]:
    """Write the six files; return the members of ProjectVersionDescription that say where.

    Raises ObjectUnavailableError.
    """
    request = order.request
    summary = _summary(order, use_case, training, testing, evaluation, ended)

    def put(name: str, body: str) -> dict[str, Any]:
        place = _place(order, name)
        objects.write(place["Bucket"], place["Name"], body.encode(), "application/json")
        return {"S3Object": place}

    def data(name: str, given: Mapping[str, Any], data_set: DataSet, **more: bool) -> dict[str, Any]:
        output = put(f"{name}GroundTruth", _lines(line.text for line in data_set.lines if line.usable))
        checked = put(f"{name}ManifestWithValidation", _lines(_validated(data_set)))
        return {
            "Input": dict(given),
            "Output": {"Assets": [{"GroundTruthManifest": output}], **more},
            "Validation": {"Assets": [{"GroundTruthManifest": checked}]},
        }

    return {
        "TrainingDataResult": data("Training", request["TrainingData"], training),
        "TestingDataResult": data("Testing", request["TestingData"], testing, AutoCreate=order.testing is None),
        "ManifestSummary": put("ManifestSummary", json.dumps(_manifest_summary(use_case, training, testing))),
        "EvaluationResult": {
            "F1Score": evaluation.f1,
            "Summary": put("EvaluationResultSummary", json.dumps(summary)),
        },
    }


def _place(order: Order, name: str) -> dict[str, str]:
    output = order.request["OutputConfig"]
    prefix = output.get("S3KeyPrefix", "").strip("/")
    file = f"{name}-{order.project_name}-{order.version_name}.json"
    return {"Bucket": output["S3Bucket"], "Name": f"{prefix}/{file}" if prefix else file}


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _summary(
    order: Order, use_case: UseCase, training: DataSet, testing: DataSet, evaluation: Evaluation, ended: float
) -> dict[str, Any]:
    overall: dict[str, Any] = {
        "F1Score": evaluation.f1,
        "Precision": evaluation.precision,
        "Recall": evaluation.recall,
    }
    if use_case is UseCase.IMAGE_LEVEL_LABELS:
        overall["ConfusionMatrix"] = [
            {"GroundTruthLabel": true, "PredictedLabel": predicted, "Value": share}
            for (true, predicted), share in evaluation.confusion.items()
        ]
    return {
        "Version": 1,
        "EvaluationDetails": {
            "EvaluationEndTimestamp": datetime.fromtimestamp(ended, UTC)
            .replace(tzinfo=None)
            .isoformat(timespec="microseconds"),
            "Labels": [metrics.label for metrics in evaluation.labels],
            "NumberOfTrainingImages": len(training.examples),
            "NumberOfTestingImages": len(testing.examples),
            "ProjectVersionArn": order.version_arn,
        },
        "AggregatedEvaluationResults": overall,
        "LabelEvaluationResults": [
            {
                "Label": metrics.label,
                "Metrics": {
                    "F1Score": metrics.f1,
                    "Precision": metrics.precision,
                    "Recall": metrics.recall,
                    "Threshold": metrics.threshold,
                },
                "NumberOfTestingImages": metrics.testing_images,
            }
            for metrics in sorted(evaluation.labels, key=lambda metrics: metrics.f1)
        ],
    }


def _manifest_summary(use_case: UseCase, training: DataSet, testing: DataSet) -> dict[str, Any]:
    statistics = {"training": _statistics(use_case, training), "testing": _statistics(use_case, testing)}
    return {"statistics": statistics, "errors": []}


def _statistics(use_case: UseCase, data_set: DataSet) -> dict[str, Any]:
    lines = data_set.lines
    bad = [number for number, line in enumerate(lines) if not line.usable and not line.ignored]
    return {
        "use_case": use_case,
        "total_json_lines": len(lines),
        "valid_json_lines": sum(line.usable for line in lines),
        "invalid_json_lines": len(bad),
        "ignored_json_lines": sum(line.ignored for line in lines),
        "error_json_line_indices": bad,
        "errors": [],
    }


def _validated(data_set: DataSet) -> Iterable[str]:
    """Give each line back with what was found wrong with it; one that is no JSON object comes back as it was."""
    for line in data_set.lines:
        if not line.findings or line.source is None:
            yield line.text
            continue
        entry = json.loads(line.text)
        for kind, prefix in (("errors", "ERROR_"), ("warnings", "WARNING_")):
            found = [{"code": c, "message": m} for c, m in line.findings if c.startswith(prefix)]
            if found:
                entry[kind] = found
        yield json.dumps(entry)
