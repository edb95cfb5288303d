"""A project's queue, model and event source on a simulated clock, as its governor sees and steers them.

Each minute begins with the governor's look, whose step is done at once; then the minute's images come and are detected.
A look shows what it would on AWS: the queue's depth, the version's status, what the meter counted.
"""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from benchmarks.simulation.serving import PER_UNIT
from benchmarks.simulation.sessions import Month, Session
from benchmarks.simulation.traces import Trace
from lambdas.delivery import BATCH, max_concurrency
from lambdas.deployment_settings import ProjectSettings
from lambdas.govern_models.decision import decide
from lambdas.govern_models.words import (
    Close,
    Decision,
    Depth,
    EventSource,
    Memory,
    Observation,
    Open,
    Raise,
    Start,
    Step,
    Stop,
    Version,
)
from lambdas.model_versions import VersionStatus
from lambdas.registry import Registration

EPOCH: Final = 1_793_577_600  # seconds: 2026-11-02T00:00Z, a Monday
STOPPING: Final = 2  # minutes that a stop takes, not billed
_REST_LOOKS: Final = 5  # minutes, of which those are multiples that decide counts at rest
_ARN: Final = "arn:aws:rekognition:eu-west-1:111122223333:project/p/version/v/1793577600000"
_REGISTRATION: Final = Registration(active_version_arn=_ARN, active_version_name="v")


@dataclass
class Project:
    """One project, minute by minute; counts its governor's looks at the versions."""

    trace: Trace
    status: VersionStatus = VersionStatus.STOPPED
    until: int = 0  # the minute in which STARTING or STOPPING ends
    units: int = 1
    source: EventSource = EventSource.CLOSED
    known: int = 0  # images so far
    done: int = 0
    detected: int = 0  # since the last look
    memory: Memory = field(default_factory=Memory)
    sessions: list[Session] = field(default_factory=list)
    looks: int = 0  # how often Rekognition was asked for the versions
    working: bool = False  # some of what waits is in flight

    @property
    def rests(self) -> bool:
        """Tell whether nothing is there to be done."""
        return self.memory.resting and not self.memory.waves and self.known == self.done

    def look(self, settings: ProjectSettings, minute: int) -> Decision:
        """Let the governor look at the beginning of a minute, and do what it decides."""
        self._move_on(minute)
        now = float(EPOCH + 60 * minute)
        seen = Observation(
            project="p",
            depth=self._depth(),
            event_source=self.source,
            registration=_REGISTRATION,
            memory=self.memory,
            detected=self.detected,
        )
        if self.memory.resting:
            decision = decide(seen, settings, now)
        if not self.memory.resting or decision.asks:  # what does not rest is asked for anyway
            self.looks += 1
            version = Version(arn=_ARN, name="v", status=self.status, inference_units=self.units)
            decision = decide(replace(seen, versions=(version,)), settings, now)
        self.memory, self.detected = decision.memory, 0
        if decision.step is not None:
            self._take(decision.step, minute)
        return decision

    def live(self, minute: int) -> None:
        """Let a minute's images come, and the model work; what was in flight when the source closed is finished."""
        in_flight = self._depth().in_flight
        self.known += int(self.trace.arrivals[minute])
        if self.status is not VersionStatus.RUNNING:
            return
        may = self.known - self.done if self.source is EventSource.OPEN else in_flight
        worked = min(may, PER_UNIT * self.units)
        self.done += worked
        self.detected += worked
        self.working = self.source is EventSource.OPEN

    def _depth(self) -> Depth:
        waiting = self.known - self.done
        in_flight = min(waiting, BATCH * max_concurrency(self.units)) if self.working else 0
        return Depth(visible=waiting - in_flight, in_flight=in_flight)

    def _move_on(self, minute: int) -> None:
        if self.status is VersionStatus.STARTING and minute >= self.until:
            self.status = VersionStatus.RUNNING
        if self.status is VersionStatus.STOPPING and minute >= self.until:
            self.status = VersionStatus.STOPPED

    def _take(self, step: Step, minute: int) -> None:
        match step:
            case Open():
                self.source = EventSource.OPEN
            case Close():
                self.source = EventSource.CLOSED
            case Start(units=units):
                if self.status is not VersionStatus.STOPPED:
                    raise ValueError(f"minute {minute}: a start of a version that is {self.status}")
                self.until = minute + self.trace.startup(minute)
                self.status, self.units = VersionStatus.STARTING, units
                self.sessions.append(Session(minute, self.until, minute, units))
            case Stop():
                self.sessions[-1] = replace(self.sessions[-1], stopped=minute)
                self.status, self.until, self.working = VersionStatus.STOPPING, minute + STOPPING, False


@dataclass(frozen=True, eq=False)
class Governed:
    """What the governor made of a trace."""

    month: Month
    looks: int  # how often it asked Rekognition for the versions
    alarms: int  # that it raised


def govern(trace: Trace, settings: ProjectSettings | None = None, *, every_minute: bool = False) -> Governed:
    """Drive `decide` through a trace; settings are the trace's own where none are given.

    A project at rest with an empty queue, at which a look changed nothing, is looked at each fifth minute only, unless
    `every_minute` is true: the looks between would change nothing either.
    """
    settings = settings or ProjectSettings(max_wait_minutes=trace.max_wait, max_inference_units=trace.max_units)
    project = Project(trace)
    done = np.zeros(trace.minutes, dtype=np.int64)
    alarms = 0
    changed, unchanged = 0, False
    for minute in range(trace.minutes):
        if every_minute or not (unchanged and project.rests) or (minute - changed) % _REST_LOOKS == 0:
            before = project.memory
            decision = project.look(settings, minute)
            alarms += sum(isinstance(alarm, Raise) for alarm in decision.alarms)
            unchanged = decision.memory is before
            changed = changed if unchanged else minute
        project.live(minute)
        done[minute] = project.done
    if project.sessions and project.status in (VersionStatus.STARTING, VersionStatus.RUNNING):
        project.sessions[-1] = replace(project.sessions[-1], stopped=trace.minutes)
    return Governed(Month(tuple(project.sessions), done), project.looks, alarms)
