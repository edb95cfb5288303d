"""Count what would be billed: inference-unit seconds of running models, and seconds of trainings, per version.

It also scales a model between its units, since what is billed follows from that. AWS publishes no rule; this is
ours: time since RUNNING is cut into windows of 60 s, and a window has the units that the requests of the window
before, refused ones included, would have needed at `detections_per_unit`, between MinInferenceUnits and
MaxInferenceUnits. The first window has MinInferenceUnits, and so has every one when there is no MaxInferenceUnits or
`detections_per_unit` is off.

Time in which the stand-in is down, between two processes on one folder, is not billed: models go on RUNNING, but
nobody served.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from local.rekognition.lifecycle import Status, Version

WINDOW = 60.0  # seconds


@dataclass
class Run:
    """One time that a version was started; times in epoch seconds. `asked` counts detections by window."""

    least: int
    most: int
    started: float
    running: float | None = None
    ended: float | None = None
    asked: dict[int, int] = field(default_factory=dict)
    per_unit: float | None = None  # detections a second

    def window(self, at: float) -> int:
        return math.floor((at - (self.started if self.running is None else self.running)) / WINDOW)

    def units_in(self, window: int) -> int:
        """Return how many inference units serve in a window."""
        asked = self.asked.get(window - 1, 0)
        if not asked or not self.per_unit:
            return self.least
        return max(self.least, min(self.most, math.ceil(asked / WINDOW / self.per_unit)))

    def running_unit_seconds(self, now: float) -> float:
        """Return the unit-seconds from RUNNING to the end, or until now."""
        if self.running is None:
            return 0.0
        length = max(0.0, (now if self.ended is None else self.ended) - self.running)
        more = 0.0
        for window in (asked + 1 for asked in self.asked):
            served = min(WINDOW, max(0.0, length - window * WINDOW))
            more += (self.units_in(window) - self.least) * served
        return self.least * length + more

    def starting_unit_seconds(self, now: float) -> float:
        """Return the unit-seconds from the start to RUNNING, to a failure, or until now."""
        ends = [at for at in (self.running, self.ended) if at is not None]
        return self.least * max(0.0, min(ends, default=now) - self.started)

    def pass_over(self, since: float, until: float) -> None:
        """Move what was not over at `since`, so that no time until `until` counts."""
        if self.ended is not None and self.ended <= since:
            return
        self.started = _moved(self.started, since, until)
        self.running = None if self.running is None else _moved(self.running, since, until)
        self.ended = None if self.ended is None else _moved(self.ended, since, until)


@dataclass(frozen=True)
class Usage:
    """What one version has used so far; `billed_unit_seconds` is with or without STARTING, as the meter is told."""

    running_unit_seconds: float
    starting_unit_seconds: float
    billed_unit_seconds: float
    training_seconds: int


class Meter:
    """The usage of all versions, of deleted ones too. Whoever looks or changes holds the state's lock."""

    def __init__(self) -> None:
        self._runs: dict[str, list[Run]] = {}
        self._trainings: dict[str, int] = {}

    def watch(self, version: Version) -> None:
        """Note a version in the status that it has come into."""
        runs = self._runs.setdefault(version.arn, [])
        unended = runs[-1] if runs and runs[-1].ended is None else None
        match version.status:
            case Status.TRAINING_COMPLETED:  # a training that failed is not billed
                self._trainings[version.arn] = training_seconds(version)
            case Status.STARTING if unended is None:
                runs.append(_run(version))
            case Status.RUNNING if unended is None:
                runs.append(_run(version, running=version.since))
            case Status.RUNNING if unended and unended.running is None:
                unended.running = version.since
            case Status.STOPPING | Status.FAILED if unended:
                unended.ended = version.since

    def asked(self, arn: str, now: float, per_unit: float) -> int:
        """Count a detection by a running version; return the inference units that serve it."""
        run = self._runs[arn][-1]
        window = run.window(now)
        run.per_unit = per_unit
        run.asked[window] = run.asked.get(window, 0) + 1
        return run.units_in(window)

    def pass_over(self, since: float, until: float) -> None:
        """Count nothing of the time between, in which nothing was served."""
        for runs in self._runs.values():
            for run in runs:
                run.pass_over(since, max(since, until))

    def usage(self, now: float, bill_starting: bool = False) -> dict[str, Usage]:
        """Return each version's usage by its ARN."""
        used: dict[str, Usage] = {}
        for arn, runs in self._runs.items():
            running = sum(run.running_unit_seconds(now) for run in runs)
            starting = sum(run.starting_unit_seconds(now) for run in runs)
            billed = running + starting if bill_starting else running
            used[arn] = Usage(running, starting, billed, self._trainings.get(arn, 0))
        return used


def training_seconds(version: Version) -> int:
    """Return the billed seconds of a completed training (BillableTrainingTimeInSeconds)."""
    ended = version.created if version.trained_at is None else version.trained_at
    return max(1, round(ended - version.created))


def _run(version: Version, running: float | None = None) -> Run:
    least = version.min_units or 1
    return Run(least, max(least, version.max_units or least), version.since, running)


def _moved(at: float, since: float, until: float) -> float:
    return min(at, since) + until - since
