"""Write what a training leaves in the caller's bucket, under the names and in the fields of the service."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from local.rekognition.evaluation import Evaluation
from local.rekognition.failures import Failure
from local.rekognition.findings import Finding, mark
from local.rekognition.lines import Line
from local.rekognition.manifests import write_line
from local.rekognition.objects import ObjectStore
from local.rekognition.orders import Order
from local.rekognition.snapshots import iso_time
from local.rekognition.training_checks import Failures
from local.rekognition.training_data import DataSet, TrainingData, UseCase

Member = dict[str, Any]  # of ProjectVersionDescription


@dataclass(frozen=True)
class Output:
    """Where one training writes."""

    order: Order
    objects: ObjectStore

    def put(self, name: str, body: str) -> Member:
        """Write one file; return its place. Raises ObjectUnavailableError."""
        output = self.order.request["OutputConfig"]
        prefix = output.get("S3KeyPrefix", "").strip("/")
        file = f"{name}-{self.order.project_name}-{self.order.version_name}.json"
        place = {"Bucket": output["S3Bucket"], "Name": f"{prefix}/{file}" if prefix else file}
        self.objects.write(place["Bucket"], place["Name"], body.encode(), "application/json")
        return {"S3Object": place}

    def put_lines(self, name: str, lines: Iterable[str]) -> Member:
        """Write one manifest; return it as the Assets of a data result. Raises ObjectUnavailableError."""
        return {"Assets": [{"GroundTruthManifest": self.put(name, "".join(f"{line}\n" for line in lines))}]}


def inputs(order: Order) -> Member:
    """Return what the training was given. Of a project's datasets, the service says nothing here."""
    return {
        "TrainingDataResult": {"Input": order.request.get("TrainingData", {})},
        "TestingDataResult": {"Input": order.request.get("TestingData", {"AutoCreate": False})},
    }


def write_validation(output: Output, data: TrainingData, failures: Failures) -> Member:
    """Write the manifest summary and the validation manifests, which also a training that fails on content leaves.

    Raises ObjectUnavailableError.
    """
    training, testing = (inputs(output.order)[name] for name in ("TrainingDataResult", "TestingDataResult"))
    summary = _manifest_summary(data, failures)
    return {
        "TrainingDataResult": training | {"Validation": _validation(output, "Training", data.training)},
        "TestingDataResult": testing | {"Validation": _validation(output, "Testing", data.testing)},
        "ManifestSummary": output.put("ManifestSummary", json.dumps(summary)),
    }


def write_evaluation(
    output: Output,
    validation: Member,
    data: TrainingData,
    snapshots: tuple[Iterable[str], Iterable[str]],
    evaluation: Evaluation,
    ended: float,
) -> Member:
    """Write the evaluation summary and both snapshots; return all members. Raises ObjectUnavailableError."""
    training = output.put_lines("TrainingGroundTruth", snapshots[0])
    testing = output.put_lines("TestingGroundTruth", snapshots[1])
    auto_create = bool(output.order.request.get("TestingData", {}).get("AutoCreate"))
    summary = _summary(output.order, data, evaluation, ended)
    return {
        **validation,
        "TrainingDataResult": validation["TrainingDataResult"] | {"Output": training},
        "TestingDataResult": validation["TestingDataResult"] | {"Output": testing | {"AutoCreate": auto_create}},
        "EvaluationResult": {
            "F1Score": evaluation.f1,
            "Summary": output.put("EvaluationResultSummary", json.dumps(summary)),
        },
    }


def _summary(order: Order, data: TrainingData, evaluation: Evaluation, ended: float) -> dict[str, Any]:
    return {
        "Version": 1,
        "EvaluationDetails": {
            "EvaluationEndTimestamp": iso_time(ended),
            "Labels": [metrics.label for metrics in evaluation.labels],
            "NumberOfTrainingImages": len(data.training.examples),
            "NumberOfTestingImages": len(data.testing.examples),
            "ProjectVersionArn": order.version_arn,
        },
        "AggregatedEvaluationResults": _overall(evaluation, data.use_case),
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


def _overall(evaluation: Evaluation, use_case: UseCase) -> dict[str, Any]:
    overall: dict[str, Any] = {
        "F1Score": evaluation.f1,
        "Precision": evaluation.precision,
        "Recall": evaluation.recall,
    }
    if use_case is UseCase.OBJECT_LOCALIZATION:
        return overall | {
            "AveragePrecision": evaluation.average_precision,
            "AverageRecall": evaluation.average_recall,
        }
    confusion = [
        {"GroundTruthLabel": true, "PredictedLabel": predicted, "Value": share}
        for (true, predicted), share in evaluation.confusion.items()
    ]
    return overall | {"ConfusionMatrix": confusion}


def _manifest_summary(data: TrainingData, failures: Failures) -> dict[str, Any]:
    # Rows too bad to tell the use case by: so the guide's example has it.
    unknown = failures.worst is Failure.TOO_MANY_INVALID_ROWS_IN_MANIFEST or not data.training.told
    use_case = "NOT_DETERMINED" if unknown else data.use_case
    return {
        "statistics": {
            "training": _statistics(use_case, data.training, failures.training),
            "testing": _statistics(use_case, data.testing, failures.testing),
        },
        "errors": _told(failures.spanning),
    }


def _statistics(use_case: str, data_set: DataSet, failures: Iterable[Failure]) -> dict[str, Any]:
    lines = data_set.lines
    return {
        "use_case": use_case,
        "total_json_lines": len(lines),
        "valid_json_lines": len(data_set.examples),
        "invalid_json_lines": data_set.bad,
        "ignored_json_lines": sum(line.ignored for line in lines),
        # Line numbers from 1: of 15 lines, the guide's example names the 15th.
        "error_json_line_indices": [number for number, line in enumerate(lines, 1) if line.has_errors],
        "errors": _told(failures),
    }


def _told(failures: Iterable[Failure]) -> list[dict[str, str]]:
    return [{"code": failure.code, "message": failure.value} for failure in failures]


def _validation(output: Output, name: str, data_set: DataSet) -> Member:
    return output.put_lines(f"{name}ManifestWithValidation", map(_validated, data_set.lines))


def _validated(line: Line) -> str:
    """Give a line back with what was found wrong with it, each finding at its element.

    Of a line that is no JSON object only the finding is left.
    """
    if not line.findings:
        return line.text
    readable = all(found.code != Finding.ERROR_INVALID_JSON_LINE.name for found in line.findings)
    entry: dict[str, Any] = json.loads(line.text) if readable else {}
    mark(entry, (found for found in line.findings if found.is_error), "errors")
    mark(entry, (found for found in line.findings if not found.is_error), "warnings")
    return write_line(entry)
