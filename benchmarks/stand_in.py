"""Accuracy, training, memory and speed of the Rekognition stand-in: `make bench ONLY=stand_in`.

Accuracy is counted on images of the demo's data sets that were in neither the training nor the test set, by the
demo's own rule (demo/judging.py) at the model's own thresholds. Every training runs in a process of its own, so that
its peak of memory is its own. All numbers are of this machine, and say nothing about Amazon Rekognition.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Final

from benchmarks.report import show
from demo.judging import judge
from demo.pictures import Picture, PictureSet, digits, manifest_line, scenes
from local.rekognition.lifecycle import Durations
from local.rekognition.objects import ObjectUnavailableError, Reason
from local.rekognition.service import Rekognition

ACCOUNT, REGION, BUCKET = "000000000000", "us-east-1", "bench"
_AT_ONCE: Final = Durations(training=0, starting=0, stopping=0, deleting=0)
_DETECTIONS: Final = 200  # for the rate
_CALLERS: Final = 2
_PATIENCE_SECONDS: Final = 1800.0


@dataclass(frozen=True)
class Numbers:
    """What one data set brought."""

    name: str
    training_images: int
    test_images: int
    training_seconds: float
    processor_seconds: float  # of the training; other work on the machine does not count
    memory_mb: float  # resident, at its peak in the whole life of the process
    memory_before_mb: float  # with the pictures made and the libraries loaded, before training
    f1: float  # that the training says of its own test set
    unseen_images: int
    right: int
    detection_ms: float  # median, one caller
    detection_processor_ms: float  # mean, one caller
    detections_per_second: float  # two callers


def data_sets(name: str) -> PictureSet:
    """Return one of the measured data sets."""
    match name:
        case "digits":
            return digits(unseen=60)
        case "digits, 1,000 images":
            return digits(train=1000, test=200, unseen=200)
        case _:
            return scenes(unseen=40)


NAMES: Final = ("digits", "digits, 1,000 images", "scenes")


class _Memory:
    """An object store in memory."""

    def __init__(self) -> None:
        self.contents: dict[tuple[str, str], bytes] = {}

    def size(self, bucket: str, key: str, version: str | None = None) -> int:
        return len(self.read(bucket, key, version))

    def read(self, bucket: str, key: str, version: str | None = None) -> bytes:
        if version is not None or (bucket, key) not in self.contents:
            raise ObjectUnavailableError(bucket, key, Reason.MISSING)
        return self.contents[bucket, key]

    def save(self, bucket: str, key: str, version: str | None, file: BinaryIO) -> None:
        file.write(self.read(bucket, key, version))

    def owner(self, bucket: str) -> str | None:  # noqa: ARG002 - of the protocol
        return None

    def region(self, bucket: str) -> str | None:  # noqa: ARG002 - of the protocol
        return None

    def write(self, bucket: str, key: str, body: bytes, content_type: str) -> None:  # noqa: ARG002 - of the protocol
        self.contents[bucket, key] = body


class _Caller:
    """The service in this process, called as over the wire."""

    def __init__(self) -> None:
        self.objects = _Memory()
        self._service = Rekognition(objects=self.objects, durations=_AT_ONCE)

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        body = json.dumps(request).encode()
        answer = self._service.answer(f"RekognitionService.{operation}", body, account=ACCOUNT, region=REGION)
        found: dict[str, Any] = json.loads(answer.body)
        if answer.status != 200:
            raise RuntimeError(f"{operation}: {found}")
        return found


def main() -> int:
    """Measure one data set in this process, for the one that started it."""
    print(json.dumps(asdict(measure(sys.argv[1]))))
    return 0


def stand_in() -> dict[str, Any]:
    """Measure every data set in a process of its own; print the table and return the report's keys."""
    found = [_measured_apart(name) for name in NAMES]
    _show(found)
    return {"stand_in": [asdict(numbers) for numbers in found]}


