"""What a look adds to what the governor remembers of a project."""

from dataclasses import replace
from typing import Final

from lambdas.govern_models.waiting import Wave, waves_now
from lambdas.govern_models.words import EventSource, Memory, Observation
from lambdas.model_versions import VersionStatus

AT_REST: Final = frozenset(
    {
        VersionStatus.TRAINING_IN_PROGRESS,
        VersionStatus.TRAINING_COMPLETED,
        VersionStatus.TRAINING_FAILED,
        VersionStatus.STOPPED,
        VersionStatus.FAILED,
        VersionStatus.COPYING_IN_PROGRESS,
        VersionStatus.COPYING_COMPLETED,
        VersionStatus.COPYING_FAILED,
        VersionStatus.DEPRECATED,
        VersionStatus.EXPIRED,
    }
)  # not billed, and nothing that will be by itself
BILLED: Final = frozenset({VersionStatus.STARTING, VersionStatus.RUNNING})
_EMPTY_LOOKS: Final = 2  # SQS's numbers are approximate: one may find none where some are
_STALE_SECONDS: Final = 150.0  # DescribeProjectVersions may not show a start yet
_LEARNED: Final = 0.2  # of the rate, that a look changes
_LEAST_RATE, _GREATEST_RATE = 0.2, 50.0  # detections a second of a unit, between which a measured rate is believed


def remember(seen: Observation, now: float) -> Memory:
    """Return the memory after a look, except for its time: the very one before, where nothing else has changed."""
    before = seen.memory
    waves, rate = _waves(seen, now), _rate(seen, now)
    empty_looks = 0 if seen.depth.images else min(before.empty_looks + 1, _EMPTY_LOOKS)
    memory = before
    if (waves, rate, empty_looks) != (before.waves, before.rate, before.empty_looks):
        memory = replace(before, waves=waves, rate=rate, empty_looks=empty_looks)
    return _of_the_version(seen, memory, now) if seen.versions is not None else memory


def _waves(seen: Observation, now: float) -> tuple[Wave, ...]:
    """Follow the waves; where none of what waited was detected, one empty look is not believed."""
    memory = seen.memory
    if not (seen.depth.images or seen.detected) and memory.empty_looks + 1 < _EMPTY_LOOKS:
        return memory.waves
    return waves_now(memory.waves, seen.depth.images, seen.detected, now)


def _rate(seen: Observation, now: float) -> float | None:
    """Measure what a unit does in a minute that it was busy all through: images waited at both its ends."""
    memory, active = seen.memory, seen.active
    busy = active and active.status is VersionStatus.RUNNING and memory.open_since is not None
    if not (active and busy and memory.looked_at and seen.detected and seen.depth.visible and memory.waves):
        return memory.rate
    since = max(memory.looked_at, memory.open_since or now)
    if now <= since:
        return memory.rate
    measured = min(max(seen.detected / (now - since) / active.inference_units, _LEAST_RATE), _GREATEST_RATE)
    return measured if memory.rate is None else memory.rate + _LEARNED * (measured - memory.rate)


def _of_the_version(seen: Observation, memory: Memory, now: float) -> Memory:
    active = seen.active
    status = active.status if active else None
    running = status is VersionStatus.RUNNING
    at_rest = all(version.status in AT_REST for version in seen.versions or ())
    memory = replace(
        memory,
        versions_at=now,
        resting=at_rest and seen.event_source is EventSource.CLOSED,
        running_since=(memory.running_since or now) if running else None,
        open_since=(memory.open_since or now) if running and seen.event_source is EventSource.OPEN else None,
    )
    if at_rest:
        memory = replace(memory, closing_since=None, quiet_looks=0)
    match status:
        case VersionStatus.STARTING:
            return replace(memory, starting_since=memory.starting_since or now)
        case VersionStatus.RUNNING:
            return replace(memory, starting_since=None, failed_starts=0, start_failed_at=None)
        case VersionStatus.STOPPING:
            return replace(memory, starting_since=None)
    return _without_a_start(memory, status, now)


def _without_a_start(memory: Memory, status: VersionStatus | None, now: float) -> Memory:
    """Count a start that has ended otherwise than RUNNING."""
    if memory.starting_since is None:
        return memory
    if status is VersionStatus.FAILED or now - memory.starting_since > _STALE_SECONDS:
        return replace(memory, starting_since=None, failed_starts=memory.failed_starts + 1, start_failed_at=now)
    return memory
