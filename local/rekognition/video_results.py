"""Arrange a job's labels as GetLabelDetection is asked to: sorted, aggregated, in pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Any

from local.rekognition.errors import invalid_token
from local.rekognition.labels import Label
from local.rekognition.video_job import DAY, Sightings

LARGEST_PAGE = 1000  # more is cut to it, without an error
TOKEN_SECONDS = DAY

Row = dict[str, Any]  # one LabelDetection of the API


class Sorting(StrEnum):
    """SortBy."""

    NAME = "NAME"
    TIMESTAMP = "TIMESTAMP"


class Aggregation(StrEnum):
    """AggregateBy."""

    TIMESTAMPS = "TIMESTAMPS"
    SEGMENTS = "SEGMENTS"


def rows(sightings: Sightings, sorting: Sorting, aggregation: Aggregation) -> list[Row]:
    """Return all labels as the API's LabelDetections.

    By TIMESTAMP: in the order of time, the most confident first; by NAME: alphabetically, the most confident first.
    """
    found = _segments(sightings) if aggregation is Aggregation.SEGMENTS else _timestamps(sightings)
    if sorting is Sorting.NAME:
        return sorted(found, key=lambda row: (row["Label"]["Name"], -row["Label"]["Confidence"], row["Timestamp"]))
    return sorted(found, key=lambda row: (row["Timestamp"], -row["Label"]["Confidence"], row["Label"]["Name"]))


def page(found: Sequence[Row], request: dict[str, Any], now: float) -> tuple[list[Row], dict[str, str]]:
    """Return the page that the request asks for, and NextToken when more follow.

    A token tells the place and its own time; seals.py makes it one that cannot be made up. Raises ServiceError:
    InvalidPaginationTokenException for a token that is older than a day.
    """
    size = min(request.get("MaxResults", LARGEST_PAGE), LARGEST_PAGE)
    start = _place(request["NextToken"], now) if request.get("NextToken") else 0
    shown = list(found[start : start + size])
    if start + size >= len(found):
        return shown, {}
    return shown, {"NextToken": f"{start + size} {now!r}"}


def _timestamps(sightings: Sightings) -> Iterator[Row]:
    for milliseconds, labels in sightings.labels.items():
        for label in labels:
            yield {"Timestamp": milliseconds, "Label": {**label.described(), "Instances": []}}


def _segments(sightings: Sightings) -> Iterator[Row]:
    """Join each label's unbroken run of frames, with its best confidence; it lasts until the next frame."""
    times = list(sightings.labels)
    until = dict(pairwise([*times, max(sightings.metadata.milliseconds, times[-1])]))
    for seen in _by_name(sightings).values():
        run: dict[int, Label] = {}
        for milliseconds in times:
            if milliseconds in seen:
                run[milliseconds] = seen[milliseconds]
            if run and (milliseconds not in seen or milliseconds == times[-1]):
                start, end = min(run), until[max(run)]
                best = max(run.values(), key=lambda label: label.confidence)
                yield {
                    "Timestamp": start,
                    "Label": best.described(),
                    "StartTimestampMillis": start,
                    "EndTimestampMillis": end,
                    "DurationMillis": end - start,
                }
                run = {}


def _by_name(sightings: Sightings) -> dict[str, dict[int, Label]]:
    by_name: dict[str, dict[int, Label]] = defaultdict(dict)
    for milliseconds, labels in sightings.labels.items():
        for label in labels:
            by_name[label.name][milliseconds] = label
    return by_name


def _place(token: str, now: float) -> int:
    place, made = token.split()
    if now >= float(made) + TOKEN_SECONDS:
        raise invalid_token()
    return int(place)
