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
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    DELETING = "DELETING"


STARTABLE = {Status.TRAINING_COMPLETED, Status.STOPPED}
DELETABLE = {Status.TRAINING_COMPLETED, Status.TRAINING_FAILED, Status.STOPPED}


@dataclass(frozen=True)
class Durations:
    """How long each step takes, in seconds of the service's clock; AWS takes minutes to hours."""

    training: float = 2.0
    starting: float = 1.0
    stopping: float = 0.5
    deleting: float = 0.2
    dataset: float = 0.5  # to create, update or delete one


DEFAULT_DURATIONS = Durations()


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


def settled(version: Version, now: float, durations: Durations) -> Version:
    """Return the version in the status that it has reached by now."""
    match version.status:
        case Status.TRAINING_IN_PROGRESS if version.outcome and version.learned_at is not None:
            # Both the pretended and the real work must be over.
            done = max(version.since + durations.training, version.learned_at)
            result = Status.TRAINING_COMPLETED if version.outcome.model else Status.TRAINING_FAILED
            return replace(version, status=result, since=done, trained_at=done) if now >= done else version
        case Status.STARTING if now >= version.since + durations.starting:
            return replace(version, status=Status.RUNNING, since=version.since + durations.starting)
        case Status.STOPPING if now >= version.since + durations.stopping:
            return replace(version, status=Status.STOPPED, since=version.since + durations.stopping)
        case _:
            return version


def is_gone(thing: Project | Version, now: float, durations: Durations) -> bool:
    """Tell whether a deletion that was asked for is over."""
    return thing.status is Status.DELETING and now >= thing.since + durations.deleting
