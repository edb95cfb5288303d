"""Gather all that a report tells of a training, from its files and from those of the version it is held against."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from lambdas.pictures.decoder import Decoder
from lambdas.report_training.evaluation import Evaluation, evaluation_of
from lambdas.report_training.judgement import Judgement
from lambdas.report_training.mistakes import MistakenImage, WorstMistakes
from lambdas.report_training.s3_files import FileUnreadableError, Lines, read_document
from lambdas.report_training.snapshot import TestedImage, image_of, labels_of
from lambdas.report_training.tally import Tally, counted
from lambdas.report_training.thumbnails import Thumbnail, thumbnail
from lambdas.report_training.validation import Finding, ManifestSummary, line_findings, manifest_summary
from lambdas.report_training.version import Version
from lambdas.training_reports import Place

# By when each part must have ended: shares of the time that there is. What is left is for drawing and writing.
_TESTS: Final = 0.4
_VALIDATION: Final = 0.5
_TRAINING: Final = 0.6
_FORMER: Final = 0.75
_PICTURES: Final = 0.9

_MANIFEST_SUMMARY_BYTES: Final = 8 * 1024 * 1024  # it lists the number of every bad line


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An image with mistakes, and a small copy of it."""

    image: MistakenImage
    thumbnail: Thumbnail


@dataclass(kw_only=True)
class Report:
    """What is told. Parts that could not be had are None or empty, and `notes` says why."""

    version: Version
    former: Version | None = None
    evaluation: Evaluation | None = None
    former_evaluation: Evaluation | None = None
    judgement: Judgement | None = None
    tally: Tally | None = None
    former_tally: Tally | None = None
    training_counts: Mapping[str, int] = field(default_factory=dict)  # of labels
    pictures: list[Picture] = field(default_factory=list)
    mistaken_images: int = 0
    manifests: ManifestSummary | None = None
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def same_test_set(self) -> bool | None:
        """Whether both versions were tested on the same images with the same labels; None where it is not known."""
        if not (self.tally and self.tally.whole and self.former_tally and self.former_tally.whole):
            return None
        return self.tally.test_set == self.former_tally.test_set


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where a report comes from, and how much time it may take."""

    s3: Any
    decoder: Decoder
    datasets_bucket: str
    seconds: float
    clock: Callable[[], float]  # seconds


def gather(sources: Sources, version: Version, former: Version | None) -> Report:
    """Read what there is, within the time that there is; errors of S3 that a later try may not meet pass through."""
    return _Gathering(sources, Report(version=version, former=former)).gathered()


class _Gathering:
    """One report in the making."""

    def __init__(self, sources: Sources, report: Report) -> None:
        self._sources = sources
        self._report = report
        self._begun = sources.clock()

    def gathered(self) -> Report:
        report = self._report
        report.evaluation = self._evaluation(report.version)
        if report.former is not None:
            report.former_evaluation = self._evaluation(report.former)
        worst = self._tests()
        self._manifests()
        self._training()
        if report.evaluation and report.former and report.former_evaluation:
            report.former_tally = self._tally(report.former, _FORMER, lambda _number, _image: None)
        report.pictures = self._pictures(worst)
        return report

    def _evaluation(self, version: Version) -> Evaluation | None:
        if version.summary is None:
            self._note(f"{version.name} has no evaluation: it is {version.status}.")
            return None
        try:
            return evaluation_of(read_document(self._sources.s3, version.summary))
        except FileUnreadableError as error:
            self._note(f"Left out: the scores of {version.name}. {error}.")
            return None

    def _manifests(self) -> None:
        report = self._report
        if report.version.manifest_summary is not None:
            try:
                said = read_document(self._sources.s3, report.version.manifest_summary, _MANIFEST_SUMMARY_BYTES)
                report.manifests = manifest_summary(said)
                report.findings += report.manifests.findings
            except FileUnreadableError as error:
                self._note(f"Left out: the summary of the manifests. {error}.")
        for name, place in report.version.validations.items():
            with self._lines(place, _VALIDATION, f"what is wrong with the {name} manifest") as lines:
                report.findings += line_findings(name, lines)

    def _tests(self) -> list[MistakenImage]:
        report = self._report
        if report.evaluation is None:
            return []
        worst = WorstMistakes(report.evaluation.thresholds)
        report.tally = self._tally(report.version, _TESTS, worst.add)
        report.mistaken_images = worst.images
        return worst.worst()

    def _tally(self, version: Version, share: float, look: Callable[[int, TestedImage], None]) -> Tally | None:
        """Count the results of a version's test, and let `look` see each image."""
        if version.testing_snapshot is None:
            return None
        tally = Tally()
        with self._lines(version.testing_snapshot, share, f"how {version.name} did on each test image") as lines:
            for number, line in lines:
                image = image_of(line)
                tally.add(image)
                look(number, image)
            tally.whole = not (lines.cut or lines.skipped)
        return tally if tally.images else None

    def _training(self) -> None:
        place = self._report.version.training_snapshot
        if place is not None:
            with self._lines(place, _TRAINING, "the labels of the training images") as lines:
                self._report.training_counts = counted(labels_of(line) for _, line in lines)

    def _pictures(self, worst: list[MistakenImage]) -> list[Picture]:
        pictures: list[Picture] = []
        for image in worst:
            if not self._in_time(_PICTURES):
                self._note(f"{len(worst) - len(pictures)} of the worst mistakes are left out: there was no time.")
                break
            small = thumbnail(self._sources.s3, self._sources.decoder, image.source, self._sources.datasets_bucket)
            pictures.append(Picture(image=image, thumbnail=small))
        return pictures

    @contextmanager
    def _lines(self, place: Place, share: float, what: str) -> Iterator[Lines]:
        """Give the lines of a file to read, and note what could not be read of them."""
        lines = Lines(self._sources.s3, place, lambda: self._in_time(share))
        try:
            yield lines
        except FileUnreadableError as error:
            self._note(f"Left out: {what}. {error}.")
            return
        if lines.cut:
            self._note(f"{place} is too large to be read in full; what is told of it holds for its first part.")
        if lines.skipped:
            self._note(f"{lines.skipped:,} lines of {place} are too long or no JSON, and were left out.")

    def _in_time(self, share: float) -> bool:
        return self._sources.clock() - self._begun < share * self._sources.seconds

    def _note(self, said: str) -> None:
        self._report.notes.append(said)
