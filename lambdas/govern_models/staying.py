"""Whether an on-demand model that runs is worth its minute."""

from typing import Final

from lambdas.deployment_settings import ProjectSettings
from lambdas.govern_models.arrivals import of_late
from lambdas.govern_models.starting import START_SECONDS, work_seconds
from lambdas.govern_models.words import Memory, Observation, Version

# A promotion is followed by people who try the model: for as long as a start would take, which is what one costs.
TRIAL_SECONDS: Final = 15 * 60.0
_LOOK_SECONDS: Final = 60.0
_SESSION_MINUTES: Final = 17.0  # paid for a start and a stop: a start of 15 minutes and two looks


def why_stay(seen: Observation, version: Version, memory: Memory, settings: ProjectSettings, now: float) -> str | None:
    """Say why the model goes on running until the next look; None: stopping is cheaper."""
    images = seen.depth.images
    if now < seen.registration.promoted_at / 1000 + TRIAL_SECONDS:
        return "its version was promoted a moment ago"
    if images and (memory.open_since is None or now - memory.open_since < _LOOK_SECONDS / 2):
        return "its queue has just been opened"
    if work_seconds(images, memory, version.inference_units) >= _LOOK_SECONDS:
        return f"{images} images keep it busy"
    if _are_old(seen, memory):
        return f"{images} images have waited for it"
    if _is_worth_a_minute(memory, settings):
        return "images come so often that another start would cost more"
    return None


def _are_old(seen: Observation, memory: Memory) -> bool:
    """Tell whether some of the images that wait waited at the last look too, and may be done until the next."""
    at_last_look = seen.memory.looked_at
    if not seen.depth.images or memory.waiting_since is None or at_last_look is None:
        return False
    return memory.waiting_since < at_last_look and (seen.depth.visible > 0 or seen.detected > 0)


def _is_worth_a_minute(memory: Memory, settings: ProjectSettings) -> bool:
    """Compare a minute with what it saves of the next session: that one comes later by the time until an image comes.

    A session of `_SESSION_MINUTES` is paid for in each cycle: the longest wait that a start leaves, and the time until
    the first image.
    """
    rate = of_late(memory.arrivals)
    if rate <= 0:
        return False
    until_next = 1 / rate
    cycle = max(settings.max_wait_minutes - START_SECONDS / 60, 0.0) + until_next + _SESSION_MINUTES
    return min(until_next, 1.0) * _SESSION_MINUTES / cycle > 1.0
