"""One measured process: `python -m benchmarks.stand_in_process DATA_SET`. It prints its numbers as JSON.

It trains on one of the demo's data sets and looks at the images that were in neither the training nor the test set.
Right is counted by the demo's own rule (demo/judging.py), at the model's own thresholds.
"""

import json
import resource
import statistics
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Final

from benchmarks.stand_in_service import Caller
from demo.judging import judge
from demo.pictures import Picture, PictureSet, digits, manifest_line, scenes

DATA_SETS: Final[Mapping[str, Callable[[], PictureSet]]] = {
    "digits": lambda: digits(unseen=60),
    "digits, 1,000 images": lambda: digits(train=1000, test=200, unseen=200),
    "scenes": lambda: scenes(unseen=40),
}
BUCKET: Final = "bench"
_DETECTIONS: Final = 200  # for the rate
_ALONE: Final = 50  # detections by one caller, for the time of one
_CALLERS: Final = 2
_PATIENCE_SECONDS: Final = 1800.0


@dataclass(frozen=True)
class Numbers:
    """What one data set brought."""

    training_images: int
    test_images: int
    training_seconds: float
    training_cpu_seconds: float  # of the training; other work on the machine does not count
    memory_mb: float  # resident, at its peak in the whole life of the process
    memory_before_mb: float  # with the pictures made and the libraries loaded, before training
    f1: float  # that the training says of its own test set
    unseen_images: int
    right: int
    detection_ms: float  # median, one caller
    detection_cpu_ms: float  # mean, one caller
    detections_per_second: float  # two callers


def main() -> int:
    """Measure the named data set."""
    print(json.dumps(asdict(measure(sys.argv[1]))))
    return 0


def measure(name: str) -> Numbers:
    """Train on one data set in this process, and look at what the model has not seen."""
    pictures = DATA_SETS[name]()
    call = Caller()
    request = {"TrainingData": _put(call, "train", pictures.train), "TestingData": _put(call, "test", pictures.test)}
    before = _peak_mb()
    begun, worked = time.monotonic(), time.process_time()
    version, described = _train(call, request)
    seconds, cpu = time.monotonic() - begun, time.process_time() - worked
    peak = _peak_mb()
    call("StartProjectVersion", ProjectVersionArn=version, MinInferenceUnits=1)
    right = sum(judge(picture, _look(call, version, picture)[0]).right for picture in pictures.unseen)
    worked = time.process_time()
    times = [_look(call, version, pictures.unseen[i % len(pictures.unseen)])[1] for i in range(_ALONE)]
    looking = time.process_time() - worked
    return Numbers(
        training_images=len(pictures.train),
        test_images=len(pictures.test),
        training_seconds=seconds,
        training_cpu_seconds=cpu,
        memory_mb=peak,
        memory_before_mb=before,
        f1=described["EvaluationResult"]["F1Score"],
        unseen_images=len(pictures.unseen),
        right=right,
        detection_ms=1000 * statistics.median(times),
        detection_cpu_ms=1000 * looking / len(times),
        detections_per_second=_rate(call, version, pictures),
    )


def _put(call: Caller, name: str, pictures: tuple[Picture, ...]) -> Mapping[str, Any]:
    for picture in pictures:
        call.objects.write(BUCKET, picture.name, picture.body, picture.content_type)
    lines = "\n".join(manifest_line(picture, BUCKET, picture.name) for picture in pictures)
    call.objects.write(BUCKET, f"{name}.manifest", lines.encode(), "application/json")
    return {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": f"{name}.manifest"}}}]}


def _train(call: Caller, data: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
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


def _look(call: Caller, version: str, picture: Picture) -> tuple[list[dict[str, Any]], float]:
    """Return what is found on a picture, and the seconds that took."""
    image = {"Bytes": b64encode(picture.body).decode()}
    begun = time.monotonic()
    found = call("DetectCustomLabels", ProjectVersionArn=version, Image=image)["CustomLabels"]
    return found, time.monotonic() - begun


def _rate(call: Caller, version: str, pictures: PictureSet) -> float:
    """Return detections per second of callers that do not wait for one another."""
    unseen = [pictures.unseen[i % len(pictures.unseen)] for i in range(_DETECTIONS)]
    begun = time.monotonic()
    with ThreadPoolExecutor(_CALLERS) as callers:
        list(callers.map(lambda picture: _look(call, version, picture), unseen))
    return len(unseen) / (time.monotonic() - begun)


def _peak_mb() -> float:
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10  # bytes there, kilobytes here
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    sys.exit(main())
