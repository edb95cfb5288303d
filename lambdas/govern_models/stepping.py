"""The one step that brings what is nearer to what is to be."""

from dataclasses import replace
from typing import Final

from lambdas.deployment_settings import ProjectSettings
from lambdas.govern_models.starting import units_for
from lambdas.govern_models.wanting import Goal
from lambdas.govern_models.words import Close, EventSource, Memory, Observation, Open, Start, Step, Stop, Version
from lambdas.model_versions import VersionStatus
from lambdas.runtime_settings import Runtime

NO_ROOM: Final = frozenset({"LimitExceededException", "ServiceQuotaExceededException"})
_QUIET_LOOKS: Final = 2  # that find nothing in flight, before the model stops
# After which the model stops although messages are hidden: detect_labels lives for 90 s, and what it has put off comes
# back by itself.
_QUIET_SECONDS: Final = 300.0
_STARTABLE: Final = frozenset(
    {
        VersionStatus.TRAINING_COMPLETED,
        VersionStatus.STOPPED,
        VersionStatus.COPYING_COMPLETED,
        VersionStatus.FAILED,  # hosting failed; the service's guide does not say that it cannot be tried again
    }
)
_FIRST_RETRY_SECONDS: Final = 300.0  # after a start that failed; doubled each time
_LAST_RETRY_SECONDS: Final = 3600.0


def step_to(
    goal: Goal, seen: Observation, memory: Memory, settings: ProjectSettings, now: float
) -> tuple[Step | None, Memory]:
    """Return the step, and the memory with it."""
    if goal.hands_off:
        return None, replace(memory, closing_since=None, quiet_looks=0)
    if goal.exhausted:
        memory = replace(memory, exhausted_at=now)
    active = seen.active
    if goal.run and active is not None:
        return _up(active, seen, replace(memory, closing_since=None, quiet_looks=0), settings, now)
    running = next((version for version in seen.versions or () if version.status is VersionStatus.RUNNING), None)
    if running is not None and (running == active or goal.all_versions):
        return _down(running, seen, memory, now)
    return _closed(seen), memory


def _up(
    active: Version, seen: Observation, memory: Memory, settings: ProjectSettings, now: float
) -> tuple[Step | None, Memory]:
    if active.status is VersionStatus.RUNNING:
        return (Open() if seen.event_source is EventSource.CLOSED else None), memory
    closed = _closed(seen)
    if closed is not None:
        return closed, memory
    if active.status not in _STARTABLE or seen.event_source is not EventSource.CLOSED or not _may_start(memory, now):
        return None, memory
    return _start(active, memory, settings, now), replace(
        memory, starting_since=memory.starting_since or now, resting=False
    )


def _start(active: Version, memory: Memory, settings: ProjectSettings, now: float) -> Start:
    least, most = settings.min_inference_units, settings.max_inference_units
    if settings.runtime != Runtime.ON_DEMAND:
        return Start(active, least, most if most > least else None)  # nobody knows how much will come
    if memory.refused in NO_ROOM:
        return Start(active, least)  # fewer may fit the quota
    return Start(active, units_for(memory, settings, now))


def _down(running: Version, seen: Observation, memory: Memory, now: float) -> tuple[Step | None, Memory]:
    """Close the event source, wait until nothing is in flight, stop."""
    since = memory.closing_since if memory.closing_since is not None else now
    quiet_looks = 0 if seen.depth.in_flight else memory.quiet_looks + 1
    memory = replace(memory, closing_since=since, quiet_looks=quiet_looks)
    if seen.event_source is not EventSource.CLOSED and now - since < _QUIET_SECONDS:
        return _closed(seen), memory
    if quiet_looks >= _QUIET_LOOKS or now - since >= _QUIET_SECONDS:
        return Stop(running), memory
    return None, memory


def _closed(seen: Observation) -> Step | None:
    """While no model runs, images wait in the queue, and none burns its receive count."""
    return Close() if seen.event_source in (EventSource.OPEN, EventSource.OPENING) else None


def _may_start(memory: Memory, now: float) -> bool:
    if not memory.failed_starts or memory.start_failed_at is None:
        return True
    wait = min(_FIRST_RETRY_SECONDS * 2.0 ** min(memory.failed_starts - 1, 8), _LAST_RETRY_SECONDS)
    return now >= memory.start_failed_at + wait
