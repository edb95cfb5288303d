"""The life cycle of a model version: what each of its fourteen statuses means to who waits for it."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class VersionStatus(StrEnum):
    """Rekognition's ProjectVersionStatus."""

    TRAINING_IN_PROGRESS = "TRAINING_IN_PROGRESS"
    TRAINING_COMPLETED = "TRAINING_COMPLETED"
    TRAINING_FAILED = "TRAINING_FAILED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    DELETING = "DELETING"
    COPYING_IN_PROGRESS = "COPYING_IN_PROGRESS"
    COPYING_COMPLETED = "COPYING_COMPLETED"
    COPYING_FAILED = "COPYING_FAILED"
    DEPRECATED = "DEPRECATED"
    EXPIRED = "EXPIRED"


class Goal(StrEnum):
    """What a workflow waits for."""

    TRAINED = "TRAINED"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


class Outcome(StrEnum):
    """What a look at a version says to who waits."""

    WAIT = "WAIT"
    REACHED = "REACHED"
    FAILED = "FAILED"


# The looks after which a wait is given up. Seconds between looks are in statemachines/: 300, later 900 for training
# (30 hours; the service says up to 24), 30 for the others (40 minutes; the service says up to 20 to start).
LOOK_LIMITS: Final[Mapping[Goal, int]] = {Goal.TRAINED: 144, Goal.RUNNING: 80, Goal.STOPPED: 80}

# A read may be older than the Start or Stop before it, so that a version still seems at rest for a look or two.
STALE_LOOKS: Final = 3

# What an inference unit is paid for; nobody says how long STOPPING is.
BILLED: Final = frozenset({VersionStatus.STARTING, VersionStatus.RUNNING, VersionStatus.STOPPING})

_DEAD: Final = frozenset(
    {
        VersionStatus.TRAINING_FAILED,
        VersionStatus.FAILED,
        VersionStatus.DELETING,
        VersionStatus.COPYING_FAILED,
        VersionStatus.DEPRECATED,  # for moderation adapters only
        VersionStatus.EXPIRED,
    }
)
_TRAINED: Final = frozenset(
    {
        VersionStatus.TRAINING_COMPLETED,
        VersionStatus.STARTING,
        VersionStatus.RUNNING,
        VersionStatus.STOPPING,
        VersionStatus.STOPPED,
        VersionStatus.FAILED,  # hosting failed, training did not
        VersionStatus.COPYING_COMPLETED,
    }
)
_AT_REST: Final = frozenset({VersionStatus.TRAINING_COMPLETED, VersionStatus.STOPPED, VersionStatus.COPYING_COMPLETED})


@dataclass(frozen=True)
class Assessment:
    """What one look says."""

    outcome: Outcome
    reason: str


def assess(goal: Goal, version_name: str, description: Mapping[str, Any] | None, looks: int) -> Assessment:
    """Say whether a version has reached a goal.

    `description` is its ProjectVersionDescription, None where there is none; `looks` counts this look too.
    """
    if description is None and goal is Goal.STOPPED:
        return Assessment(Outcome.REACHED, f"{version_name} was deleted")
    if description is None:
        return Assessment(Outcome.FAILED, f"Rekognition knows no version {version_name}; was it deleted?")
    status = VersionStatus(description["Status"])
    outcome = _outcome(goal, status, looks)
    reason = f"{version_name} is {status}"
    message = description.get("StatusMessage")
    if message:
        reason += f": {message}"
    if outcome is Outcome.WAIT and looks >= LOOK_LIMITS[goal]:
        return Assessment(Outcome.FAILED, f"{reason} (after {looks} looks; waited for {goal})")
    return Assessment(outcome, reason)


def _outcome(goal: Goal, status: VersionStatus, looks: int) -> Outcome:
    reached: Set[VersionStatus]
    waiting: Set[VersionStatus]
    match goal:
        case Goal.TRAINED:
            reached, waiting = (
                _TRAINED,
                {VersionStatus.TRAINING_IN_PROGRESS, VersionStatus.COPYING_IN_PROGRESS},
            )
        case Goal.RUNNING:
            reached, waiting = {VersionStatus.RUNNING}, {VersionStatus.STARTING}
            if looks <= STALE_LOOKS:
                waiting = waiting | _AT_REST
        case Goal.STOPPED:
            reached = _AT_REST | _DEAD
            waiting = {VersionStatus.STOPPING, VersionStatus.RUNNING, VersionStatus.STARTING}
    if status in reached:
        return Outcome.REACHED
    return Outcome.WAIT if status in waiting else Outcome.FAILED
