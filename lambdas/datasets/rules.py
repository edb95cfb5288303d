"""The rules on whole sets: those that fail a training, and advice. A cause comes before what follows from it."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from lambdas.datasets.census import Census
from lambdas.datasets.codes import Code
from lambdas.datasets.findings import Finding
from lambdas.datasets.labelled import Kind
from lambdas.datasets.limits import (
    ENOUGH_IMAGES,
    IMBALANCE,
    MAX_BAD_SHARE,
    MAX_LABELS,
    MAX_TEST_IMAGES_PER_LABEL,
    MIN_IMAGES_TO_SPLIT,
    MIN_LABEL_OVERLAP,
    MIN_LABELS_TO_CLASSIFY,
    MIN_LABELS_TO_DETECT,
)

_NAMED: Final = 5  # labels or buckets that a detail names


def of_set(census: Census, bucket: str | None) -> Iterator[Finding]:
    """Judge either set by itself; `bucket` is the only one that training may read, None where it is not known."""
    if census.lines == 0:
        yield _finding(census, Code.ERROR_EMPTY_MANIFEST)
    if census.bad > MAX_BAD_SHARE * census.lines:
        yield _finding(census, Code.ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST, f"{census.bad} of {census.lines}")
    if len(census.buckets) > 1:
        yield _finding(census, Code.ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS, _some(census.buckets))
    elif bucket and census.buckets - {bucket}:
        yield _finding(census, Code.ERROR_INVALID_PERMISSIONS_IMAGES_S3_BUCKET, f"{min(census.buckets)}, not {bucket}")
    if len(census.told) > MAX_LABELS:
        yield _finding(census, Code.ERROR_MANIFEST_TOO_MANY_LABELS, f"{len(census.told)} labels")
    if census.labelled and census.boxed:
        yield _finding(census, Code.LINT_MIXED_KINDS, f"{census.labelled} lines with labels, {census.boxed} with boxes")


def of_training(train: Census, *, splits: bool) -> Iterator[Finding]:
    """Judge the training set; `splits` says that the service is to put a part of it aside for testing."""
    if not train.usable and not train.told:
        return  # that it has no labels follows from what was said of its lines
    images, least = _images(train, train.kind), _least(train.kind)
    if len(train.told) < least:
        yield _finding(train, Code.ERROR_MANIFEST_TOO_FEW_LABELS, _few(len(train.told), least, train.kind))
    elif len(images) < least:
        yield _finding(train, Code.ERROR_MANIFEST_TOO_FEW_USABLE_LABELS, _few(len(images), least, train.kind))
    rare = {label for label, number in images.items() if number < MIN_IMAGES_TO_SPLIT}
    if splits and rare:
        yield _finding(train, Code.ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT, _some(rare))
    for label, number in sorted(images.items()):
        if number < ENOUGH_IMAGES:
            yield _finding(train, Code.LINT_FEW_IMAGES_OF_A_LABEL, f"{label}: {number}")
    (most, highest), (rarest, lowest) = _extremes(images)
    if highest > IMBALANCE * lowest:
        yield _finding(train, Code.LINT_CLASS_IMBALANCE, f"{most}: {highest}, {rarest}: {lowest}")
    for names in _alike(train.told):
        yield _finding(train, Code.LINT_LABELS_ALIKE, _some(names))


def of_both(train: Census, test: Census, *, adds: bool = False) -> Iterator[Finding]:
    """Judge the test set against the training set; where they are added to others, not by how their labels match."""
    if len(train.buckets) == len(test.buckets) == 1 and train.buckets != test.buckets:
        yield _finding(test, Code.ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS, _some(train.buckets | test.buckets))
    if overlap := _overlap(train, test):
        yield overlap
    if adds:
        return
    learned, tested = _images(train, train.kind), _images(test, train.kind)
    if len(train.told & test.told) < MIN_LABEL_OVERLAP * len(train.told):
        missing = train.told - test.told
        yield _finding(test, Code.ERROR_INSUFFICIENT_LABEL_OVERLAP, _of_labels(missing, train.told))
    elif len(learned.keys() & tested.keys()) < MIN_LABEL_OVERLAP * len(learned):
        missing = learned.keys() - tested.keys()
        yield _finding(test, Code.ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP, _of_labels(missing, learned.keys()))
    else:
        for label in sorted(learned.keys() - tested.keys()):
            yield _finding(test, Code.LINT_LABEL_WITHOUT_TEST_IMAGE, label)
    for label in sorted(tested.keys() - learned.keys()):
        yield _finding(test, Code.LINT_LABEL_ONLY_IN_TEST, label)
    for label, number in sorted(tested.items()):
        if number > MAX_TEST_IMAGES_PER_LABEL:
            yield _finding(test, Code.LINT_TOO_MANY_TEST_IMAGES_OF_A_LABEL, f"{label}: {number:,}")


def _overlap(train: Census, test: Census) -> Finding | None:
    both = sorted(
        {test.sources[digest] for digest in test.sources.keys() & train.sources.keys()}
        | {test.contents[content][0] for content in test.contents.keys() & train.contents.keys()}
    )
    if not both:
        return None
    return _finding(test, Code.LINT_TEST_IMAGES_IN_TRAINING, f"{len(both)} images, one on line {both[0]}")


def _alike(labels: Collection[str]) -> list[set[str]]:
    spelled: dict[str, set[str]] = defaultdict(set)
    for label in labels:
        spelled[re.sub(r"[\W_]+", "", label).casefold()].add(label)
    return [names for key, names in sorted(spelled.items()) if len(names) > 1 and key]


def _extremes(images: Mapping[str, int]) -> tuple[tuple[str, int], tuple[str, int]]:
    ranked = sorted(images.items(), key=lambda item: (-item[1], item[0])) or [("", 0)]
    return ranked[0], ranked[-1]


def _images(census: Census, kind: Kind) -> dict[str, int]:
    return census.images[kind]


def _least(kind: Kind) -> int:
    return MIN_LABELS_TO_DETECT if kind is Kind.DETECTION else MIN_LABELS_TO_CLASSIFY


def _few(number: int, least: int, kind: Kind) -> str:
    return f"{number} labels; a {kind} data set needs {least}"


def _of_labels(missing: Collection[str], labels: Collection[str]) -> str:
    return f"{len(missing)} of {len(labels)} labels have no test image: {_some(missing)}"


def _some(names: Collection[str]) -> str:
    shown = sorted(names)[:_NAMED]
    return ", ".join(shown) + (", ..." if len(names) > len(shown) else "")


def _finding(census: Census, code: Code, detail: str = "") -> Finding:
    return Finding(code=code, manifest=census.name, detail=detail)
