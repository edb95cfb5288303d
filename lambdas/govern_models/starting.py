"""When an on-demand model must start, and with how many inference units."""

import math
from typing import Final

from lambdas.delivery import CALLS_PER_UNIT
from lambdas.deployment_settings import ProjectSettings
from lambdas.govern_models.words import Memory, Observation

START_SECONDS: Final = 20 * 60.0  # that a start may take, as the service's guide says
_MARGIN_SECONDS: Final = 120.0  # an image may come a minute before the look that finds it; another to open the queue


def is_due(seen: Observation, memory: Memory, settings: ProjectSettings, now: float) -> str | None:
    """Say why the model must start now; None: what waits can wait longer.

    It starts as late as the longest wait allows: the more images one start serves, the fewer starts are paid for.
    """
    images = seen.depth.images
    if not images or memory.waiting_since is None:
        return None
    waited = now - memory.waiting_since
    when = settings.start_when
    if when.backlog is not None and images >= when.backlog:
        return f"{images} images wait"
    if when.waiting_minutes is not None and waited >= when.waiting_minutes * 60:
        return f"images have waited for {waited / 60:.0f} minutes"
    work = work_seconds(images, memory, settings.max_inference_units)
    if waited + START_SECONDS + work + _MARGIN_SECONDS >= settings.max_wait_minutes * 60:
        return (
            f"images that wait for {waited / 60:.0f} minutes must not wait for more than {settings.max_wait_minutes:g}"
        )
    return None


def units_for(seen: Observation, memory: Memory, settings: ProjectSettings, now: float) -> int:
    """Return the fewest units that do the backlog in time; fewest cost least, because a start costs by the unit."""
    waited = now - memory.waiting_since if memory.waiting_since is not None else 0.0
    left = settings.max_wait_minutes * 60 - waited - START_SECONDS - _MARGIN_SECONDS
    if settings.finish_within_minutes is not None:
        left = min(left, settings.finish_within_minutes * 60)
    work = work_seconds(seen.depth.images, memory, 1)
    needed = math.ceil(work / left) if left > 0 else settings.max_inference_units if work > 60 else 1
    return max(settings.min_inference_units, min(needed, settings.max_inference_units))


def work_seconds(images: int, memory: Memory, units: int) -> float:
    """Return how long a model of so many units takes for so many images."""
    return images / ((memory.rate or CALLS_PER_UNIT) * units)
