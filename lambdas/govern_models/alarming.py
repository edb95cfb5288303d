"""What people must know of a project, now."""

from collections.abc import Iterator
from typing import Final

from lambdas.deployment_settings import ProjectSettings
from lambdas.govern_models.remembering import BILLED
from lambdas.govern_models.stepping import NO_ROOM
from lambdas.govern_models.wanting import WEEK_SECONDS, Goal
from lambdas.govern_models.words import Alarm, Memory, Observation
from lambdas.model_versions import VersionStatus
from lambdas.runtime_settings import Runtime

_SLOW_START_SECONDS: Final = 40 * 60.0  # twice of what the service's guide says
_SLOW_STOP_SECONDS: Final = 15 * 60.0
_USELESS: Final = frozenset(
    {
        VersionStatus.TRAINING_FAILED,
        VersionStatus.COPYING_FAILED,
        VersionStatus.DELETING,
        VersionStatus.DEPRECATED,
        VersionStatus.EXPIRED,
    }
)


def alarms_of(goal: Goal, seen: Observation, memory: Memory, settings: ProjectSettings, now: float) -> dict[Alarm, str]:
    """Return what is wrong with a project, and what to do about it."""
    found = dict(_of_the_images(seen, memory, settings, now))
    if goal.alarm is not None:
        found[goal.alarm] = f"The model of {seen.project} is stopped: {goal.because}."
    if seen.versions is None:
        return found | _unchanged(memory, found)
    return found | dict(_of_the_model(goal, seen, memory, now))


def _unchanged(memory: Memory, found: dict[Alarm, str]) -> dict[Alarm, str]:
    """Leave as they are the alarms that only a look at the versions can tell of."""
    of_the_model = {
        Alarm.NO_ROOM,
        Alarm.START_FAILED,
        Alarm.START_SLOW,
        Alarm.STOP_SLOW,
        Alarm.STOP_REFUSED,
        Alarm.MODEL_UNUSABLE,
    }
    return {alarm: "" for alarm in memory.alarms if alarm in of_the_model and alarm not in found}


def _of_the_images(
    seen: Observation, memory: Memory, settings: ProjectSettings, now: float
) -> Iterator[tuple[Alarm, str]]:
    if memory.waiting_since is None or not seen.depth.images:
        return
    waited = now - memory.waiting_since
    if waited > WEEK_SECONDS:
        yield (
            Alarm.IMAGES_AGE,
            f"Images of {seen.project} have waited for a week and are lost after ten days: let its model run.",
        )
    if settings.runtime == Runtime.ON_DEMAND and waited > settings.max_wait_minutes * 60:
        yield (
            Alarm.BOUND_AT_RISK,
            f"{seen.depth.images} images of {seen.project} wait, some for more than max_wait_minutes "
            f"({settings.max_wait_minutes:g}).",
        )


def _of_the_model(goal: Goal, seen: Observation, memory: Memory, now: float) -> Iterator[tuple[Alarm, str]]:
    active = seen.active
    at_rest = active is None or active.status not in BILLED
    if goal.run and not goal.hands_off and at_rest:
        if active is None or active.status in _USELESS:
            how = "was deleted" if active is None else f"is {active.status}"
            yield (
                Alarm.MODEL_UNUSABLE,
                f"The active version of {seen.project} {how}: start another one "
                f"(`customlabels start {seen.project} --version ...`) or train one.",
            )
        if memory.refused in NO_ROOM:
            yield (
                Alarm.NO_ROOM,
                f"The model of {seen.project} is due, and the account's quota of running models or inference units is "
                "used up: it starts as soon as another one has stopped.",
            )
        elif memory.refused or memory.failed_starts:
            yield (
                Alarm.START_FAILED,
                f"The model of {seen.project} did not start ({memory.refused or 'hosting failed'}): "
                f"`customlabels models {seen.project}` shows what Rekognition says of it. It is tried again.",
            )
    if memory.starting_since is not None and now - memory.starting_since > _SLOW_START_SECONDS:
        yield Alarm.START_SLOW, f"The model of {seen.project} has been starting for more than 40 minutes."
    if memory.closing_since is not None and memory.refused and not at_rest:
        yield (
            Alarm.STOP_REFUSED,
            f"The model of {seen.project} is to stop and is billed, and a step was refused ({memory.refused}). It "
            "is tried each minute; stop it in the Rekognition console if that goes on.",
        )
    if memory.closing_since is not None and now - memory.closing_since > _SLOW_STOP_SECONDS:
        yield (
            Alarm.STOP_SLOW,
            f"The model of {seen.project} has not stopped for more than 15 minutes, and may be billed.",
        )
