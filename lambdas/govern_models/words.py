"""What the governor sees of a project, what it remembers, and what it may do. Times are epoch seconds."""

from dataclasses import dataclass, field
from enum import StrEnum

from lambdas.govern_models.waiting import Wave
from lambdas.model_versions import VersionStatus
from lambdas.registry import Lease, Registration


class EventSource(StrEnum):
    """The state of the event source that feeds a project's images to detect_labels."""

    OPEN = "OPEN"
    OPENING = "OPENING"
    CLOSED = "CLOSED"
    CLOSING = "CLOSING"
    CHANGING = "CHANGING"  # to what, Lambda does not say


@dataclass(frozen=True, kw_only=True)
class Depth:
    """The messages of a project's queue."""

    visible: int = 0
    in_flight: int = 0  # received and neither deleted nor due again
    delayed: int = 0

    @property
    def images(self) -> int:
        """How many images wait or are worked on."""
        return self.visible + self.in_flight + self.delayed


@dataclass(frozen=True, kw_only=True)
class Version:
    """A model version of a project, as DescribeProjectVersions shows it."""

    arn: str
    name: str
    status: VersionStatus
    inference_units: int = 1  # MinInferenceUnits, where it runs or is started


@dataclass(frozen=True, kw_only=True)
class Spending:
    """Inference unit-hours of the UTC day so far, a start included."""

    project: float = 0.0
    deployment: float = 0.0


class Alarm(StrEnum):
    """What people are told of on the operations topic."""

    BUDGET_SPENT = "BUDGET_SPENT"  # of the project or the deployment: its model is stopped until the next day
    RAN_TOO_LONG = "RAN_TOO_LONG"  # at one stretch
    NO_ROOM = "NO_ROOM"  # a start is due, and the account's quota is used up
    START_FAILED = "START_FAILED"  # hosting failed, or Rekognition refused the start
    START_SLOW = "START_SLOW"  # STARTING for longer than ever seen
    STOP_REFUSED = "STOP_REFUSED"  # it is to stop, and Rekognition refuses or the event source does not close
    STOP_SLOW = "STOP_SLOW"  # it is to stop, and is billed still
    MODEL_UNUSABLE = "MODEL_UNUSABLE"  # deleted, expired or being deleted
    IMAGES_AGE = "IMAGES_AGE"  # the oldest has waited for a week, and is lost after ten days
    BOUND_AT_RISK = "BOUND_AT_RISK"  # the backlog cannot be done within max_wait


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What the governor keeps of a project from one look to the next, in the registry."""

    revision: int = 0  # of the item: who writes it must have read this one
    looked_at: float | None = None  # when it last looked
    waves: tuple[Wave, ...] = ()  # of the images that wait, the oldest first (waiting.py)
    empty_looks: int = 0  # in a row
    resting: bool = False  # all versions were seen at rest and the event source closed, and nothing was asked since
    versions_at: float | None = None  # when Rekognition was last asked for the versions
    starting_since: float | None = None  # when it asked for the start, or found it STARTING
    running_since: float | None = None  # the first look that found the active version RUNNING
    open_since: float | None = None  # the first look that found it RUNNING with the event source open
    closing_since: float | None = None  # when it first meant to stop
    quiet_looks: int = 0  # in a row with the event source closed and nothing in flight
    refused: str | None = None  # the error code of the last step, where the service refused it
    failed_starts: int = 0  # in a row
    start_failed_at: float | None = None
    exhausted_at: float | None = None  # when it had run for its longest time
    leased: bool = False  # it holds a lease on the active version
    rate: float | None = None  # detections a second of one unit, measured; None: never
    alarms: frozenset[Alarm] = frozenset()  # raised and not cleared

    @property
    def waiting_since(self) -> float | None:
        """The look that first found the oldest image that waits, in epoch seconds; None: none waits."""
        return self.waves[0][0] if self.waves else None

    @property
    def images(self) -> int:
        """How many images waited at the last look."""
        return sum(size for _, size in self.waves)


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One look at a project."""

    project: str
    depth: Depth
    event_source: EventSource
    registration: Registration
    leases: tuple[Lease, ...] = ()  # the live ones of others: rollouts, reruns
    versions: tuple[Version, ...] | None = None  # None: not asked for
    memory: Memory = field(default_factory=Memory)
    detected: int = 0  # images since the last look, by the meter
    spending: Spending = field(default_factory=Spending)
    deployment_budget: float | None = None  # unit-hours a day
    closing: bool = False  # the deployment is being destroyed

    @property
    def active(self) -> Version | None:
        """The active version, where it was looked at and exists."""
        return next((seen for seen in self.versions or () if seen.arn == self.registration.active_version_arn), None)


@dataclass(frozen=True)
class Start:
    """StartProjectVersion."""

    version: Version
    units: int
    max_units: int | None = None  # up to which Rekognition adds units by itself; None: it adds none


@dataclass(frozen=True)
class Stop:
    """StopProjectVersion."""

    version: Version


@dataclass(frozen=True)
class Open:
    """Let detect_labels read the project's queue."""


@dataclass(frozen=True)
class Close:
    """Let images wait in the project's queue."""


@dataclass(frozen=True)
class Raise:
    """Tell people that something is wrong, once until it is cleared."""

    alarm: Alarm
    says: str


@dataclass(frozen=True)
class Clear:
    """Tell people that it is not wrong any more."""

    alarm: Alarm


Step = Start | Stop | Open | Close


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do now, and what to remember of it; the memory is written first."""

    step: Step | None = None  # at most one: the next look takes the next
    alarms: tuple[Raise | Clear, ...] = ()
    memory: Memory
    explains: bool = False  # the active version may run: the governor's lease on it is renewed
    asks: bool = False  # it cannot be decided without the versions: look at them, and decide again
    because: str  # for people
