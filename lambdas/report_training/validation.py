"""What the service says of the data sets: counts of the manifest summary, codes of the validation manifests."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from lambdas.report_training.evaluation import whole
from lambdas.report_training.s3_files import Document

_MOST_CODES: Final = 40
_MOST_LINES: Final = 5  # named of each code
_MOST_TEXT: Final = 500  # characters of a message
_DEPTH: Final = 6  # of a line: attribute, annotations, annotation, errors


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What the manifest summary counts of one data set; None where it does not say."""

    name: str  # training or testing
    total: int | None
    valid: int | None
    invalid: int | None
    ignored: int | None


@dataclass
class Finding:
    """One code, and where it was found."""

    data_set: str  # training, testing or both
    code: str
    message: str
    count: int = 0
    lines: list[int] = field(default_factory=list)  # the first, from 1


@dataclass(frozen=True, kw_only=True)
class ManifestSummary:
    """What a manifest summary says."""

    use_case: str | None
    statistics: tuple[Statistics, ...]
    findings: tuple[Finding, ...]  # of whole data sets


def manifest_summary(said: Document) -> ManifestSummary:
    """Read a manifest summary; what is missing or of another kind is left out."""
    by_set = said.get("statistics")
    by_set = by_set if isinstance(by_set, dict) else {}
    sets = {name: entry for name, entry in by_set.items() if isinstance(entry, dict)}
    findings = [_finding("both", error) for error in _told(said.get("errors"))]
    for name, entry in sets.items():
        findings += [_finding(name, error) for error in _told(entry.get("errors"))]
    use_cases = [entry["use_case"] for entry in sets.values() if isinstance(entry.get("use_case"), str)]
    return ManifestSummary(
        use_case=use_cases[0] if use_cases else None,
        statistics=tuple(_statistics(name, entry) for name, entry in sets.items()),
        findings=tuple(findings[:_MOST_CODES]),
    )


def line_findings(data_set: str, lines: Iterable[tuple[int, Document]]) -> list[Finding]:
    """Count the codes in a validation manifest, the most frequent first."""
    by_code: dict[str, Finding] = {}
    for number, line in lines:
        for told in _marks(line, _DEPTH):
            code = str(told.get("code"))
            if code not in by_code and len(by_code) < _MOST_CODES:
                by_code[code] = _finding(data_set, told)
                by_code[code].count = 0
            if code in by_code:
                finding = by_code[code]
                finding.count += 1
                if len(finding.lines) < _MOST_LINES and number not in finding.lines:
                    finding.lines.append(number)
    return sorted(by_code.values(), key=lambda finding: -finding.count)


def _statistics(name: str, said: Document) -> Statistics:
    return Statistics(
        name=name,
        total=whole(said.get("total_json_lines")),
        valid=whole(said.get("valid_json_lines")),
        invalid=whole(said.get("invalid_json_lines")),
        ignored=whole(said.get("ignored_json_lines")),
    )


def _finding(data_set: str, said: Document) -> Finding:
    return Finding(data_set, str(said.get("code"))[:_MOST_TEXT], str(said.get("message", ""))[:_MOST_TEXT], count=1)


def _marks(said: Any, depth: int) -> Iterator[Document]:
    """Yield what is told under `errors` and `warnings`, at whatever element of a line."""
    if isinstance(said, list) and depth:
        for entry in said:
            yield from _marks(entry, depth - 1)
    if not isinstance(said, dict) or not depth:
        return
    for name, value in said.items():
        if name in ("errors", "warnings"):
            yield from _told(value)
        elif isinstance(value, dict | list):
            yield from _marks(value, depth - 1)


def _told(said: Any) -> list[Document]:
    return [entry for entry in said if isinstance(entry, dict) and "code" in entry] if isinstance(said, list) else []
