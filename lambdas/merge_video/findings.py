"""What was found on a video's frames: taken frame by frame in the order of time, so that no frame's labels are held."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final

from lambdas.errors import ErrorCode
from lambdas.frames import Frame
from lambdas.jobs import Job, JobStatus
from lambdas.labels import labels_of
from lambdas.moderation import Moderation, Verdict, gravest, moderation_of
from lambdas.timelines import Segment, Sighting, Timeline

# One frame that failed shall not tear a segment apart. Of more in a row, nobody knows what they showed.
_MOST_UNSEEN: Final = 1
_NO_RESULT: Final = (
    "They have no result: no model ran for as long as they waited, their messages are dead letters, or their results "
    "have expired. Upload the video again."
)


def _timeline() -> Timeline:
    return Timeline(gap_ms=None)  # how far apart frames are is the video's own affair


@dataclass
class Findings:
    """What the frames so far have shown."""

    lines: IO[bytes]  # gets the timeline
    timeline: Timeline = field(default_factory=_timeline)
    seen: list[Frame] = field(default_factory=list)  # those that a model looked at
    moderation: Moderation | None = None  # of all of them
    versions: set[str] = field(default_factory=set)  # ARNs of those that looked
    detect_millis: int = 0
    _blocked: int = 0
    _failed: Counter[ErrorCode] = field(default_factory=Counter)
    _messages: dict[ErrorCode, str] = field(default_factory=dict)  # the first of each
    _unseen: int = 0  # frames, up to now, that no model looked at

    @property
    def none_succeeded(self) -> bool:
        return not self.seen and not self._blocked

    def counts(self) -> dict[str, int]:
        """Spell how many frames failed and, where they were moderated, how many are blocked."""
        failed = {"FramesFailed": self._failed.total()}
        return failed | ({"FramesBlocked": self._blocked} if self.moderation else {})

    def failure(self) -> tuple[ErrorCode, str]:
        """Return why a video fails none of whose frames succeeded: the reason that most of them had."""
        ((code, _),) = self._failed.most_common(1)
        return code, f"None of the {self._failed.total()} frames could be looked at. {self._messages[code]}"

    def take(self, frame: Frame, job: Job | None) -> None:
        """Take the next frame with its job; None where it has none, or its labels are gone."""
        outcome = job.outcome if job else {}
        moderation = moderation_of(outcome)
        self.moderation = gravest(one for one in (self.moderation, moderation) if one)
        if job is None or job.status is not JobStatus.SUCCEEDED:
            self._fail(outcome)
        elif moderation and moderation.verdict is Verdict.BLOCKED:
            self._blocked += 1  # no model saw it, and nobody is to see it
        else:
            self._look(frame, job)
            return
        self._pass_over(frame)

    def end(self) -> None:
        """Write the segments that the video's end ends."""
        self._write(self.timeline.end())

    def _fail(self, outcome: Mapping[str, Any]) -> None:
        code = ErrorCode(outcome.get("ErrorCode", ErrorCode.EXPIRED))
        self._failed[code] += 1
        self._messages.setdefault(code, outcome.get("StatusMessage", _NO_RESULT))

    def _pass_over(self, frame: Frame) -> None:
        """Take that no model looked at a frame. One alone ends no segment, unless it stands for more than a moment."""
        self._unseen += 1
        if self._unseen > _MOST_UNSEEN or frame.until_ms > frame.at_ms:
            self._write(self.timeline.miss(()))

    def _look(self, frame: Frame, job: Job) -> None:
        self._unseen = 0
        self.seen.append(frame)
        self.detect_millis += job.outcome.get("DetectMillis", 0)
        if job.project_version_arn:
            self.versions.add(job.project_version_arn)
        sightings = dict(_sightings(frame, labels_of(job.outcome)))
        self._write(self.timeline.miss(sightings))
        for label, sighting in sightings.items():
            self._write(self.timeline.see(label, sighting))

    def _write(self, segments: Iterable[Segment]) -> None:
        for segment in segments:
            self.lines.write(segment.to_line().encode())


def _sightings(frame: Frame, labels: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Sighting]]:
    """Yield what was seen of each label in a frame, for as long as the frame stands."""
    until_ms = frame.until_ms if frame.until_ms > frame.at_ms else None
    for name in sorted({label["Name"] for label in labels}):
        found = [label for label in labels if label["Name"] == name]
        boxes = tuple(
            {"BoundingBox": label["Geometry"]["BoundingBox"], "Confidence": label["Confidence"]}
            for label in found
            if "BoundingBox" in label.get("Geometry", {})
        )
        yield name, Sighting(frame.at_ms, max(label["Confidence"] for label in found), boxes, until_ms)
