"""A project's queue, event source and model in a few lines, which the governor's decisions move minute by minute.

Unlike the simulator's, this service misbehaves where it is told to: it loses calls, shows stale statuses, and lets the
governor die between any two of its writes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

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
    Spending,
    Start,
    Step,
    Stop,
    Version,
)
from lambdas.model_versions import VersionStatus
from lambdas.registry import Lease, Registration

MINUTE = 60.0
BEGAN = 1_800_000_000.0  # a Friday, 8:00 UTC
PER_UNIT = 300  # images a minute

ACTIVE = Version(arn="arn:v2", name="v2", status=VersionStatus.STOPPED)
REGISTERED = Registration(
    project_arn="arn:p", active_version_arn="arn:v2", active_version_name="v2", former_version_arn="arn:v1"
)


def look(**said) -> Observation:
    """Return a look at a project at rest, with what is said of it."""
    usual = {
        "project": "digits",
        "depth": Depth(),
        "event_source": EventSource.CLOSED,
        "registration": REGISTERED,
        "versions": (ACTIVE,),
    }
    return Observation(**usual | said)


def running(**said) -> Version:
    return replace(ACTIVE, status=VersionStatus.RUNNING, **said)


@dataclass
class World:
    """The service as it is; `tick` lets a minute pass."""

    settings: ProjectSettings
    now: float = BEGAN
    status: VersionStatus = VersionStatus.STOPPED
    units: int = 1
    source: EventSource = EventSource.CLOSED
    waiting: list[float] = field(default_factory=list)  # when each image came
    memory: Memory = field(default_factory=Memory)
    registration: Registration = REGISTERED
    leases: tuple[Lease, ...] = ()
    starting_minutes: Callable[[], int] = lambda: 15
    left: int = 0  # minutes until the present change ends
    detected: int = 0  # in the last minute
    unit_minutes: float = 0.0  # billed today
    budget: float | None = None
    waits: list[float] = field(default_factory=list)  # minutes, of each image that is done
    steps: list[tuple[float, Step]] = field(default_factory=list)
    asked: int = 0  # for the versions

    @property
    def minute(self) -> int:
        return round((self.now - BEGAN) / MINUTE)

    @property
    def billed(self) -> bool:
        return self.status in (VersionStatus.STARTING, VersionStatus.RUNNING)

    def look(self, *, versions: bool) -> Observation:
        version = replace(ACTIVE, status=self.status, inference_units=self.units)
        return look(
            depth=Depth(visible=len(self.waiting)),
            event_source=self.source,
            registration=self.registration,
            leases=tuple(lease for lease in self.leases if lease.expires_at > self.now),
            versions=(version,) if versions else None,
            memory=self.memory,
            detected=self.detected,
            spending=Spending(project=self.unit_minutes / 60, deployment=self.unit_minutes / 60),
            deployment_budget=self.budget,
        )

    def decide(self) -> Decision:
        decision = decide(self.look(versions=False), self.settings, self.now)
        if not decision.asks:
            return decision
        self.asked += 1
        return decide(self.look(versions=True), self.settings, self.now)

    def govern(self, *, dies: bool = False, loses: bool = False) -> Decision:
        """Look and step; `dies` before anything is remembered, `loses` the step after it is remembered."""
        decision = self.decide()
        if dies:
            return decision
        self.memory = decision.memory
        if decision.step is not None and not loses:
            self.take(decision.step)
        return decision

    def take(self, step: Step) -> None:
        """Take a step as the service does: refused where it does not fit."""
        self.steps.append((self.now, step))
        match step:
            case Start(units=units) if self.status in (VersionStatus.STOPPED, VersionStatus.FAILED):
                self.status, self.units, self.left = VersionStatus.STARTING, units, self.starting_minutes()
            case Stop() if self.status is VersionStatus.RUNNING:
                self.status, self.left = VersionStatus.STOPPING, 2
            case Open():
                self.source = EventSource.OPEN
            case Close():
                self.source = EventSource.CLOSED

    def tick(self, arrivals: int = 0) -> None:
        """Let a minute pass: images come, the model answers, what starts or stops comes nearer to its end."""
        self.detected = 0
        self.waiting += [self.now] * arrivals
        if self.billed:
            self.unit_minutes += self.units
        if self.status is VersionStatus.RUNNING and self.source is EventSource.OPEN:
            done, self.waiting = self.waiting[: PER_UNIT * self.units], self.waiting[PER_UNIT * self.units :]
            self.waits += [(self.now + MINUTE - came) / MINUTE for came in done]
            self.detected = len(done)
        self.now += MINUTE
        if self.status in (VersionStatus.STARTING, VersionStatus.STOPPING):
            self.left -= 1
            if self.left <= 0:
                started = self.status is VersionStatus.STARTING
                self.status = VersionStatus.RUNNING if started else VersionStatus.STOPPED

    def pass_minutes(self, minutes: int, arrivals: Callable[[int], int] = lambda minute: 0) -> None:
        for _ in range(minutes):
            self.govern()
            self.tick(arrivals(self.minute))
