"""Say why no model can be made of training data: the failures of content, of each set and of both together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from local.rekognition.failures import Failure
from local.rekognition.limits import DataLimits
from local.rekognition.objects import ObjectStore
from local.rekognition.orders import Data, Entries, Order
from local.rekognition.training_data import DataSet, TrainingData, UseCase

# A StatusMessage has room for one failure: the first in this order, a cause before what follows from it.
_WORST_FIRST = (
    Failure.INVALID_PERMISSIONS_IMAGES_S3_BUCKET,
    Failure.FAILED_IMAGES_S3_COPY,
    Failure.TOO_MANY_INVALID_ROWS_IN_MANIFEST,
    Failure.IMAGES_IN_MULTIPLE_S3_BUCKETS,
    Failure.INVALID_IMAGES_S3_BUCKET_OWNER,
    Failure.MANIFEST_TOO_MANY_LABELS,
    Failure.MANIFEST_TOO_FEW_LABELS,
    Failure.INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT,
    Failure.INSUFFICIENT_LABEL_OVERLAP,
    Failure.MANIFEST_TOO_FEW_USABLE_LABELS,
    Failure.INSUFFICIENT_USABLE_LABEL_OVERLAP,
)


@dataclass(frozen=True)
class Failures:
    """What is wrong with the training set, with the testing set, and with both together."""

    training: tuple[Failure, ...] = ()
    testing: tuple[Failure, ...] = ()
    spanning: tuple[Failure, ...] = ()

    @property
    def worst(self) -> Failure | None:
        """Return the failure to tell first, None when the data can be trained with."""
        return min((*self.training, *self.testing, *self.spanning), key=_WORST_FIRST.index, default=None)


def check(data: TrainingData, order: Order, objects: ObjectStore, limits: DataLimits) -> Failures:
    """Return all failures of content. Of an automatic split, what is wrong is wrong with the training set."""
    manifest = data.whole or data.training
    training = [*_of_manifest(manifest, order.training, objects, limits)]
    if not data.splittable and manifest.told:
        training.append(Failure.INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT)
    training += _of_labels(data.training, data.use_case)
    if data.whole:
        return Failures(tuple(training))
    testing = _of_manifest(data.testing, order.testing or (), objects, limits)
    return Failures(tuple(training), tuple(testing), tuple(_of_both(data.training, data.testing, limits)))


def _of_manifest(data_set: DataSet, data: Data, objects: ObjectStore, limits: DataLimits) -> Iterator[Failure]:
    if data_set.unreachable:
        yield data_set.unreachable
    elif data_set.bad > limits.bad_lines * len(data_set.lines):
        yield Failure.TOO_MANY_INVALID_ROWS_IN_MANIFEST
    if len(data_set.buckets) > 1:  # their owners are not asked for: each line may name another
        yield Failure.IMAGES_IN_MULTIPLE_S3_BUCKETS
    elif _is_of_two_owners(data_set, data, objects):
        yield Failure.INVALID_IMAGES_S3_BUCKET_OWNER
    if len(data_set.told) > limits.labels:
        yield Failure.MANIFEST_TOO_MANY_LABELS


def _is_of_two_owners(data_set: DataSet, data: Data, objects: ObjectStore) -> bool:
    """Tell whether images and manifests are in buckets of different accounts; unknown owners are not judged."""
    manifests = set() if isinstance(data, Entries) else {place.bucket for place in data}
    owners = {objects.owner(bucket) for bucket in manifests | data_set.buckets} if manifests else set()
    return len(owners - {None}) > 1


def _of_labels(training: DataSet, use_case: UseCase) -> Iterator[Failure]:
    # limits.md and the page of "too few usable labels" contradict each other: the former is followed.
    least = 1 if use_case is UseCase.OBJECT_LOCALIZATION else 2
    if len(training.told) < least:
        yield Failure.MANIFEST_TOO_FEW_LABELS
    elif len(training.labels) < least:
        yield Failure.MANIFEST_TOO_FEW_USABLE_LABELS


def _of_both(training: DataSet, testing: DataSet, limits: DataLimits) -> Iterator[Failure]:
    if len(training.buckets) == len(testing.buckets) == 1 and training.buckets != testing.buckets:
        yield Failure.IMAGES_IN_MULTIPLE_S3_BUCKETS
    if len(training.told & testing.told) < limits.least_overlap * len(training.told):
        yield Failure.INSUFFICIENT_LABEL_OVERLAP
    elif len(training.labels & testing.labels) < limits.least_overlap * len(training.labels):
        yield Failure.INSUFFICIENT_USABLE_LABEL_OVERLAP
