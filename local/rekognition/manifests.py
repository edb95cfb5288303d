"""Read manifests, and write lines of them: one JSON object an image, in the formats of SageMaker Ground Truth."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from local.rekognition.attributes import attribute_names, read_attributes
from local.rekognition.findings import Finding, unmarked
from local.rekognition.limits import DEFAULT_LIMITS, DataLimits
from local.rekognition.lines import Line
from local.rekognition.orders import Location

_SOURCE = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.+)", re.DOTALL)
_SURROGATE = re.compile(r"\\ud[89a-f]", re.IGNORECASE)
_DEEPEST = 64  # objects and lists within each other; the formats need five
_LINE_ENDS = str.maketrans({end: f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"})


def row_count(manifest: str) -> int:
    """Return how many lines read_lines would give, without reading any."""
    text = manifest.rstrip()
    return text.count("\n") + 1 if text else 0


def read_lines(manifest: str, limits: DataLimits = DEFAULT_LIMITS) -> list[Line]:
    """Return the manifest's lines; an empty one is a bad one, except at the end."""
    # Not splitlines(): JSON text may hold the other characters that it splits at.
    text = manifest.rstrip()
    return [read_line(line.removesuffix("\r"), limits) for line in text.split("\n")] if text else []


def read_line(text: str, limits: DataLimits) -> Line:
    """Return one line, judged by itself: its image is not looked at."""
    entry = _entry(text, limits)
    if entry is None:
        return Line(text, findings=(Finding.ERROR_INVALID_JSON_LINE.at(),))
    if "source-ref" not in entry:
        return Line(text, findings=(Finding.ERROR_MISSING_SOURCE_REF.at(),))
    source = _SOURCE.fullmatch(entry["source-ref"]) if isinstance(entry["source-ref"], str) else None
    if source is None:
        return Line(text, findings=(Finding.ERROR_INVALID_SOURCE_REF_FORMAT.at(),))
    location = Location(source["bucket"], source["key"])
    if not attribute_names(entry):
        bare = not entry.keys() - {"source-ref"}
        nothing = Finding.WARNING_UNANNOTATED_RECORD if bare else Finding.ERROR_NO_LABEL_ATTRIBUTES
        return Line(text, location, findings=(nothing.at(),))
    read = read_attributes(entry, limits)
    line = Line(
        text,
        location,
        labels=frozenset(read.labels),
        boxes=tuple(read.boxes),
        findings=tuple(read.findings),
        annotated=read.annotated,
        size=read.size,
    )
    return line.judged()


def write_line(entry: Mapping[str, Any]) -> str:
    """Return the text of one line; only what some readers take for its end is escaped."""
    return json.dumps(entry, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_LINE_ENDS)


def _entry(text: str, limits: DataLimits) -> dict[str, Any] | None:
    """Return the object that a line is, without the marks of a listing; None when it is none that can be used."""
    if len(text) > limits.line_characters:
        return None
    try:
        entry = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if _SURROGATE.search(text):
            json.dumps(entry, ensure_ascii=False).encode()  # half a character can be in no name
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or _is_too_deep(text, entry):
        return None
    is_marked = "cl-" in text or "\\u" in text  # the escape may hide a letter of it
    return dict(unmarked(entry)) if is_marked else entry


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON.")


def _finite(number: str) -> float:
    """Return the number. Raises ValueError when it is greater than any float: it could not be written again."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is too large.")
    return value


def _is_too_deep(text: str, entry: dict[str, Any]) -> bool:
    if text.count("{") + text.count("[") <= _DEEPEST:  # most lines: no need to walk through them
        return False
    level: list[Any] = [entry]
    for _ in range(_DEEPEST):
        level = [
            inner
            for element in level
            for inner in (element.values() if isinstance(element, dict) else element)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
