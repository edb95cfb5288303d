"""Whether an on-demand model that runs is worth its minute."""

from typing import Final

from lambdas.deployment_settings import ProjectSettings
from lambdas.govern_models.starting import LOOK_SECONDS, READY_SECONDS, is_in_time, work_seconds
from lambdas.govern_models.words import Memory, Observation, Version

# A promotion is followed by people who try the model: for as long as a start would take, which is what one costs.
TRIAL_SECONDS: Final = 15 * 60.0
_STOP_SECONDS: Final = 5 * 60.0  # that a stop may take: two looks, and a few minutes of STOPPING


def why_stay(seen: Observation, version: Version, memory: Memory, settings: ProjectSettings, now: float) -> str | None:
    """Say why the model goes on running until the next look; None: stopping is cheaper, or must be.

    A model stops as soon as it has nothing old to do. A minute of waiting for more costs a unit-minute, and at best
    puts the next session off by a minute; a session comes once in a longest wait and costs a start, so that this is
    worth a small part of a unit-minute. Images that come meanwhile wait for the next session, which is due anyway.
    """
    images = seen.depth.images
    if now < seen.registration.promoted_at / 1000 + TRIAL_SECONDS:
        return "its version was promoted a moment ago"
    if images and (memory.open_since is None or now - memory.open_since < LOOK_SECONDS / 2):
        return "its queue has just been opened"
    if _is_outgrown(version, memory, settings, now):
        return None
    if work_seconds(images, memory, version.inference_units) >= LOOK_SECONDS:
        return f"{images} images keep it busy"
    if images and memory.waiting_since is not None and memory.waiting_since < now:
        return f"{images} images have waited for it"
    return None


def is_too_small(version: Version, memory: Memory, settings: ProjectSettings, now: float) -> bool:
    """Tell whether only more units can do all in time, or sooner where it is too late, a stop and a start included."""
    more = settings.max_inference_units
    if version.inference_units >= more or is_in_time(memory, settings, now, version.inference_units):
        return False
    sooner = work_seconds(memory.images, memory, version.inference_units) - work_seconds(memory.images, memory, more)
    return sooner > _STOP_SECONDS + READY_SECONDS


def _is_outgrown(version: Version, memory: Memory, settings: ProjectSettings, now: float) -> bool:
    """Tell whether a model that is too small must give way now: until then it does what it can."""
    restarted = now + LOOK_SECONDS + _STOP_SECONDS + READY_SECONDS
    return is_too_small(version, memory, settings, now) and not is_in_time(
        memory, settings, restarted, settings.max_inference_units
    )
