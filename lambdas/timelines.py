"""When a label was seen in a video: sightings in the order of time become segments, and segments a summary.

A line of a timeline in the results bucket is one segment (times in milliseconds from the video's start):
`{"Label", "Confidence", "StartTimestampMillis", "EndTimestampMillis", "Sightings": [{"Timestamp", "Confidence",
"Instances": [{"BoundingBox": {"Left", "Top", "Width", "Height"}, "Confidence"}]}]}`. A segment of more than
`MOST_SIGHTINGS` has several lines, each of which begins where the one before ended. A sighting on a picture that stood
still has `UntilMillis` too, the last moment at which it was to be seen; a segment that it is the last of ends there.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

GAP_MILLIS: Final = 1500  # a label that is not seen for longer begins a new segment; the service looks twice a second
MOST_SIGHTINGS: Final = 1000  # in one line: it bounds a line's length and what is held in memory


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


@dataclass
class Span:
    """A segment in a summary."""

    from_ms: int
    to_ms: int
    confidence: float  # the best, in percent


@dataclass
class Timeline:
    """Takes sightings in the order of time; holds no more than the segments that are open, and the summary."""

    gap_ms: int | None = GAP_MILLIS  # None: no gap in time ends a segment, `miss` alone does
    _open: dict[str, list[Sighting]] = field(default_factory=dict)
    _spans: dict[str, list[Span]] = field(default_factory=dict)

    def see(self, label: str, sighting: Sighting) -> Iterator[Segment]:
        """Take a sighting; yield the segment that it ends, if it does."""
        spans, held = self._spans.setdefault(label, []), self._open.setdefault(label, [])
        if held and (self.gap_ms is None or sighting.at_ms - spans[-1].to_ms <= self.gap_ms):
            spans[-1].to_ms = sighting.end_ms
            spans[-1].confidence = max(spans[-1].confidence, sighting.confidence)
            ended = len(held) >= MOST_SIGHTINGS
        else:
            spans.append(Span(sighting.at_ms, sighting.end_ms, sighting.confidence))
            ended = bool(held)
        if ended:
            yield Segment(label, tuple(held))
            held.clear()
        held.append(sighting)

    def miss(self, seen: Collection[str]) -> Iterator[Segment]:
        """Take that of all labels only these were seen at a moment; yield the segments that it ends."""
        for label, held in self._open.items():
            if held and label not in seen:
                yield Segment(label, tuple(held))
                held.clear()

    def end(self) -> Iterator[Segment]:
        """Yield the segments that are open at the video's end, the earliest first."""
        segments = [Segment(label, tuple(held)) for label, held in self._open.items() if held]
        self._open.clear()
        yield from sorted(segments, key=lambda segment: (segment.from_ms, segment.label))

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
            "Open": {label: [sighting.to_json() for sighting in held] for label, held in self._open.items()},
            "Spans": {label: [asdict(span) for span in spans] for label, spans in self._spans.items()},
        }


def timeline_from_json(said: Mapping[str, Any]) -> Timeline:
    """Read what `Timeline.to_json` wrote."""
    return Timeline(
        gap_ms=said["GapMillis"],
        _open={label: _sightings(held) for label, held in said["Open"].items()},
        _spans={label: [Span(**span) for span in spans] for label, spans in said["Spans"].items()},
    )


def _sightings(said: Sequence[Mapping[str, Any]]) -> list[Sighting]:
    return [
        Sighting(one["Timestamp"], one["Confidence"], tuple(one.get("Instances", ())), one.get("UntilMillis"))
        for one in said
    ]
