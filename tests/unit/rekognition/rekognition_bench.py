"""A service on a clock and a bucket that the tests hold in their hands."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from PIL import Image, ImageDraw

from local.rekognition.lifecycle import Durations
from local.rekognition.limits import DEFAULT_LIMITS, DataLimits
from local.rekognition.objects import ObjectUnavailableError, Reason
from local.rekognition.quotas import NO_QUOTAS, Quotas
from local.rekognition.service import Rekognition

ACCOUNT, REGION = "123456789012", "eu-west-1"
DURATIONS = Durations(training=600, starting=300, stopping=60, deleting=10, dataset=30, copying=120)


class MemoryObjects:
    """An object store in a dict: (bucket, key, version) to bytes."""

    def __init__(self) -> None:
        self.contents: dict[tuple[str, str, str | None], bytes] = {}
        self.forbidden: set[str] = set()  # buckets
        self.undecipherable: set[str] = set()  # keys of objects that can be seen but not read
        self.owners: dict[str, str] = {}  # of buckets; the rest are the caller's
        self.regions: dict[str, str] = {}  # of buckets; of the rest it cannot be told

    def size(self, bucket: str, key: str, version: str | None = None) -> int:
        return len(self._content(bucket, key, version))

    def read(self, bucket: str, key: str, version: str | None = None) -> bytes:
        if key in self.undecipherable:
            raise ObjectUnavailableError(bucket, key, Reason.FORBIDDEN)
        return self._content(bucket, key, version)

    def owner(self, bucket: str) -> str | None:
        return self.owners.get(bucket, "caller")

    def region(self, bucket: str) -> str | None:
        return self.regions.get(bucket)

    def _content(self, bucket: str, key: str, version: str | None) -> bytes:
        self._check(bucket, key)
        try:
            return self.contents[bucket, key, version]
        except KeyError:
            raise ObjectUnavailableError(bucket, key, Reason.MISSING) from None

    def save(self, bucket: str, key: str, version: str | None, file: BinaryIO) -> None:
        file.write(self.read(bucket, key, version))

    def write(self, bucket: str, key: str, body: bytes, content_type: str) -> None:
        self._check(bucket, key)
        self.contents[bucket, key, None] = body

    def _check(self, bucket: str, key: str) -> None:
        if bucket in self.forbidden:
            raise ObjectUnavailableError(bucket, key, Reason.FORBIDDEN)


class Clock:
    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def __call__(self) -> float:
        return self.time

    def pass_(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Bench:
    """The service, its clock and its objects, with a short way to call and to train."""

    clock: Clock = field(default_factory=Clock)
    objects: MemoryObjects = field(default_factory=MemoryObjects)
    quotas: Quotas = NO_QUOTAS
    limits: DataLimits = DEFAULT_LIMITS
    more: Mapping[str, Any] = field(default_factory=dict)  # of the service's settings
    service: Rekognition = field(init=False)

    def __post_init__(self) -> None:
        settings = {"objects": self.objects, "now": self.clock, "sleep": self.clock.pass_, "durations": DURATIONS}
        self.service = Rekognition(**settings, limits=self.limits, quotas=self.quotas, **self.more)

    def send(self, operation: str, account: str = ACCOUNT, **request: Any) -> tuple[int, dict[str, Any]]:
        body = json.dumps(request).encode()
        answer = self.service.answer(f"RekognitionService.{operation}", body, account=account, region=REGION)
        return answer.status, json.loads(answer.body)

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        status, body = self.send(operation, **request)
        assert status == 200, body
        return body

    def error(self, operation: str, **request: Any) -> str:
        status, body = self.send(operation, **request)
        assert status == 400, body
        return body["__type"]

    def put_manifest(self, key: str, lines: list[str]) -> dict[str, Any]:
        self.objects.write("data", key, "\n".join(lines).encode(), "application/json")
        return {"Assets": [asset("data", key)]}

    def create_version(self, project: str, name: str = "v1", **request: Any) -> str:
        request.setdefault("OutputConfig", {"S3Bucket": "out", "S3KeyPrefix": "results"})
        return self.call("CreateProjectVersion", ProjectArn=project, VersionName=name, **request)["ProjectVersionArn"]

    def describe(self, version: str) -> dict[str, Any]:
        project, name = version.split("/version/")[0], version.split("/")[-2]
        for found in self.call("DescribeProjects")["ProjectDescriptions"]:
            if found["ProjectArn"].startswith(project + "/"):
                arn = found["ProjectArn"]
        return self.call("DescribeProjectVersions", ProjectArn=arn, VersionNames=[name])["ProjectVersionDescriptions"][
            0
        ]

    def trained(self, version: str) -> dict[str, Any]:
        """Let the training time pass and wait for the real work; return the description."""
        self.clock.pass_(DURATIONS.training)
        self.wait_while(lambda: self.describe(version)["Status"] == "TRAINING_IN_PROGRESS")
        return self.describe(version)

    def create_dataset(self, project: str, lines: list[str] | None, kind: str = "TRAIN") -> str:
        """Create a dataset of these lines, empty when None, and let its time pass."""
        source: dict[str, Any] = {}
        if lines is not None:
            place = self.put_manifest(f"{kind}.manifest", lines)["Assets"][0]
            source = {"DatasetSource": place}
        return self.created_dataset(ProjectArn=project, DatasetType=kind, **source)

    def created_dataset(self, **request: Any) -> str:
        """Create a dataset, let its time pass and wait for the real work."""
        arn: str = self.call("CreateDataset", **request)["DatasetArn"]
        self.clock.pass_(DURATIONS.dataset)
        self.wait_while(lambda: self.dataset(arn)["Status"] == "CREATE_IN_PROGRESS")
        return arn

    def wait_while(self, working: Callable[[], bool]) -> None:
        """Wait for real work: by its own clock, as the service's stands still."""
        patience = time.monotonic() + 60
        while working():
            assert time.monotonic() < patience
            time.sleep(0.02)

    def change_dataset(self, dataset: str, *lines: str) -> None:
        """Update the entries and let the time pass."""
        changes = {"GroundTruth": base64.b64encode("\n".join(lines).encode()).decode()}
        self.call("UpdateDatasetEntries", DatasetArn=dataset, Changes=changes)
        self.clock.pass_(DURATIONS.dataset)

    def dataset(self, arn: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("DescribeDataset", DatasetArn=arn)["DatasetDescription"]
        return found

    def entries(self, dataset: str, **filters: Any) -> list[dict[str, Any]]:
        answer = self.call("ListDatasetEntries", DatasetArn=dataset, **filters)
        return [json.loads(entry) for entry in answer["DatasetEntries"]]

    def run(self, version: str) -> None:
        self.call("StartProjectVersion", ProjectVersionArn=version, MinInferenceUnits=1)
        self.clock.pass_(DURATIONS.starting)

    def detect(self, version: str, image: bytes, **request: Any) -> list[dict[str, Any]]:
        sent = {"Bytes": base64.b64encode(image).decode()}
        return self.call("DetectCustomLabels", ProjectVersionArn=version, Image=sent, **request)["CustomLabels"]


def asset(bucket: str, key: str) -> dict[str, Any]:
    return {"GroundTruthManifest": {"S3Object": {"Bucket": bucket, "Name": key}}}


def drawing(label: str, number: int, size: tuple[int, int] = (80, 80), kind: str = "PNG") -> bytes:
    """Draw a disc or a cross at one of many places; neighbours (2n, 2n + 1) share theirs, so it tells nothing."""
    turn = number // 2
    image = Image.new("RGB", size, (200 + turn % 7, 210, 190))
    pen = ImageDraw.Draw(image)
    left, top = 8 + turn % 5 * 3, 8 + turn % 4 * 4
    box = (left, top, left + 44, top + 44)
    if label == "disc":
        pen.ellipse(box, fill=(40, 40, 40))
    else:
        pen.line(box, fill=(40, 40, 40), width=9)
        pen.line((box[0], box[3], box[2], box[1]), fill=(40, 40, 40), width=9)
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def label_line(key: str, *labels: str) -> str:
    line: dict[str, Any] = {"source-ref": f"s3://data/{key}"}
    for number, label in enumerate(labels):
        line[f"a{number}"] = 1
        line[f"a{number}-metadata"] = {
            "class-name": label,
            "confidence": 1,
            "type": "groundtruth/image-classification",
        }
    return json.dumps(line)


def put_drawings(bench: Bench, name: str, count: int, first: int = 0) -> list[str]:
    """Put drawings of discs and crosses in turn; return their manifest lines."""
    lines = []
    for number in range(first, first + count):
        label = ("disc", "cross")[number % 2]
        key = f"{name}/{number}.png"
        bench.objects.write("data", key, drawing(label, number), "image/png")
        lines.append(label_line(key, label))
    return lines


def shapes_data(bench: Bench, train: int = 16, test: int = 8) -> dict[str, Any]:
    """Return TrainingData and TestingData of discs and crosses."""
    return {
        "TrainingData": bench.put_manifest("train.manifest", put_drawings(bench, "train", train)),
        "TestingData": bench.put_manifest("test.manifest", put_drawings(bench, "test", test, first=100)),
    }
