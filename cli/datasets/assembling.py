"""From examples to the two manifests that a data set is to have, judged before anything is uploaded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cli.datasets.examples import Example
from cli.datasets.importers.coco import read_coco
from cli.datasets.importers.folder import read_folder
from cli.datasets.importers.manifest import read_manifest
from cli.datasets.importers.table import read_table
from cli.datasets.importers.yolo import read_yolo
from cli.datasets.places import Place
from cli.datasets.preparing import Prepared, Preparer, Refused
from cli.datasets.splitting import Split, merged, split, without_frozen
from cli.datasets.stored import frozen_test, read_lines
from cli.training import DatasetNotFoundError
from lambdas.datasets.census import Manifest
from lambdas.datasets.labelled import LabelledImage, bucket_and_key
from lambdas.datasets.lint import Report, lint
from lambdas.datasets.manifest_text import text_lines
from lambdas.datasets.seen import Seen
from lambdas.datasets.writing import write_line
from lambdas.names import TEST_MANIFEST, TRAIN_MANIFEST

FORMATS: Final = ("folder", "coco", "csv", "yolo", "manifest")

Told = Callable[[str, int], Callable[[int], None]]  # what is done, of how many pieces -> called with each one's bytes


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """A data set before its upload."""

    split: Split
    frozen: tuple[LabelledImage, ...]  # test images that are there already, of another data set
    refused: tuple[Refused, ...]
    unlabelled: int  # examples of nothing, which training would pass over
    copies: int  # examples whose content another has

    def lines(self, place: Place, created: str) -> tuple[list[str], list[str]]:
        """Return the lines of the train manifest and of the test manifest."""
        train, test = (
            [one.labelled(place.uri(place.image(one.name))) for one in side]
            for side in (self.split.train, self.split.test)
        )
        return [write_line(image, created) for image in train], [
            write_line(image, created) for image in [*test, *self.frozen]
        ]

    def looks(self, place: Place) -> Mapping[str, Seen]:
        """Return what looks at the uploaded images will tell, by their source-refs."""
        both = (*self.split.train, *self.split.test)
        return {place.uri(place.image(one.name)): one.seen for one in both}


def read_examples(s3: Any, said: str, where: str, images: Path | None) -> list[Example]:
    """Read labelled data in one of FORMATS. Raises ImportFailedError, and DatasetNotFoundError of a manifest in S3."""
    path = Path(where)
    match said:
        case "folder":
            return list(read_folder(path))
        case "coco":
            return list(read_coco(path, images))
        case "csv":
            return list(read_table(path, images))
        case "yolo":
            return list(read_yolo(path))
    return list(read_manifest(where, _manifest_lines(s3, where)))


def assemble(
    s3: Any, examples: Sequence[Example], folder: Path, told: Told, *, test_share: float, freeze: Place | None = None
) -> Assembled:
    """Prepare the pictures and split them; `folder` is for copies of pictures, `freeze` a data set with a test set.

    Raises DatasetNotFoundError where that has none; errors of S3 pass through.
    """
    labelled = [example for example in examples if example.labels or example.boxes]
    frozen, known = frozen_test(s3, freeze) if freeze else ([], {})
    preparer = Preparer(s3, folder)
    try:
        outcomes = preparer.prepare(labelled, told("read", len(labelled)))
    finally:
        preparer.close()
    prepared = [one for one in outcomes if isinstance(one, Prepared)]
    pictures = merged(prepared)
    return Assembled(
        split=without_frozen(pictures, known) if freeze else split(pictures, test_share),
        frozen=tuple(frozen),
        refused=tuple(one for one in outcomes if isinstance(one, Refused)),
        unlabelled=len(examples) - len(labelled),
        copies=len(prepared) - len(pictures),
    )


def judge(assembled: Assembled, place: Place, region: str) -> Report:
    """Lint what is to be uploaded, by the lines that its manifests will have."""
    train, test = assembled.lines(place, "2026-01-01T00:00:00")
    return lint(
        Manifest(name=TRAIN_MANIFEST, lines=train),
        Manifest(name=TEST_MANIFEST, lines=test),
        bucket=place.bucket,
        region=region,
        look=assembled.looks(place).get,
    )


def _manifest_lines(s3: Any, where: str) -> list[str]:
    bucket, key = bucket_and_key(where)
    if bucket:
        lines = read_lines(s3, bucket, key)
        if lines is None:
            raise DatasetNotFoundError(f"{where} does not exist")
        return lines
    try:
        return list(text_lines([Path(where).read_bytes()]))
    except OSError as error:
        raise DatasetNotFoundError(f"{where} cannot be read: {error.strerror}") from error
