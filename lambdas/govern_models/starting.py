"""When an on-demand model must start, and with how many inference units."""

from typing import Final

from lambdas.delivery import CALLS_PER_UNIT
from lambdas.deployment_settings import ProjectSettings
from lambdas.govern_models.waiting import pace, work_before
from lambdas.govern_models.words import Memory, Observation

LOOK_SECONDS: Final = 60.0  # between two looks
START_SECONDS: Final = 20 * 60.0  # that a start may take, as the service's guide says
READY_SECONDS: Final = (
    START_SECONDS + LOOK_SECONDS
)  # until the event source is open: a look must find the model RUNNING


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
    if not is_in_time(memory, settings, now, _enough_units(memory, settings), after=LOOK_SECONDS + READY_SECONDS):
        return (
            f"images that wait for {waited / 60:.0f} minutes must not wait for more than {settings.max_wait_minutes:g}"
        )
    return None


def units_for(memory: Memory, settings: ProjectSettings, now: float) -> int:
    """Return the fewest units that do the backlog in time, and keep up with what comes.

    Fewest cost least: work costs the same with all, but a start costs by the unit.
    """
    for units in range(settings.min_inference_units, settings.max_inference_units):
        if (
            is_in_time(memory, settings, now, units, after=READY_SECONDS)
            and _finishes(memory, settings, units)
            and pace(memory.waves, now) <= images_a_second(memory, units)
        ):
            return units
    return settings.max_inference_units


def is_in_time(memory: Memory, settings: ProjectSettings, now: float, units: int, *, after: float = 0.0) -> bool:
    """Tell whether a model of so many units that runs after so many seconds does all within the longest wait."""
    rate = images_a_second(memory, units)
    return all(now + after + images / rate <= due for images, due in dues(memory, settings, now))


def dues(memory: Memory, settings: ProjectSettings, now: float) -> list[tuple[int, float]]:
    """Return how many images must be done by when, in epoch seconds, of those that wait and those that will come soon.

    An image may have come a minute before the look that found it. Others are taken to come as of late, for as long as
    a start takes.
    """
    wait = settings.max_wait_minutes * 60 - LOOK_SECONDS
    found = [(images, since + wait) for since, images in work_before(memory.waves)]
    if found:
        expected = int(pace(memory.waves, now) * START_SECONDS)
        found.append((found[-1][0] + expected, now + START_SECONDS + wait))
    return found


def images_a_second(memory: Memory, units: int) -> float:
    """Return how many images a model of so many units detects in a second, as measured or as the guide says."""
    return (memory.rate or CALLS_PER_UNIT) * units


def work_seconds(images: int, memory: Memory, units: int) -> float:
    """Return how long a model of so many units takes for so many images."""
    return images / images_a_second(memory, units)


def _enough_units(memory: Memory, settings: ProjectSettings) -> int:
    """Return the units to plan a start for: the fewest that work for at most half of the longest wait.

    With more, it could start later still. But what that saves, a longer time until the next start, is less than what
    the units cost.
    """
    half = (settings.max_wait_minutes * 60 - READY_SECONDS) / 2
    for units in range(settings.min_inference_units, settings.max_inference_units):
        if work_seconds(memory.images, memory, units) <= half:
            return units
    return settings.max_inference_units


def _finishes(memory: Memory, settings: ProjectSettings, units: int) -> bool:
    """Tell whether the backlog is done in the time that the settings give a model that runs."""
    if settings.finish_within_minutes is None:
        return True
    return work_seconds(memory.images, memory, units) <= settings.finish_within_minutes * 60
