"""Decide what lines a dataset holds: created from a manifest, changed, distributed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from local.rekognition.failures import DataFailedError, Failure
from local.rekognition.limits import DataLimits
from local.rekognition.line_images import judged_by_claim
from local.rekognition.lines import Line, labels_of
from local.rekognition.manifests import read_lines, row_count
from local.rekognition.splitting import can_be_split, for_testing

Lines = tuple[Line, ...]


def created_from(manifest: str, region: str, limits: DataLimits, *, testing: bool) -> Lines:
    """Return the lines of a new dataset. Raises DataFailedError."""
    most = limits.most_lines(region, testing=testing)
    return _within_limits(_accepted(manifest, most, limits), most, limits)


def changed_by(lines: Lines, changes: bytes, region: str, limits: DataLimits, *, testing: bool) -> Lines:
    """Return the lines with those of the changes in the place of the same source-ref, or after all others.

    Raises DataFailedError.
    """
    most = limits.most_lines(region, testing=testing)
    try:
        accepted = _accepted(changes.decode(), most, limits)
    except UnicodeDecodeError as error:
        raise DataFailedError(Failure.MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT) from error
    by_source = {line.source: line for line in lines} | {line.source: line for line in accepted}
    return _within_limits(by_source.values(), most, limits)


def distributed(lines: Lines) -> tuple[Lines, Lines]:
    """Return what stays to train with and the fifth that moves to the test dataset. Raises DataFailedError."""
    labels = [line.all_labels for line in lines]
    if not can_be_split(labels):
        raise DataFailedError(Failure.INSUFFICIENT_IMAGES_PER_LABEL_FOR_DISTRIBUTE)
    moved = for_testing([line.text for line in lines], labels)
    kept = tuple(line for number, line in enumerate(lines) if number not in moved)
    return kept, tuple(lines[number] for number in sorted(moved))


def _accepted(manifest: str, most_lines: int, limits: DataLimits) -> Sequence[Line]:
    """Return the lines without those that the service drops and tells nobody of: no JSON, too long, no or a known
    source-ref. Raises DataFailedError when they are too many.
    """
    if row_count(manifest) > most_lines:  # before any is read: bad ones are short
        raise DataFailedError(Failure.MANIFEST_ROWS_EXCEEDS_MAXIMUM)
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
    if len(labels_of(kept)) > limits.labels:
        raise DataFailedError(Failure.MANIFEST_TOO_MANY_LABELS)
    return kept
