"""Reads one line of a manifest, and judges it by itself: its image is not looked at."""

import json
import math
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from lambdas.datasets.attributes import attribute_names, read_attributes
from lambdas.datasets.codes import Code, Weight
from lambdas.datasets.labelled import LabelledImage, bucket_and_key
from lambdas.datasets.limits import MAX_LINE_CHARACTERS

_MAX_DETAIL: Final = 200  # characters of a detail


@dataclass(frozen=True)
class Found:
    """One thing that was found, and what it is about."""

    code: Code
    detail: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "detail", self.detail[:_MAX_DETAIL])


@dataclass(frozen=True)
class Line:
    """What a line says; `image` is None where nothing of it can be used.

    `told` are the labels that it names, be they usable or not; `source` is empty where it has none.
    """

    source: str = ""
    image: LabelledImage | None = None
    found: tuple[Found, ...] = ()
    told: frozenset[str] = frozenset()

    @property
    def is_bad(self) -> bool:
        """Tell whether the line counts among the bad ones; one with warnings only is passed over."""
        return self.image is None and any(found.code.rule.weight is Weight.LOST for found in self.found)

    def lost(self, code: Code, detail: str) -> "Line":
        """Return the line as unusable for this reason."""
        return Line(self.source, None, (*self.found, Found(code, detail)), self.told)


def read_line(text: str) -> Line:
    """Read one JSON line in the formats of SageMaker Ground Truth."""
    if len(text) > MAX_LINE_CHARACTERS:
        return Line(found=(Found(Code.LINT_LINE_TOO_LONG),))
    try:
        entry = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if "\\u" in text:
            json.dumps(entry, ensure_ascii=False).encode()  # half a character can be in no name
    except (ValueError, RecursionError) as error:
        return Line(found=(Found(Code.ERROR_INVALID_JSON_LINE, str(error)),))
    if not isinstance(entry, dict):
        return Line(found=(Found(Code.ERROR_INVALID_JSON_LINE, f"it is a {type(entry).__name__}"),))
    return _read_entry(entry)


def _read_entry(entry: dict[str, Any]) -> Line:
    source = entry.get("source-ref")
    if source is None:
        return Line(found=(Found(Code.ERROR_MISSING_SOURCE_REF),))
    if not isinstance(source, str) or not bucket_and_key(source)[0]:
        return Line(found=(Found(Code.ERROR_INVALID_SOURCE_REF_FORMAT, str(source)),))
    if not attribute_names(entry):
        bare = entry.keys() == {"source-ref"}
        return Line(source, found=(Found(Code.WARNING_UNANNOTATED_RECORD if bare else Code.ERROR_NO_LABEL_ATTRIBUTES),))
    read = read_attributes(entry)
    found = tuple(Found(code, detail) for code, detail in read.found)
    told = read.told
    if read.labels or read.boxes:
        width, height = read.size or (0, 0)
        image = LabelledImage(
            source=source, width=width, height=height, labels=tuple(sorted(read.labels)), boxes=tuple(read.boxes)
        )
        return Line(source, image, found, frozenset(told))
    lost = any(one.code.rule.weight is Weight.LOST for one in found)
    whole = Code.ERROR_NO_VALID_LABEL_ATTRIBUTES if lost else Code.WARNING_NO_ANNOTATIONS
    return Line(source, None, (*found, Found(whole)), frozenset(told))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is too large")
    return value
