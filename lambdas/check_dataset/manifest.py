"""Checks a manifest before a training is paid for: the rules of the service that its lines alone can break."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

MAX_LINE: Final = 100_000  # characters
MAX_BAD_SHARE: Final = 0.2  # of the lines; more fail the training
MAX_LABELS: Final = 250
MIN_LABEL_OVERLAP: Final = 0.5  # share of the training labels that the test set must have
MIN_LABELS: Final = {"classification": 2, "detection": 1}
_SHOWN: Final = 5  # bad lines that an error message lists
_MAX_SAID: Final = 300  # characters of what is wrong with one line


class DatasetError(ValueError):
    """The data set would fail its training; the message names lines and remedy."""


class Kind(StrEnum):
    """What a data set teaches."""

    CLASSIFICATION = "classification"
    DETECTION = "detection"


@dataclass
class DatasetReport:
    """What the lines of a manifest say."""

    lines: int = 0
    images: Counter[str] = field(default_factory=Counter)  # by label
    buckets: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    boxes: int = 0
    ignored: int = 0  # lines with annotations of nothing, which the service passes over
    bad: list[tuple[int, str]] = field(default_factory=list)  # line number from 1, what is wrong with it

    @property
    def kind(self) -> Kind:
        """Tell the use case: a single box makes it detection."""
        return Kind.DETECTION if self.boxes else Kind.CLASSIFICATION


def read_manifest(lines: Iterable[str]) -> DatasetReport:
    """Read the JSON lines of a manifest in SageMaker Ground Truth format."""
    report = DatasetReport()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        report.lines += 1
        try:
            _read_line(line, report)
        except DatasetError as error:
            report.bad.append((number, str(error)[:_MAX_SAID]))
    return report


def check_train(name: str, report: DatasetReport, bucket: str, *, adds: bool = False) -> None:
    """Raise DatasetError where a training on this manifest would fail; `bucket` is the only one that it may read.

    Where it `adds` to images that the project has already, the number of its labels does not matter.
    """
    _check_lines(name, report, bucket)
    if adds:
        return
    fewest = MIN_LABELS[report.kind]
    if not fewest <= len(report.images) <= MAX_LABELS:
        raise DatasetError(
            f"{name}: {len(report.images)} labels; a {report.kind} data set needs {fewest} to {MAX_LABELS}"
        )


def check_test(name: str, report: DatasetReport, train: DatasetReport, bucket: str, *, adds: bool = False) -> None:
    """Raise DatasetError where a test set would fail the training, or could not judge it."""
    _check_lines(name, report, bucket)
    if both := train.sources & report.sources:
        raise DatasetError(
            f"{name}: {len(both)} images are in the training set too (one is {min(both)}); "
            "a model must be judged by images that it was not trained on"
        )
    if adds:
        return
    missing = train.images.keys() - report.images.keys()
    if len(missing) > (1 - MIN_LABEL_OVERLAP) * len(train.images):
        raise DatasetError(
            f"{name}: {len(missing)} of {len(train.images)} labels have no test image (one is {min(missing)!r}); "
            "at least half of the labels need one"
        )


def _check_lines(name: str, report: DatasetReport, bucket: str) -> None:
    if report.lines == 0:
        raise DatasetError(f"{name} has no lines; write one JSON line an image")
    if len(report.bad) > MAX_BAD_SHARE * report.lines:
        worst = "; ".join(f"line {number}: {said}" for number, said in report.bad[:_SHOWN])
        raise DatasetError(
            f"{name}: {len(report.bad)} of {report.lines} lines cannot be used, more than 20 %; mend them ({worst})"
        )
    if others := report.buckets - {bucket}:
        raise DatasetError(
            f"{name}: images are in {', '.join(sorted(others)[:_SHOWN])}, which training may not read; "
            f"put them into {bucket}"
        )


def _read_line(line: str, report: DatasetReport) -> None:
    entry = _parsed(line)
    bucket = _bucket(entry)
    if entry["source-ref"] in report.sources:
        raise DatasetError(f"source-ref {entry['source-ref']} stands on an earlier line too")
    labels = list(_labels(entry))
    if not labels and _is_unannotated(entry):
        report.ignored += 1
        return
    if not labels:
        raise DatasetError("no label: neither a classification nor a bounding box with its metadata")
    report.sources.add(entry["source-ref"])
    report.buckets.add(bucket)
    report.boxes += sum(boxed for _, boxed in labels)
    report.images.update({name for name, _ in labels})


def _is_unannotated(entry: Mapping[str, Any]) -> bool:
    """Tell an image that was looked at and shows none of the objects: its list of boxes is empty."""
    return any(isinstance(value, dict) and value.get("annotations") == [] for value in entry.values())


def _parsed(line: str) -> Mapping[str, Any]:
    if len(line) > MAX_LINE:
        raise DatasetError(f"{len(line):,} characters; the limit is {MAX_LINE:,}")
    try:
        entry = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DatasetError(f"not JSON: {error}") from error
    if not isinstance(entry, dict):
        raise DatasetError("not a JSON object")
    return entry


def _bucket(entry: Mapping[str, Any]) -> str:
    source = entry.get("source-ref")
    if not isinstance(source, str):
        raise DatasetError("no source-ref")
    bucket, slash, key = source.removeprefix("s3://").partition("/")
    if not source.startswith("s3://") or not (bucket and slash and key):
        raise DatasetError(f"source-ref {source!r} is not s3://BUCKET/KEY")
    return bucket


def _labels(entry: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield the label of each annotation, and whether it is a box."""
    for name, metadata in entry.items():
        if not name.endswith("-metadata") or not isinstance(metadata, dict):
            continue
        match str(metadata.get("type", "")).rpartition("/")[2]:
            case "image-classification":
                if isinstance(metadata.get("class-name"), str):
                    yield metadata["class-name"], False
            case "object-detection":
                for label in _boxed_labels(entry.get(name.removesuffix("-metadata")), metadata):
                    yield label, True


def _boxed_labels(value: Any, metadata: Mapping[str, Any]) -> Iterator[str]:
    classes = metadata.get("class-map")
    annotations = value.get("annotations") if isinstance(value, dict) else None
    if not isinstance(classes, dict) or not isinstance(annotations, list):
        raise DatasetError("a bounding-box label needs annotations and a class-map")
    for annotation in annotations:
        name = classes.get(str(annotation.get("class_id"))) if isinstance(annotation, dict) else None
        if name is None:
            raise DatasetError("an annotation's class_id is not in its class-map")
        yield str(name)
