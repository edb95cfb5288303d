"""Lints manifests that exist: in the datasets bucket, or in a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.datasets.assembling import Told
from cli.datasets.places import Place
from cli.datasets.stored import look_at_all, read_lines
from cli.training import DatasetNotFoundError
from lambdas.datasets.census import Manifest
from lambdas.datasets.labelled import LabelledImage
from lambdas.datasets.lint import Report, lint
from lambdas.datasets.manifest_lines import read_line
from lambdas.datasets.manifest_text import text_lines
from lambdas.datasets.seen import Seen
from lambdas.names import TEST_MANIFEST, TRAIN_MANIFEST


@dataclass(frozen=True, kw_only=True)
class Linted:
    """A report, and the images that can be shown with it."""

    report: Report
    images: Sequence[LabelledImage]


def lint_stored(s3: Any, place: Place, told: Told) -> Linted:
    """Lint a data set in the datasets bucket, its images too. Raises DatasetNotFoundError."""
    train = read_lines(s3, place.bucket, place.train)
    name = TRAIN_MANIFEST
    if train is None:
        train, name = read_lines(s3, place.bucket, place.held), place.held.rpartition("/")[2]
    if train is None:
        raise DatasetNotFoundError(f"{place.uri(place.train)} does not exist; upload the data set, the manifest last")
    test = read_lines(s3, place.bucket, place.test)
    manifests = {name: train} | ({TEST_MANIFEST: test} if test is not None else {})
    return _linted(s3, manifests, place.bucket, told)


def lint_file(s3: Any, file: Path, told: Told) -> Linted:
    """Lint a train manifest in a file, and the images in S3 that it names."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DatasetNotFoundError(f"{file} cannot be read: {error.strerror}") from error
    return _linted(s3, {file.name: list(text_lines([content]))}, None, told)


def _linted(s3: Any, manifests: Mapping[str, list[str]], bucket: str | None, told: Told) -> Linted:
    images = [image for lines in manifests.values() for line in lines if (image := read_line(line).image)]
    sources = {image.source for image in images}
    seen: Mapping[str, Seen] = look_at_all(s3, sources, told("look", len(sources)))
    train, *test = (Manifest(name=name, lines=lines) for name, lines in manifests.items())
    report = lint(train, test[0] if test else None, bucket=bucket, region=s3.meta.region_name, look=seen.get)
    return Linted(report=report, images=[image for image in images if not seen[image.source].problem])
