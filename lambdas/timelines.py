"""When a label was seen in a video: sightings in the order of time become segments, and segments a summary.

A line of a timeline in the results bucket is one segment (times in milliseconds from the video's start):
`{"Label", "Confidence", "StartTimestampMillis", "EndTimestampMillis", "Sightings": [{"Timestamp", "Confidence",
"Instances": [{"BoundingBox": {"Left", "Top", "Width", "Height"}, "Confidence"}]}]}`. A long or crowded segment has
several lines, each of which begins where the one before ended: a line has at most `MOST_SIGHTINGS` sightings, and ends
with the sighting that brings it to `MOST_BOXES` boxes. All lines that are not written yet hold at most `MOST_HELD`
sightings and boxes together: where they would hold more, the heaviest ends. A sighting on a picture that stood still
has `UntilMillis` too, the last moment at which it was to be seen; a segment that it is the last of ends there.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

GAP_MILLIS: Final = 1500  # a label that is not seen for longer begins a new segment; the service looks twice a second
MOST_SIGHTINGS: Final = 1000  # in one line: with the boxes, it bounds a line's length
MOST_BOXES: Final = 2000  # in one line: half a megabyte of JSON
MOST_HELD: Final = 100_000  # sightings and boxes in memory, of all labels: 90 MB where most are boxes

CONTENT_TYPE: Final = "application/jsonlines"  # of a timeline in S3


@dataclass(frozen=True)
class Sighting:
    """A label at one moment, or on a picture that stood still."""

    at_ms: int
    confidence: float  # percent
    instances: tuple[Mapping[str, Any], ...] = ()  # boxes as Rekognition returns them: BoundingBox, Confidence
    until_ms: int | None = None  # the last moment at which the picture was still to be seen

    @property
    def end_ms(self) -> int:
        return self.at_ms if self.until_ms is None else self.until_ms

    @property
    def weight(self) -> int:
        """What it counts for in memory: itself and its boxes."""
        return 1 + len(self.instances)

    def to_json(self) -> dict[str, Any]:
        """Spell the sighting as a member of a line."""
        until = {} if self.until_ms is None else {"UntilMillis": self.until_ms}
        boxes = {"Instances": list(self.instances)} if self.instances else {}
        return {"Timestamp": self.at_ms, **until, "Confidence": self.confidence, **boxes}


@dataclass(frozen=True)
class Segment:
    """A label from its first sighting to its last without a gap: one line of a timeline."""

    label: str
    sightings: tuple[Sighting, ...]

    @property
    def from_ms(self) -> int:
        return self.sightings[0].at_ms

    @property
    def to_ms(self) -> int:
        return self.sightings[-1].end_ms

    @property
    def confidence(self) -> float:
        """The best confidence, in percent."""
        return max(sighting.confidence for sighting in self.sightings)

    def to_line(self) -> str:
        """Spell the segment as a line, with its line feed."""
        said = {
            "Label": self.label,
            "Confidence": self.confidence,
            "StartTimestampMillis": self.from_ms,
            "EndTimestampMillis": self.to_ms,
            "Sightings": [sighting.to_json() for sighting in self.sightings],
        }
        return json.dumps(said, ensure_ascii=False) + "\n"


@dataclass(slots=True)
class Span:
    """A segment in a summary."""

    from_ms: int
    to_ms: int
    confidence: float  # the best, in percent


@dataclass
class _Line:
    """The sightings of a label that are not written yet."""

    sightings: list[Sighting] = field(default_factory=list)
    weight: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.sightings) >= MOST_SIGHTINGS or self.weight - len(self.sightings) >= MOST_BOXES


@dataclass
class Timeline:
    """Takes sightings in the order of time; holds no more than the lines that are open, and the summary."""

    gap_ms: int | None = GAP_MILLIS  # None: no gap in time ends a segment, `miss` alone does
    _open: dict[str, _Line] = field(default_factory=dict)
    _spans: dict[str, list[Span]] = field(default_factory=dict)
    _on: set[str] = field(default_factory=set)  # labels that were not missed since they were seen
    _held: int = 0  # the weight of all open lines

    def see(self, label: str, sighting: Sighting) -> Iterator[Segment]:
        """Take a sighting; yield the lines that it ends."""
        spans = self._spans.setdefault(label, [])
        goes_on = label in self._on and (self.gap_ms is None or sighting.at_ms - spans[-1].to_ms <= self.gap_ms)
        if goes_on:
            spans[-1].to_ms = sighting.end_ms
            spans[-1].confidence = max(spans[-1].confidence, sighting.confidence)
        else:
            spans.append(Span(sighting.at_ms, sighting.end_ms, sighting.confidence))
        line = self._open.get(label)
        if line and (line.is_full or not goes_on):
            yield self._ended(label)
        self._hold(label, sighting)
        while self._held > MOST_HELD:
            yield self._ended(max(self._open, key=lambda name: self._open[name].weight))

    def miss(self, seen: Collection[str]) -> Iterator[Segment]:
        """Take that of all labels only these were seen at a moment; yield the lines that it ends."""
        missed = self._on.difference(seen)
        self._on -= missed
        for label in sorted(missed & self._open.keys()):
            yield self._ended(label)

    def end(self) -> Iterator[Segment]:
        """Yield the lines that are open at the video's end, the earliest first."""
        segments = [self._ended(label) for label in list(self._open)]
        yield from sorted(segments, key=lambda segment: (segment.from_ms, segment.label))

    def _hold(self, label: str, sighting: Sighting) -> None:
        self._on.add(label)
        line = self._open.setdefault(label, _Line())
        line.sightings.append(sighting)
        line.weight += sighting.weight
        self._held += sighting.weight

    def _ended(self, label: str) -> Segment:
        line = self._open.pop(label)
        self._held -= line.weight
        return Segment(label, tuple(line.sightings))

    def summary(self) -> list[dict[str, Any]]:
        """Return each label's best confidence and its segments, the most confident first.

        `Count` is the number of segments.
        """
        labels = [
            {
                "Name": label,
                "Confidence": max(span.confidence for span in spans),
                "Count": len(spans),
                "Segments": [
                    {
                        "StartTimestampMillis": span.from_ms,
                        "EndTimestampMillis": span.to_ms,
                        "Confidence": span.confidence,
                    }
                    for span in spans
                ],
            }
            for label, spans in self._spans.items()
        ]
        return sorted(labels, key=lambda label: (-label["Confidence"], label["Name"]))

    def to_json(self) -> dict[str, Any]:
        """Spell what is held, for another process to go on with."""
        return {
            "GapMillis": self.gap_ms,
            "On": sorted(self._on),
            "Open": {label: [seen.to_json() for seen in line.sightings] for label, line in self._open.items()},
            "Spans": {
                label: [(span.from_ms, span.to_ms, span.confidence) for span in spans]
                for label, spans in self._spans.items()
            },
        }


def timeline_from_json(said: Mapping[str, Any]) -> Timeline:
    """Read what `Timeline.to_json` wrote."""
    timeline = Timeline(
        gap_ms=said["GapMillis"],
        _on=set(said["On"]),
        _spans={label: [Span(*span) for span in spans] for label, spans in said["Spans"].items()},
    )
    for label, held in said["Open"].items():
        for one in held:
            boxes = tuple(one.get("Instances", ()))
            timeline._hold(label, Sighting(one["Timestamp"], one["Confidence"], boxes, one.get("UntilMillis")))
    return timeline
