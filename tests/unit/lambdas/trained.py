"""What trainings leave in S3: written by hand here, or by the stand-in."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from demo.pictures import PictureSet, manifest_line
from local.rekognition.lifecycle import Durations
from local.rekognition.objects import ObjectUnavailableError, Reason
from local.rekognition.service import Rekognition
from tests.unit.objects import Objects

PROJECT_ARN: Final = "arn:aws:rekognition:eu-west-1:123456789012:project/demo.digits/1600000000000"
_TRAINING: Final = "rekognition-custom-labels-training"
_EVALUATION: Final = "rekognition-custom-labels-evaluation"
_AT_ONCE: Final = Durations(training=0, starting=0, stopping=0, deleting=0)


def arn(name: str) -> str:
    return f"arn:aws:rekognition:eu-west-1:123456789012:project/demo.digits/version/{name}/1700000000000"


def details(*, accepted: bool, right: bool) -> dict[str, Any]:
    said = {
        "version": 1,
        "is-true-positive": accepted and right,
        "is-true-negative": not accepted and not right,
        "is-false-positive": accepted and not right,
        "is-false-negative": not accepted and right,
        "is-present-in-ground-truth": right,
    }
    return {f"{_EVALUATION}-details": said}


def image_line(
    key: str, expected: Sequence[str], found: Mapping[str, float], threshold: float = 0.5, bucket: str = "datasets"
) -> dict[str, Any]:
    """Return a line of the testing snapshot of a model that labels images."""
    line: dict[str, Any] = {"source-ref": f"s3://{bucket}/{key}"}
    for place, label in enumerate(expected):
        line |= {f"{_TRAINING}-{place}": 1, f"{_TRAINING}-{place}-metadata": {"class-name": label}}
    for place, (label, confidence) in enumerate(found.items()):
        judged = details(accepted=confidence >= threshold, right=label in expected)
        line[f"{_EVALUATION}-{place}"] = 1
        line[f"{_EVALUATION}-{place}-metadata"] = {"class-name": label, "confidence": confidence} | judged
    return line


def boxes_line(key: str, expected: Sequence[Any], found: Sequence[Any], threshold: float = 0.5) -> dict[str, Any]:
    """Return a line of a model that finds objects, on 200 x 100 pixels.

    `expected` holds (label, (left, top, width, height)), `found` also a confidence and whether it is right.
    """
    judged = [{"confidence": sure} | details(accepted=sure >= threshold, right=right) for _, _, sure, right in found]
    return {
        "source-ref": f"s3://datasets/{key}",
        **_boxes(f"{_TRAINING}-0", [(label, box) for label, box in expected], [{"confidence": 1.0}] * len(expected)),
        **_boxes(_EVALUATION, [(label, box) for label, box, *_ in found], judged),
    }


def _boxes(name: str, boxes: Sequence[Any], objects: Sequence[Any]) -> dict[str, Any]:
    labels = sorted({label for label, _ in boxes})
    annotations = [
        {"class_id": labels.index(label), **dict(zip(("left", "top", "width", "height"), box, strict=True))}
        for label, box in boxes
    ]
    return {
        name: {"image_size": [{"width": 200, "height": 100, "depth": 3}], "annotations": annotations},
        f"{name}-metadata": {"objects": objects, "class-map": {str(n): label for n, label in enumerate(labels)}},
    }


def summary_of(labels: Mapping[str, float], confusion: Mapping[tuple[str, str], float] | None = None) -> dict[str, Any]:
    """Return an evaluation summary of labels with this F1, each with a threshold of 0.5."""
    mean = sum(labels.values()) / len(labels)
    return {
        "Version": 1,
        "EvaluationDetails": {"NumberOfTrainingImages": 40, "NumberOfTestingImages": 20},
        "AggregatedEvaluationResults": {
            "F1Score": mean,
            "Precision": mean,
            "Recall": mean,
            "ConfusionMatrix": [
                {"GroundTruthLabel": true, "PredictedLabel": found, "Value": share}
                for (true, found), share in (confusion or {}).items()
            ],
        },
        "LabelEvaluationResults": [
            {
                "Label": label,
                "Metrics": {"F1Score": f1, "Precision": f1, "Recall": f1, "Threshold": 0.5},
                "NumberOfTestingImages": 10,
            }
            for label, f1 in labels.items()
        ],
    }


def put_version(
    objects: Objects,
    name: str,
    summary: Mapping[str, Any] | None,
    lines: Sequence[Mapping[str, Any]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Put the files of a training; return its ProjectVersionDescription."""
    version: dict[str, Any] = {
        "ProjectVersionArn": arn(name),
        "CreationTimestamp": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        "TrainingEndTimestamp": datetime(2026, 1, 2, 4, 34, tzinfo=UTC),
        "Status": "TRAINING_COMPLETED",
        "StatusMessage": "The model is ready to run.",
        "OutputConfig": {"S3Bucket": "output", "S3KeyPrefix": f"digits/{name}"},
        "BillableTrainingTimeInSeconds": 5400,
    }
    if summary is not None:
        objects.bodies["output", f"{name}/summary.json"] = json.dumps(summary).encode()
        place = {"S3Object": {"Bucket": "output", "Name": f"{name}/summary.json"}}
        version["EvaluationResult"] = {"F1Score": 0.9, "Summary": place}
    if lines is not None:
        body = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        version["TestingDataResult"] = {"Output": put_manifest(objects, f"{name}/tests.json", body)}
    return version | more


