"""What the governor does about a project: a pure function of one look at it.

It is level-triggered: it compares what is with what is to be, and takes one step. What is lost, refused or done twice
is found by the next look.
"""

from dataclasses import replace
from typing import Final

from lambdas.deployment_settings import ProjectSettings
from lambdas.govern_models.alarming import alarms_of
from lambdas.govern_models.remembering import remember
from lambdas.govern_models.stepping import step_to
from lambdas.govern_models.wanting import Goal, goal_of
from lambdas.govern_models.words import Clear, Decision, EventSource, Memory, Observation, Raise
from lambdas.model_versions import VersionStatus

# How long a project at rest goes without a question to Rekognition: what somebody else starts meanwhile is the guard's.
_REST_SECONDS: Final = 900.0
_HOUR_SECONDS: Final = 3600.0  # after which a memory is written although nothing has changed
# For how long a stop may take before the governor's lease ends, and the guard stops the model too.
_STOP_SECONDS: Final = 900.0


def decide(seen: Observation, settings: ProjectSettings, now: float) -> Decision:
    """Decide what to do about a project, at a time in epoch seconds.

    Where `asks` is true, look at the versions and decide again: nothing is to be done or remembered yet.
    """
    memory = remember(seen, now)
    goal = goal_of(seen, memory, settings, now)
    if seen.versions is None and (goal.run or not _rests(seen, now)):
        return Decision(memory=seen.memory, asks=True, because=goal.because)
    step, memory = step_to(goal, seen, memory, settings, now)
    wanted = alarms_of(goal, seen, memory, settings, now)
    raised = tuple(Raise(alarm, says) for alarm, says in wanted.items() if alarm not in memory.alarms)
    cleared = tuple(Clear(alarm) for alarm in sorted(memory.alarms - wanted.keys()))
    explains = _explains(goal, seen, memory, now)
    quiet = step is None and not (raised or cleared or seen.detected)
    if quiet and memory == seen.memory and not _is_old(memory, now):
        return Decision(memory=seen.memory, because=goal.because)
    return Decision(
        step=step,
        alarms=(*raised, *cleared),
        memory=replace(memory, looked_at=now, alarms=frozenset(wanted), leased=explains, revision=memory.revision + 1),
        explains=explains,
        because=goal.because,
    )


def _rests(seen: Observation, now: float) -> bool:
    """Tell whether Rekognition need not be asked: all was at rest a while ago, and only the governor starts models."""
    asked_at = seen.memory.versions_at
    return (
        seen.memory.resting
        and seen.event_source is EventSource.CLOSED
        and not (seen.leases or seen.closing)
        and asked_at is not None
        and now - asked_at < _REST_SECONDS
    )


def _is_old(memory: Memory, now: float) -> bool:
    """Tell whether a memory is to be written although only time has passed."""
    return memory.looked_at is None or now - memory.looked_at >= _HOUR_SECONDS


def _explains(goal: Goal, seen: Observation, memory: Memory, now: float) -> bool:
    """Tell whether the active version may run: it is to, or it is being stopped in good order."""
    active = seen.active
    if active is None or goal.hands_off:
        return False
    if goal.run:
        return True
    stopping = memory.closing_since is not None and now - memory.closing_since < _STOP_SECONDS
    return stopping and active.status is VersionStatus.RUNNING
