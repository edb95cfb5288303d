"""Say in which status a thing is: what was asked of it, when, and how long that takes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from local.rekognition.orders import Order, Outcome


class Status(StrEnum):
    """The statuses of projects and versions that can be reached here."""

    CREATED = "CREATED"
    TRAINING_IN_PROGRESS = "TRAINING_IN_PROGRESS"
    TRAINING_COMPLETED = "TRAINING_COMPLETED"
    TRAINING_FAILED = "TRAINING_FAILED"
    COPYING_IN_PROGRESS = "COPYING_IN_PROGRESS"
    COPYING_COMPLETED = "COPYING_COMPLETED"
    COPYING_FAILED = "COPYING_FAILED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    DELETING = "DELETING"


STARTABLE = {Status.TRAINING_COMPLETED, Status.COPYING_COMPLETED, Status.STOPPED}
DELETABLE = STARTABLE | {Status.TRAINING_FAILED, Status.COPYING_FAILED, Status.FAILED}
SERVING = {Status.STARTING, Status.RUNNING}  # what the quota of running models counts
UNSETTLED = {Status.TRAINING_IN_PROGRESS, Status.COPYING_IN_PROGRESS, Status.DELETING}  # not to be copied


@dataclass(frozen=True)
class Durations:
    """How long each step takes, in seconds of the service's clock; AWS takes minutes to hours."""

    training: float = 2.0
    starting: float = 1.0
    stopping: float = 0.5
    deleting: float = 0.2
    dataset: float = 0.5  # to create, update or delete one
    copying: float = 1.0


DEFAULT_DURATIONS = Durations()
# As the developer guide and its samples have it: a training of 6,000 images took 70 minutes, stop and start together
# take 10 to 20. Stopping, deleting and copying are guesses.
SERVICE_DURATIONS = Durations(training=4200, starting=600, stopping=120, deleting=60, copying=600)


@dataclass(frozen=True)
class Project:
    """A project; `created` and `since` are epoch seconds."""

    arn: str
    name: str
    created: float
    status: Status = Status.CREATED
    since: float = 0.0


@dataclass(frozen=True)
class Version:
    """A project version; `since` is when it came into its status, in epoch seconds like all times here.

    `outcome` and `learned_at` come with the end of the real work, `trained_at` when all may see that it is over.
    """

    arn: str
    project_arn: str
    created: float
    order: Order = field(repr=False)
    status: Status
    since: float
    outcome: Outcome | None = field(default=None, repr=False)
    learned_at: float | None = None
    trained_at: float | None = None
    min_units: int | None = None
    max_units: int | None = None
    hosting_failure: str | None = None  # why STARTING shall end in FAILED
    source_arn: str | None = None  # of a copy


def settled(version: Version, now: float, durations: Durations) -> Version:
    """Return the version in the status that it has reached by now."""
    match version.status:
        case Status.TRAINING_IN_PROGRESS if version.outcome and version.learned_at is not None:
            # Both the pretended and the real work must be over.
            done = max(version.since + durations.training, version.learned_at)
            result = Status.TRAINING_COMPLETED if version.outcome.model else Status.TRAINING_FAILED
            return replace(version, status=result, since=done, trained_at=done) if now >= done else version
        case Status.COPYING_IN_PROGRESS if version.outcome and version.learned_at is not None:
            done = max(version.since + durations.copying, version.learned_at)
            result = Status.COPYING_COMPLETED if version.outcome.model else Status.COPYING_FAILED
            return replace(version, status=result, since=done, trained_at=done) if now >= done else version
        case Status.STARTING if now >= version.since + durations.starting:
            result = Status.FAILED if version.hosting_failure else Status.RUNNING
            return replace(version, status=result, since=version.since + durations.starting)
        case Status.STOPPING if now >= version.since + durations.stopping:
            return replace(version, status=Status.STOPPED, since=version.since + durations.stopping)
        case _:
            return version


def is_gone(thing: Project | Version, now: float, durations: Durations) -> bool:
    """Tell whether a deletion that was asked for is over."""
    return thing.status is Status.DELETING and now >= thing.since + durations.deleting