def put_manifest(objects: Objects, key: str, body: bytes) -> dict[str, Any]:
    objects.bodies["output", key] = body
    return {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": "output", "Name": key}}}]}


class Versions:
    """Rekognition's versions of one project."""

    def __init__(self, *described: dict[str, Any]) -> None:
        self.described = list(described)

    def describe_project_versions(self, ProjectArn: str, VersionNames: list[str]) -> dict[str, Any]:
        found = [said for said in self.described if said["ProjectVersionArn"].split("/")[3] in VersionNames]
        return {"ProjectVersionDescriptions": found}


class _Store:
    """The stand-in's object store on the same objects."""

    def __init__(self, objects: Objects) -> None:
        self.bodies = objects.bodies

    def size(self, bucket: str, key: str, version: str | None = None) -> int:
        return len(self.read(bucket, key))

    def read(self, bucket: str, key: str, version: str | None = None) -> bytes:
        if (bucket, key) not in self.bodies:
            raise ObjectUnavailableError(bucket, key, Reason.MISSING)
        return self.bodies[bucket, key]

    def owner(self, bucket: str) -> str | None:
        return None

    def region(self, bucket: str) -> str | None:
        return None

    def write(self, bucket: str, key: str, body: bytes, content_type: str) -> None:
        self.bodies[bucket, key] = body


def train(objects: Objects, pictures: PictureSet, **shares: float) -> list[dict[str, Any]]:
    """Let the stand-in train a version of each name on a share of the training pictures; return their descriptions."""
    service = Rekognition(objects=_Store(objects), durations=_AT_ONCE)  # type: ignore[arg-type]  # no video is read

    def call(operation: str, **request: Any) -> dict[str, Any]:
        target, body = f"RekognitionService.{operation}", json.dumps(request).encode()
        answer = service.answer(target, body, account="123456789012", region="eu-west-1")
        found: dict[str, Any] = json.loads(answer.body)
        assert answer.status == 200, found
        return found

    def put(name: str, some: Sequence[Any]) -> dict[str, Any]:
        for picture in some:
            objects.bodies["datasets", f"digits/{picture.name}"] = picture.body
        lines = [manifest_line(picture, "datasets", f"digits/{picture.name}") for picture in some]
        objects.bodies["datasets", name] = "\n".join([*lines, "no JSON"]).encode()
        return {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": "datasets", "Name": name}}}]}

    project = call("CreateProject", ProjectName="demo.digits")["ProjectArn"]
    test = put("test.manifest", pictures.test)
    for name, share in shares.items():
        call(
            "CreateProjectVersion",
            ProjectArn=project,
            VersionName=name,
            OutputConfig={"S3Bucket": "output", "S3KeyPrefix": f"digits/{name}"},
            TrainingData=put(f"{name}.manifest", pictures.train[: round(share * len(pictures.train))]),
            TestingData=test,
        )
    while True:
        described = call("DescribeProjectVersions", ProjectArn=project)["ProjectVersionDescriptions"]
        if all(said["Status"] != "TRAINING_IN_PROGRESS" for said in described):
            break
        time.sleep(0.02)
    return [_with_times(said) for said in sorted(described, key=lambda said: str(said["ProjectVersionArn"]))]


def _with_times(said: dict[str, Any]) -> dict[str, Any]:
    """Return a description as boto3 does."""
    times = {name: datetime.fromtimestamp(said[name], UTC) for name in ("CreationTimestamp", "TrainingEndTimestamp")}
    return said | times
