"""Findings on a data set, counted all and kept in part: a manifest of 250,000 bad lines must fit into memory too."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from lambdas.datasets.codes import Code, Weight

KEPT: Final = 100  # findings of one code
_HEAVIEST: Final = list(Weight)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding: which code, where, and about what."""

    code: Code
    manifest: str  # name of the file
    line: int | None = None  # from 1; None of a finding on the whole
    detail: str = ""

    @property
    def weight(self) -> Weight:
        return self.code.rule.weight

    def __str__(self) -> str:
        where = self.manifest if self.line is None else f"{self.manifest} line {self.line}"
        about = f" ({self.detail})" if self.detail else ""
        return f"{where}: {self.code.rule.said}{about}; {self.code.rule.remedy} [{self.code}]"

    def to_json(self) -> dict[str, Any]:
        """Spell the finding for programs."""
        return {
            "Code": self.code.value,
            "Weight": self.weight.value,
            "Manifest": self.manifest,
            **({"Line": self.line} if self.line is not None else {}),
            "Message": self.code.rule.said,
            **({"Detail": self.detail} if self.detail else {}),
            "Remedy": self.code.rule.remedy,
        }


@dataclass
class Findings:
    """The first findings of each code, and how many there are."""

    kept: list[Finding] = field(default_factory=list)
    counts: Counter[Code] = field(default_factory=Counter)

    def add(self, finding: Finding) -> None:
        self.counts[finding.code] += 1
        if self.counts[finding.code] <= KEPT:
            self.kept.append(finding)

    def extend(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.add(finding)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings by what comes of them, then as they came."""
    return sorted(findings, key=lambda finding: _HEAVIEST.index(finding.weight))
