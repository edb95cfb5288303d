"""Lints a data set before a training is paid for: the same rules in the workflow and on the command line."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.datasets.census import Census, Look, Manifest, count
from lambdas.datasets.codes import Code, Weight
from lambdas.datasets.estimate import Estimate, estimate_training
from lambdas.datasets.findings import Finding, Findings, worst_first
from lambdas.datasets.labelled import Kind
from lambdas.datasets.limits import max_lines
from lambdas.datasets.rules import of_both, of_set, of_training

_TOLD: Final = 5  # findings that an error's message tells


class DatasetError(ValueError):
    """The data set would fail its training; the message names lines and remedy."""


@dataclass(frozen=True, kw_only=True)
class SetReport:
    """One set of a data set in numbers; counts are by label."""

    lines: int
    bad: int
    ignored: int
    images: Mapping[str, int]
    boxes: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Spell the numbers for programs."""
        return {
            "Lines": self.lines,
            "BadLines": self.bad,
            "IgnoredLines": self.ignored,
            "Images": dict(self.images),
            "Boxes": dict(self.boxes),
        }


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was found; `findings` are the worst first, of each code the first hundred, `counts` counts all."""

    kind: Kind
    train: SetReport
    test: SetReport | None
    findings: tuple[Finding, ...]
    counts: Mapping[Code, int]
    estimate: Estimate

    @property
    def failures(self) -> tuple[Finding, ...]:
        """Return what would fail the training."""
        return tuple(finding for finding in self.findings if finding.weight is Weight.FAILS)

    @property
    def has_errors(self) -> bool:
        """Tell whether the training would fail, or lose a line or a box."""
        return any(finding.weight.is_error for finding in self.findings)

    def raise_failures(self) -> None:
        """Raise DatasetError where the training would fail."""
        if not self.failures:
            return
        lost = [finding for finding in self.findings if finding.weight is Weight.LOST]
        told = [*self.failures, *lost][: max(_TOLD, len(self.failures))]
        raise DatasetError(". ".join(map(str, told)))

    def to_json(self, most_findings: int | None = None) -> dict[str, Any]:
        """Spell the report for programs."""
        return {
            "Kind": self.kind.value,
            "Labels": sorted(self.train.images),
            "Train": self.train.to_json(),
            "Test": self.test.to_json() if self.test else None,
            "Findings": [finding.to_json() for finding in self.findings[:most_findings]],
            "Counts": {code.value: number for code, number in self.counts.items()},
            "Estimate": self.estimate.to_json(),
        }


def lint(
    train: Manifest,
    test: Manifest | None = None,
    *,
    bucket: str | None,
    region: str,
    look: Look = lambda _: None,
    adds: bool = False,
) -> Report:
    """Judge a data set; without a test manifest, as one that the service splits.

    `bucket` is the only one that training may read, None where it is not known yet. `look` tells of an image. `adds`
    says that its images come to others that the project has: what its labels are by themselves does not matter then.
    """
    trained = count(train, max_lines(region, testing=False), look)
    tested = count(test, max_lines(region, testing=True), look) if test else None
    found = Findings()
    if not trained.unread:
        found.extend(of_set(trained, bucket))
        found.extend(() if adds else of_training(trained, splits=tested is None))
    if tested and not tested.unread:
        found.extend(of_set(tested, bucket))
        found.extend(of_both(trained, tested, adds=adds) if not trained.unread else ())
    each = [trained.findings, found] + ([tested.findings] if tested else [])
    return Report(
        kind=trained.kind,
        train=_numbers(trained, trained.kind),
        test=_numbers(tested, trained.kind) if tested else None,
        findings=tuple(worst_first(finding for part in each for finding in part.kept)),
        counts=dict(sum((part.counts for part in each), Counter[Code]())),
        estimate=estimate_training(trained.usable + (tested.usable if tested else 0)),
    )


def _numbers(census: Census, kind: Kind) -> SetReport:
    return SetReport(
        lines=census.lines,
        bad=census.bad,
        ignored=census.ignored,
        images=dict(census.images[kind].most_common()),
        boxes=dict(census.boxes.most_common()) if kind is Kind.DETECTION else {},
    )