def measure(name: str) -> Numbers:
    """Train on one data set in this process, and look at what the model has not seen."""
    pictures = data_sets(name)
    call = _Caller()
    request = {"TrainingData": _put(call, "train", pictures.train), "TestingData": _put(call, "test", pictures.test)}
    before = _peak_mb()
    begun, worked = time.monotonic(), time.process_time()
    version, described = _train(call, request)
    seconds, processor = time.monotonic() - begun, time.process_time() - worked
    peak = _peak_mb()
    call("StartProjectVersion", ProjectVersionArn=version, MinInferenceUnits=1)
    right = sum(judge(picture, _look(call, version, picture)[0]).right for picture in pictures.unseen)
    worked = time.process_time()
    times = [_look(call, version, pictures.unseen[i % len(pictures.unseen)])[1] for i in range(_DETECTIONS // 4)]
    looking = time.process_time() - worked
    return Numbers(
        name=name,
        training_images=len(pictures.train),
        test_images=len(pictures.test),
        training_seconds=seconds,
        processor_seconds=processor,
        memory_mb=peak,
        memory_before_mb=before,
        f1=described["EvaluationResult"]["F1Score"],
        unseen_images=len(pictures.unseen),
        right=right,
        detection_ms=1000 * statistics.median(times),
        detection_processor_ms=1000 * looking / len(times),
        detections_per_second=_rate(call, version, pictures),
    )


def _measured_apart(name: str) -> Numbers:
    command = [sys.executable, "-m", "benchmarks.stand_in", name]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Numbers(**json.loads(ended.stdout))


def _put(call: _Caller, name: str, pictures: tuple[Picture, ...]) -> Mapping[str, Any]:
    for picture in pictures:
        call.objects.write(BUCKET, picture.name, picture.body, picture.content_type)
    lines = "\n".join(manifest_line(picture, BUCKET, picture.name) for picture in pictures)
    call.objects.write(BUCKET, f"{name}.manifest", lines.encode(), "application/json")
    return {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": f"{name}.manifest"}}}]}


def _train(call: _Caller, data: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    project = call("CreateProject", ProjectName="bench")["ProjectArn"]
    version: str = call(
        "CreateProjectVersion", ProjectArn=project, VersionName="v1", OutputConfig={"S3Bucket": BUCKET}, **data
    )["ProjectVersionArn"]
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        (described,) = call("DescribeProjectVersions", ProjectArn=project)["ProjectVersionDescriptions"]
        if described["Status"] == "TRAINING_COMPLETED":
            return version, described
        if described["Status"] != "TRAINING_IN_PROGRESS" or time.monotonic() > deadline:
            raise RuntimeError(f"The training is {described['Status']}: {described.get('StatusMessage')}")
        time.sleep(0.02)


def _look(call: _Caller, version: str, picture: Picture) -> tuple[list[dict[str, Any]], float]:
    """Return what is found on a picture, and the seconds that took."""
    image = {"Bytes": b64encode(picture.body).decode()}
    begun = time.monotonic()
    found = call("DetectCustomLabels", ProjectVersionArn=version, Image=image)["CustomLabels"]
    return found, time.monotonic() - begun


def _rate(call: _Caller, version: str, pictures: PictureSet) -> float:
    """Return detections per second of callers that do not wait for one another."""
    unseen = [pictures.unseen[i % len(pictures.unseen)] for i in range(_DETECTIONS)]
    begun = time.monotonic()
    with ThreadPoolExecutor(_CALLERS) as callers:
        list(callers.map(lambda picture: _look(call, version, picture), unseen))
    return len(unseen) / (time.monotonic() - begun)


def _peak_mb() -> float:
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10  # bytes there, kilobytes here
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _show(found: list[Numbers]) -> None:
    head = ["data set", "train", "test", "training", "processor", "memory", "before", "F1", "unseen right"]
    head += ["detection", "processor", "per second"]
    rows = [
        [
            numbers.name,
            f"{numbers.training_images}",
            f"{numbers.test_images}",
            f"{numbers.training_seconds:.1f} s",
            f"{numbers.processor_seconds:.1f} s",
            f"{numbers.memory_mb:.0f} MB",
            f"{numbers.memory_before_mb:.0f} MB",
            f"{numbers.f1:.3f}",
            f"{numbers.right} of {numbers.unseen_images}",
            f"{numbers.detection_ms:.1f} ms",
            f"{numbers.detection_processor_ms:.1f} ms",
            f"{numbers.detections_per_second:.1f}",
        ]
        for numbers in found
    ]
    show("The Rekognition stand-in", head, rows)


if __name__ == "__main__":
    sys.exit(main())
