"""What a training that failed says of its data: the manifest summary and the validation manifests."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_SHOWN: Final = 10  # worst lines that are remembered
_MAX_SAID: Final = 300  # characters of one message


@dataclass(frozen=True)
class WorstLine:
    """A line with errors."""

    manifest: str  # training or testing
    number: int  # from 1
    codes: tuple[str, ...]
    source_ref: str | None

    def to_json(self) -> dict[str, Any]:
        """Spell the line as the registry keeps it."""
        said = {"Manifest": self.manifest, "Line": self.number, "Codes": list(self.codes)}
        return said | ({"SourceRef": self.source_ref} if self.source_ref else {})


def summary_codes(summary: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return code and message of each error that a manifest summary tells of the data set as a whole."""
    statistics = summary.get("statistics", {})
    told = [*summary.get("errors", [])]
    for part in ("training", "testing"):
        told += statistics.get(part, {}).get("errors", [])
    unique = {error["code"]: str(error.get("message", ""))[:_MAX_SAID] for error in told}
    return [{"Code": code, "Message": message} for code, message in unique.items()]


def line_errors(manifest: str, lines: Iterable[bytes]) -> Iterator[WorstLine]:
    """Yield the lines of a validation manifest that have errors."""
    for number, line in enumerate(lines, start=1):
        if b'"errors"' in line:
            entry = json.loads(line)
            codes = tuple(_codes(entry))
            if codes:
                yield WorstLine(manifest, number, codes, entry.get("source-ref"))


def worst(lines: Iterable[WorstLine]) -> tuple[Counter[str], list[WorstLine]]:
    """Count the codes of all lines, and return the lines with the most errors."""
    counts: Counter[str] = Counter()
    kept: list[WorstLine] = []
    for line in lines:
        counts.update(line.codes)
        kept = sorted([*kept, line], key=lambda other: -len(other.codes))[:_SHOWN]
    return counts, kept


def _codes(element: Any) -> Iterator[str]:
    """Yield the codes of errors at a line, an attribute, an annotation or its metadata."""
    if isinstance(element, list):
        for inner in element:
            yield from _codes(inner)
    elif isinstance(element, dict):
        for name, value in element.items():
            if name == "errors" and isinstance(value, list):
                yield from (error["code"] for error in value if isinstance(error, dict) and "code" in error)
            else:
                yield from _codes(value)
