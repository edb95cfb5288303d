"""Turn manifests into examples: read the lines and their images, drop what is unusable."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from local.rekognition.failures import DataFailedError, Failure
from local.rekognition.findings import Finding
from local.rekognition.images import MOST_OBJECT_BYTES, Flaw, Picture, UnusableImageError, open_image
from local.rekognition.learning.examples import Example, LabelledRegion, Learner, Region
from local.rekognition.learning.image_labels import IMAGE_LABELS
from local.rekognition.learning.localization import LOCALIZATION
from local.rekognition.limits import DataLimits
from local.rekognition.line_images import on_image
from local.rekognition.lines import Line
from local.rekognition.manifest_files import read_manifests
from local.rekognition.manifests import read_lines, row_count
from local.rekognition.objects import ObjectStore, ObjectUnavailableError
from local.rekognition.orders import Data, Entries, Location, Order
from local.rekognition.splitting import can_be_split, for_testing


class UseCase(StrEnum):
    """What a data set can teach."""

    IMAGE_LEVEL_LABELS = "IMAGE_LEVEL_LABELS"
    OBJECT_LOCALIZATION = "OBJECT_LOCALIZATION"


_LEARNERS: Mapping[UseCase, Learner[Any]] = {
    UseCase.IMAGE_LEVEL_LABELS: IMAGE_LABELS,
    UseCase.OBJECT_LOCALIZATION: LOCALIZATION,
}


@dataclass(frozen=True)
class DataSet:
    """The lines of one set, as far as the use case has use for them, and the examples that the usable ones gave.

    Both are in the manifest's order. `told` are all labels that the lines named before any image was looked at,
    `unreachable` says why no image could be had.
    """

    lines: tuple[Line, ...]
    examples: tuple[Example[Any], ...]
    told: frozenset[str]
    unreachable: Failure | None = None

    @property
    def labels(self) -> frozenset[str]:
        return frozenset().union(*(example.labels for example in self.examples))

    @property
    def usable(self) -> tuple[Line, ...]:
        """Return the line of each example."""
        return tuple(line for line in self.lines if line.usable)

    @property
    def bad(self) -> int:
        return sum(not line.usable and not line.ignored for line in self.lines)

    @property
    def buckets(self) -> frozenset[str]:
        return frozenset(line.source.bucket for line in self.lines if line.source)

    def part(self, numbers: Collection[int]) -> DataSet:
        """Return the lines of these numbers, from 0, with their examples."""
        examples = iter(self.examples)
        pairs = [(line, next(examples) if line.usable else None) for line in self.lines]
        mine = [pair for number, pair in enumerate(pairs) if number in numbers]
        return replace(
            self,
            lines=tuple(line for line, _ in mine),
            examples=tuple(example for _, example in mine if example is not None),
        )


@dataclass(frozen=True)
class TrainingData:
    """All that a training has. `whole` is the one manifest that both sets are parts of, when the service splits.

    `splittable` is False when that manifest has too few images of a label; the testing set is then empty.
    """

    use_case: UseCase
    training: DataSet
    testing: DataSet
    whole: DataSet | None = None
    splittable: bool = True

    @property
    def learner(self) -> Learner[Any]:
        return _LEARNERS[self.use_case]


def read_training_data(order: Order, objects: ObjectStore, limits: DataLimits) -> TrainingData:
    """Return what the order's manifests hold. Raises DataFailedError for what is wrong with whole files."""
    region = order.version_arn.split(":")[3]
    lines = _read_lines(order.training, objects, limits, limits.most_lines(region, testing=False))
    use_case = _use_case(lines)
    if order.testing is None:
        return _split(lines, objects, use_case)
    tests = _read_lines(order.testing, objects, limits, limits.most_lines(region, testing=True))
    return TrainingData(use_case, _with_images(lines, objects, use_case), _with_images(tests, objects, use_case))


