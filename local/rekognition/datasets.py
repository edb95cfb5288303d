"""Turn manifests into examples: read the images, drop what is unusable, refuse what no model can come from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from PIL import Image

from local.rekognition.images import MOST_OBJECT_BYTES, Flaw, UnusableImageError, open_image
from local.rekognition.learning.examples import Example, LabelledRegion, Region, shrunk
from local.rekognition.learning.image_labels import LARGEST_SIDE as IMAGE_LEVEL_SIDE
from local.rekognition.learning.localization import LONGEST_SIDE as LOCALIZATION_SIDE
from local.rekognition.manifests import Finding, Line, read_lines
from local.rekognition.objects import ObjectStore, ObjectUnavailableError, Reason
from local.rekognition.orders import Location, Order

_MOST_BAD_LINES = 0.2
_LEAST_OVERLAP = 0.5
_EVERY = 5  # of an automatic split, each fifth line is for testing


class UseCase(StrEnum):
    """What a data set can teach."""

    IMAGE_LEVEL_LABELS = "IMAGE_LEVEL_LABELS"
    OBJECT_LOCALIZATION = "OBJECT_LOCALIZATION"


class Failure(StrEnum):
    """Why a training fails; the value is the version's StatusMessage."""

    MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT = "The manifest file extension or contents are invalid."
    EMPTY_MANIFEST = "The manifest file is empty."
    CANNOT_WRITE_OUTPUT_S3_BUCKET = "Unable to write to output S3 bucket."
    INVALID_PERMISSIONS_MANIFEST_S3_BUCKET = "The S3 bucket permissions are incorrect."
    TOO_MANY_INVALID_ROWS_IN_MANIFEST = "The manifest file contains too many invalid rows."
    IMAGES_IN_MULTIPLE_S3_BUCKETS = "The manifest file contains images from multiple S3 buckets."
    INVALID_PERMISSIONS_IMAGES_S3_BUCKET = "The permissions for the images S3 bucket are invalid."
    INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT = (
        "The manifest file contains insufficient labeled images per label to perform auto-split."
    )
    MANIFEST_TOO_FEW_LABELS = "The manifest file has too few labels."
    MANIFEST_TOO_FEW_USABLE_LABELS = "The manifest file has too few usable labels."
    INSUFFICIENT_LABEL_OVERLAP = "Less than 50% label overlap between the training and testing manifest files."


class TrainingFailedError(Exception):
    """The data cannot be trained with."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


@dataclass(frozen=True)
class DataSet:
    """One manifest's lines, and the examples that its usable lines gave, in the same order."""

    lines: tuple[Line, ...]
    examples: tuple[Example, ...]

    @property
    def labels(self) -> frozenset[str]:
        return frozenset().union(*(example.labels for example in self.examples))


def read_data_sets(order: Order, objects: ObjectStore) -> tuple[UseCase, DataSet, DataSet]:
    """Return what the data teaches, the training set and the testing set. Raises TrainingFailedError."""
    training = _read_manifests(order.training, objects)
    testing = _read_manifests(order.testing, objects) if order.testing is not None else None
    use_case = _use_case(training)
    training = _of_use_case(training, use_case)
    _check_labels(training, use_case, Failure.MANIFEST_TOO_FEW_LABELS)
    if testing is None:
        training, testing = _split(training)
    testing = _of_use_case(testing, use_case)
    known = _labels(training)
    if len(known & _labels(testing)) < _LEAST_OVERLAP * len(known | _labels(testing)):
        raise TrainingFailedError(Failure.INSUFFICIENT_LABEL_OVERLAP)
    _check_buckets([*training, *testing])
    sets = _with_images(training, objects, use_case), _with_images(testing, objects, use_case)
    _check_labels(sets[0].lines, use_case, Failure.MANIFEST_TOO_FEW_USABLE_LABELS)
    return use_case, *sets


def _read_manifests(places: Sequence[Location], objects: ObjectStore) -> list[Line]:
    lines: list[Line] = []
    for place in places:
        try:
            content = objects.read(place.bucket, place.key, place.version).decode()
        except ObjectUnavailableError as error:
            forbidden = error.reason is Reason.FORBIDDEN
            raise TrainingFailedError(
                Failure.INVALID_PERMISSIONS_MANIFEST_S3_BUCKET
                if forbidden
                else Failure.MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT
            ) from error
        except UnicodeDecodeError as error:
            raise TrainingFailedError(Failure.MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT) from error
        lines += read_lines(content)
    if not lines:
        raise TrainingFailedError(Failure.EMPTY_MANIFEST)
    _check_bad_lines(lines)
    return lines


