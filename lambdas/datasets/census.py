"""Counts what the lines of one manifest say. What it holds is bounded by the service's limits, not by the file."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from lambdas.datasets.codes import Code
from lambdas.datasets.findings import Finding, Findings
from lambdas.datasets.labelled import Kind, LabelledImage
from lambdas.datasets.limits import MAX_LABELS, MAX_MANIFEST_BYTES
from lambdas.datasets.manifest_lines import Found, read_line
from lambdas.datasets.manifest_text import NotTextError
from lambdas.datasets.seen import Seen, judged

Look = Callable[[str], Seen | None]  # a source-ref -> what its image told, None where nobody looked

_MOST_NAMES: Final = 4 * MAX_LABELS  # labels, and buckets, that are told apart; a training fails long before


_UNREAD: Final = frozenset(
    {
        Code.ERROR_MANIFEST_SIZE_TOO_LARGE,
        Code.ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM,
        Code.ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT,
    }
)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A manifest to read: its name, its lines as they arrive, and its size in bytes where that is known."""

    name: str
    lines: Iterable[str]
    size: int | None = None


@dataclass(kw_only=True)
class Census:
    """What the lines of one manifest say."""

    name: str
    lines: int = 0
    bad: int = 0
    ignored: int = 0
    labelled: int = 0  # lines with labels of the whole image
    boxed: int = 0  # lines with boxes
    images: dict[Kind, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in Kind})  # by label
    boxes: Counter[str] = field(default_factory=Counter)  # by label
    told: set[str] = field(default_factory=set)  # labels that lines name, be they usable or not
    buckets: set[str] = field(default_factory=set)
    sources: dict[bytes, int] = field(default_factory=dict)  # digest of a source-ref -> its first line
    contents: dict[str, tuple[int, frozenset[str]]] = field(default_factory=dict)  # -> its first line and labels
    findings: Findings = field(default_factory=Findings)

    @property
    def kind(self) -> Kind:
        """Tell the use case: what most lines are for. Which one the service picks of a mixture is not documented."""
        return Kind.DETECTION if self.boxed >= self.labelled and self.boxed else Kind.CLASSIFICATION

    @property
    def usable(self) -> int:
        return self.lines - self.bad - self.ignored

    @property
    def unread(self) -> bool:
        """Tell whether the manifest was not read to its end: its numbers then say nothing."""
        return bool(_UNREAD & self.findings.counts.keys())

    def found(self, code: Code, detail: str = "", line: int | None = None) -> None:
        self.findings.add(Finding(code=code, manifest=self.name, line=line, detail=detail))


def count(manifest: Manifest, most_lines: int, look: Look) -> Census:
    """Read a manifest, line by line; of one that is too large for the service, only so much as shows it."""
    census = Census(name=manifest.name)
    if manifest.size is not None and manifest.size > MAX_MANIFEST_BYTES:
        census.found(Code.ERROR_MANIFEST_SIZE_TOO_LARGE, f"{manifest.size:,} bytes")
        return census
    blank: list[int] = []  # of blank lines, only those are bad that another line follows
    try:
        for number, text in enumerate(manifest.lines, start=1):
            if number - len(blank) > most_lines:
                census.found(Code.ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM, f"the limit is {most_lines:,}")
                break
            if not text.strip():
                blank.append(number)
                continue
            for empty in blank:
                _count_line(census, empty, "", look)
            blank.clear()
            _count_line(census, number, text, look)
    except NotTextError as error:
        census.found(Code.ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT, str(error))
    return census


def _count_line(census: Census, number: int, text: str, look: Look) -> None:
    census.lines += 1
    line = read_line(text)
    seen = look(line.source) if line.image else None
    line = judged(line, seen)
    if len(census.told) < _MOST_NAMES:
        census.told |= line.told
    digest = hashlib.blake2b(line.source.encode(), digest_size=16).digest()
    if line.image and digest in census.sources:
        line = line.lost(Code.LINT_DUPLICATE_SOURCE_REF, f"line {census.sources[digest]}: {line.source}")
    _note(census, number, line.source, line.found)
    if line.image is None:
        census.bad += line.is_bad
        census.ignored += not line.is_bad
        return
    census.sources[digest] = number
    _count_image(census, number, line.image, seen)


def _note(census: Census, number: int, source: str, found: Iterable[Found]) -> None:
    for one in found:
        detail = "; ".join(part for part in (one.detail, source if source not in one.detail else "") if part)
        census.found(one.code, detail, number)


def _count_image(census: Census, number: int, image: LabelledImage, seen: Seen | None) -> None:
    if len(census.buckets) < _MOST_NAMES:
        census.buckets.add(image.bucket)
    census.labelled += bool(image.labels)
    census.boxed += bool(image.boxes)
    if len(census.images[Kind.CLASSIFICATION]) < _MOST_NAMES:
        census.images[Kind.CLASSIFICATION].update(image.labels)
    if len(census.boxes) < _MOST_NAMES:
        census.images[Kind.DETECTION].update({box.label for box in image.boxes})
        census.boxes.update(box.label for box in image.boxes)
    if seen and seen.content:
        first, labels = census.contents.setdefault(seen.content, (number, image.all_labels))
        if first != number:
            same = labels == image.all_labels
            code = Code.LINT_DUPLICATE_IMAGE if same else Code.LINT_CONFLICTING_LABELS
            census.found(code, f"line {first}; {image.source}", number)