def _split(lines: Sequence[Line], objects: ObjectStore, use_case: UseCase) -> TrainingData:
    """Put images aside to test with: of those that can be looked at, so that each label keeps its share."""
    splittable = can_be_split(_of_use_case(line, use_case).labels for line in lines)
    whole = _with_images(lines, objects, use_case)
    texts, labels = [line.text for line in whole.lines], [line.labels for line in whole.lines]
    testing = for_testing(texts, labels) if splittable else frozenset()
    training = set(range(len(lines))) - testing
    return TrainingData(use_case, whole.part(training), whole.part(testing), whole, splittable)


def _read_lines(data: Data, objects: ObjectStore, limits: DataLimits, most: int) -> list[Line]:
    manifests = ["\n".join(data.lines)] if isinstance(data, Entries) else read_manifests(data, objects, limits)
    rows = sum(map(row_count, manifests))
    if not rows:
        raise DataFailedError(Failure.EMPTY_MANIFEST)
    if rows > most:
        raise DataFailedError(Failure.MANIFEST_ROWS_EXCEEDS_MAXIMUM)
    return [line for manifest in manifests for line in read_lines(manifest, limits)]


def _use_case(lines: Sequence[Line]) -> UseCase:
    """Return what most lines are for; a data set may mix, the service then picks one."""
    with_boxes = sum(bool(line.boxes) for line in lines)
    with_labels = sum(bool(line.labels) for line in lines)
    return UseCase.OBJECT_LOCALIZATION if with_boxes >= with_labels else UseCase.IMAGE_LEVEL_LABELS


def _of_use_case(line: Line, use_case: UseCase) -> Line:
    """Return the line with what can be learned of it: as labels those of its boxes, or no boxes."""
    if use_case is UseCase.OBJECT_LOCALIZATION:
        return replace(line, labels=frozenset(box.label for box in line.boxes))
    return replace(line, boxes=())


def _with_images(lines: Iterable[Line], objects: ObjectStore, use_case: UseCase) -> DataSet:
    """Look at one image after the other, and keep of each what the use case's learner does."""
    learner = _LEARNERS[use_case]
    told: set[str] = set()
    checked: list[Line] = []
    examples: list[Example[Any]] = []
    missing = uncopied = reached = 0
    for line in lines:
        told |= line.all_labels
        if line.source and line.usable:
            try:
                picture = _read_picture(line.source, objects, learner.longest_side)
            except ObjectUnavailableError:
                missing += 1
                line = line.lost(Finding.ERROR_INVALID_IMAGE)
            except _UncopiedError:
                uncopied += 1
                line = line.lost(Finding.ERROR_INVALID_IMAGE)
            except UnusableImageError as error:
                reached += 1
                line = line.lost(_finding(error.flaw))
            else:
                reached += 1
                line = _of_use_case(on_image(line, *picture.size), use_case)
                if line.usable:
                    examples.append(_example(line, picture, learner))
        checked.append(line)
    return DataSet(tuple(checked), tuple(examples), frozenset(told), _unreachable(missing, uncopied, reached))


def _unreachable(missing: int, uncopied: int, reached: int) -> Failure | None:
    if reached or not missing + uncopied:
        return None
    return Failure.FAILED_IMAGES_S3_COPY if uncopied else Failure.INVALID_PERMISSIONS_IMAGES_S3_BUCKET


class _UncopiedError(Exception):
    """An image is there but cannot be read, as when its key may not be used."""


def _read_picture(source: Location, objects: ObjectStore, longest_side: int) -> Picture:
    if objects.size(source.bucket, source.key) > MOST_OBJECT_BYTES:
        raise UnusableImageError(Flaw.TOO_LARGE)
    try:
        content = objects.read(source.bucket, source.key)
    except ObjectUnavailableError as error:
        raise _UncopiedError from error
    return open_image(content, longest_side)


def _finding(flaw: Flaw) -> Finding:
    return Finding.ERROR_INVALID_IMAGE if flaw is Flaw.NOT_AN_IMAGE else Finding.ERROR_INVALID_IMAGE_DIMENSION


def _example(line: Line, picture: Picture, learner: Learner[Any]) -> Example[Any]:
    width, height = picture.size
    marks = tuple(
        LabelledRegion(box.label, Region(box.left / width, box.top / height, box.width / width, box.height / height))
        for box in line.boxes
    )
    return Example(learner.see(picture.image), line.labels, marks)