def _use_case(lines: Sequence[Line]) -> UseCase:
    """Return what most lines are for; a data set may mix, the service then picks one."""
    with_boxes = sum(bool(line.boxes) for line in lines)
    with_labels = sum(bool(line.labels) for line in lines)
    return UseCase.OBJECT_LOCALIZATION if with_boxes >= with_labels else UseCase.IMAGE_LEVEL_LABELS


def _of_use_case(lines: Sequence[Line], use_case: UseCase) -> list[Line]:
    if use_case is UseCase.OBJECT_LOCALIZATION:
        return [replace(line, labels=frozenset(box.label for box in line.boxes)) for line in lines]
    return [replace(line, boxes=()) for line in lines]


def _labels(lines: Sequence[Line]) -> frozenset[str]:
    return frozenset().union(*(line.labels for line in lines))


def _check_labels(lines: Sequence[Line], use_case: UseCase, failure: Failure) -> None:
    least = 1 if use_case is UseCase.OBJECT_LOCALIZATION else 2
    if len(_labels(lines)) < least:
        raise TrainingFailedError(failure)


def _check_bad_lines(lines: Sequence[Line]) -> None:
    bad = sum(not line.usable and not line.ignored for line in lines)
    if bad > _MOST_BAD_LINES * len(lines):
        raise TrainingFailedError(Failure.TOO_MANY_INVALID_ROWS_IN_MANIFEST)


def _check_buckets(lines: Sequence[Line]) -> None:
    if len({line.source.bucket for line in lines if line.source and line.usable}) > 1:
        raise TrainingFailedError(Failure.IMAGES_IN_MULTIPLE_S3_BUCKETS)


def _split(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Put a fifth aside for testing, the same lines each time, every combination of labels in its share."""
    counts = [sum(label in line.labels for line in lines) for label in _labels(lines)]
    if min(counts) < 2:
        raise TrainingFailedError(Failure.INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT)
    # The hash orders a combination's lines by chance, yet always the same way.
    ordered = sorted(lines, key=lambda line: (sorted(line.labels), hashlib.sha256(line.text.encode()).hexdigest()))
    training = [line for number, line in enumerate(ordered) if number % _EVERY != _EVERY - 1]
    return training, ordered[_EVERY - 1 :: _EVERY]


def _with_images(lines: Sequence[Line], objects: ObjectStore, use_case: UseCase) -> DataSet:
    side = LOCALIZATION_SIDE if use_case is UseCase.OBJECT_LOCALIZATION else IMAGE_LEVEL_SIDE
    checked: list[Line] = []
    examples: list[Example] = []
    unavailable = 0
    for line in lines:
        if line.source and line.usable:
            try:
                image = _read_image(line.source, objects)
            except ObjectUnavailableError:
                unavailable += 1
                line = line.lost(Finding.ERROR_INVALID_IMAGE)
            except UnusableImageError as error:
                line = line.lost(_finding(error.flaw))
            else:
                line, marks = _marks(line, image)
                if line.usable:
                    examples.append(Example(shrunk(image, side), line.labels, marks))
        checked.append(line)
    if unavailable and not examples:
        raise TrainingFailedError(Failure.INVALID_PERMISSIONS_IMAGES_S3_BUCKET)
    _check_bad_lines(checked)
    return DataSet(tuple(checked), tuple(examples))


def _read_image(source: Location, objects: ObjectStore) -> Image.Image:
    if objects.size(source.bucket, source.key) > MOST_OBJECT_BYTES:
        raise UnusableImageError(Flaw.TOO_LARGE)
    return open_image(objects.read(source.bucket, source.key))


def _finding(flaw: Flaw) -> Finding:
    return Finding.ERROR_INVALID_IMAGE if flaw is Flaw.NOT_AN_IMAGE else Finding.ERROR_INVALID_IMAGE_DIMENSION


def _marks(line: Line, image: Image.Image) -> tuple[Line, tuple[LabelledRegion, ...]]:
    """Return the line without boxes that leave the image, and its boxes as shares of the image."""
    if not line.boxes:
        return line, ()
    width, height = image.size
    inside = tuple(
        box
        for box in line.boxes
        if box.left >= 0
        and box.top >= 0
        and min(box.width, box.height) >= 1
        and box.left + box.width <= width
        and box.top + box.height <= height
    )
    if inside != line.boxes:
        line = line.found(Finding.ERROR_INVALID_BOUNDING_BOX)
    line = replace(line, boxes=inside, labels=frozenset(box.label for box in inside))
    return line, tuple(
        LabelledRegion(box.label, Region(box.left / width, box.top / height, box.width / width, box.height / height))
        for box in inside
    )
