"""Whether an on-demand model that runs is worth its minute."""

from typing import Final

from lambdas.deployment_settings import ProjectSettings
from lambdas.govern_models.starting import (
    LOOK_SECONDS,
    READY_SECONDS,
    dues,
    images_a_second,
    is_in_time,
    work_seconds,
)
from lambdas.govern_models.words import Memory, Observation, Version

# A promotion is followed by people who try the model: for as long as a start would take, which is what one costs.
TRIAL_SECONDS: Final = 15 * 60.0
_RESTART_SECONDS: Final = 5 * 60.0 + READY_SECONDS  # two looks, a few minutes of STOPPING, and a start


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
    if _gives_way(version, memory, settings, now):
        return None
    if work_seconds(images, memory, version.inference_units) >= LOOK_SECONDS:
        return f"{images} images keep it busy"
    # What is only hidden was put off, for a quarter of an hour perhaps, and can wait for the next session.
    doable = seen.depth.visible > 0 or seen.detected > 0
    if images and doable and memory.waiting_since is not None and memory.waiting_since < now:
        return f"{images} images have waited for it"
    return None


def is_too_small(version: Version, memory: Memory, settings: ProjectSettings, now: float) -> bool:
    """Tell whether some images come too late with this model, and sooner with another that has more units."""
    if version.inference_units >= settings.max_inference_units:
        return False
    rate = images_a_second(memory, version.inference_units)
    more = images_a_second(memory, settings.max_inference_units)
    return any(
        now + images / rate > due and images / rate > _RESTART_SECONDS + images / more
        for images, due in dues(memory, settings, now)
    )


def _gives_way(version: Version, memory: Memory, settings: ProjectSettings, now: float) -> bool:
    """Tell whether a model that is too small stops now: the oldest images can wait for so long, or are late anyway."""
    if memory.waiting_since is None or not is_too_small(version, memory, settings, now):
        return False
    late = now - memory.waiting_since > settings.max_wait_minutes * 60
    return late or is_in_time(memory, settings, now, settings.max_inference_units, after=_RESTART_SECONDS)
