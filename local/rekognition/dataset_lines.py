"""Decide what lines a dataset holds: created from a manifest, changed, distributed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from local.rekognition.failures import DataFailedError, Failure
from local.rekognition.limits import DataLimits
from local.rekognition.line_images import judged_by_claim
from local.rekognition.manifests import Line, read_lines
from local.rekognition.splitting import TooFewImagesError, split

Lines = tuple[Line, ...]


def created_from(manifest: str, region: str, limits: DataLimits, *, testing: bool) -> Lines:
    """Return the lines of a new dataset. Raises DataFailedError."""
    return _within_limits(_accepted(manifest, limits), limits.most_lines(region, testing=testing), limits)


def changed_by(lines: Lines, changes: bytes, region: str, limits: DataLimits, *, testing: bool) -> Lines:
    """Return the lines with those of the changes in the place of the same source-ref, or after all others.

    Raises DataFailedError.
    """
    try:
        accepted = _accepted(changes.decode(), limits)
    except UnicodeDecodeError as error:
        raise DataFailedError(Failure.MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT) from error
    by_source = {line.source: line for line in lines} | {line.source: line for line in accepted}
    return _within_limits(by_source.values(), limits.most_lines(region, testing=testing), limits)


def distributed(lines: Lines) -> tuple[Lines, Lines]:
    """Return what stays to train with and the fifth that moves to the test dataset. Raises DataFailedError."""
    try:
        training, testing = split(lines, lambda line: line.all_labels)
    except TooFewImagesError as error:
        raise DataFailedError(Failure.INSUFFICIENT_IMAGES_PER_LABEL_FOR_DISTRIBUTE) from error
    return tuple(training), tuple(testing)


def _accepted(manifest: str, limits: DataLimits) -> Sequence[Line]:
    """Return the lines without those that the service drops and tells nobody of: no JSON, too long, no or a known
    source-ref. Raises DataFailedError when they are too many.
    """
    lines = read_lines(manifest, limits)
    if not lines:
        raise DataFailedError(Failure.MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT)
    accepted: dict[object, Line] = {}
    for line in lines:
        if line.source is not None:
            accepted.setdefault(line.source, line)
    if len(lines) - len(accepted) > limits.bad_lines * len(lines):
        raise DataFailedError(Failure.TOO_MANY_RECORDS_IN_ERROR)
    return [judged_by_claim(line) for line in accepted.values()]


def _within_limits(lines: Iterable[Line], most_lines: int, limits: DataLimits) -> Lines:
    kept = tuple(lines)
    if len(kept) > most_lines:
        raise DataFailedError(Failure.MANIFEST_ROWS_EXCEEDS_MAXIMUM)
    if len({line.source.bucket for line in kept if line.source}) > 1:
        raise DataFailedError(Failure.IMAGES_IN_MULTIPLE_S3_BUCKETS)
    if len(frozenset().union(*(line.all_labels for line in kept))) > limits.labels:
        raise DataFailedError(Failure.MANIFEST_TOO_MANY_LABELS)
    return kept
