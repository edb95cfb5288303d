"""Whether a project's model is to run now: who has the last word, and what the runtime says."""

from dataclasses import dataclass
from typing import Final

from lambdas.deployment_settings import ProjectSettings
from lambdas.govern_models.schedules import is_in_window
from lambdas.govern_models.starting import START_SECONDS, is_due, units_for
from lambdas.govern_models.staying import is_too_small, why_stay
from lambdas.govern_models.words import Alarm, Memory, Observation
from lambdas.model_versions import VersionStatus
from lambdas.registry import Wanted
from lambdas.runtime_settings import Runtime

WEEK_SECONDS: Final = 7 * 86_400.0  # of ten days, for which a queue keeps an image
COOLING_SECONDS: Final = 3600.0  # after the longest run, before the runtime may start the model again
_LONGEST_HOURS: Final = 24.0  # of an on-demand model whose settings say nothing


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What is to be."""

    run: bool
    because: str
    hands_off: bool = False  # somebody else is at work
    alarm: Alarm | None = None  # that this is worth
    exhausted: bool = False  # it runs, and has run for its longest time
    all_versions: bool = False  # versions other than the active one are to stop too: else they are the guard's


def goal_of(seen: Observation, memory: Memory, settings: ProjectSettings, now: float) -> Goal:
    """Say whether the model is to run: budget, a person's word, a rollout, and then the runtime."""
    if seen.closing:
        return Goal(run=False, because="the deployment is being destroyed", all_versions=True)
    spent = _spent(seen, memory, settings, now)
    if spent:
        return Goal(run=False, because=spent, alarm=Alarm.BUDGET_SPENT, all_versions=True)
    if seen.registration.asks_for(Wanted.STOPPED, now):
        return Goal(run=False, because="a person stopped it", all_versions=True)
    if seen.leases:
        return Goal(run=True, because=f"{seen.leases[0].holder} is at work", hands_off=True)
    if seen.registration.active_version_arn is None:
        return Goal(run=False, because="no version has been promoted")
    if seen.registration.asks_for(Wanted.RUNNING, now):
        return Goal(run=True, because="a person asked for it")
    return _rest_after_the_longest_run(memory, settings, now) or _by_the_runtime(seen, memory, settings, now)


def _rest_after_the_longest_run(memory: Memory, settings: ProjectSettings, now: float) -> Goal | None:
    """Stop what has run for its longest time at a stretch, and let it rest for a while before its runtime counts."""
    hours = settings.max_run_hours
    if hours is None and settings.runtime == Runtime.ON_DEMAND:
        hours = _LONGEST_HOURS
    runs = hours is not None and memory.running_since is not None
    exhausted = runs and now - (memory.running_since or now) > (hours or 0.0) * 3600
    rests = memory.exhausted_at is not None and now < memory.exhausted_at + COOLING_SECONDS
    if not (exhausted or rests):
        return None
    because = f"it ran for {hours} hours, its longest time"
    return Goal(run=False, because=because, alarm=Alarm.RAN_TOO_LONG, exhausted=exhausted, all_versions=True)


def _by_the_runtime(seen: Observation, memory: Memory, settings: ProjectSettings, now: float) -> Goal:
    if settings.runtime == Runtime.ALWAYS_ON:
        return Goal(run=True, because="it is always on")
    if settings.schedule is not None and is_in_window(settings.schedule, now):
        return Goal(run=True, because="its schedule says so")
    if memory.starting_since is not None:
        return Goal(run=True, because="it is starting")
    active, on_demand = seen.active, settings.runtime == Runtime.ON_DEMAND
    running = active if active and active.status is VersionStatus.RUNNING else None
    if running and memory.closing_since is None:
        stay = why_stay(seen, running, memory, settings, now) if on_demand else _why_finish(seen, memory, now)
        return Goal(run=stay is not None, because=stay or "stopping is cheaper than staying")
    if memory.waiting_since is not None and now - memory.waiting_since > WEEK_SECONDS:
        return Goal(run=True, because="images have waited for a week")
    if running and on_demand and is_too_small(running, memory, settings, now):
        return Goal(run=False, because="it is to start anew with more inference units")
    due = is_due(seen, memory, settings, now) if on_demand else None
    return Goal(run=due is not None, because=due or "nothing waits for so long that it must run")


def _why_finish(seen: Observation, memory: Memory, now: float) -> str | None:
    """Say why a scheduled model goes on outside its windows: it was started for images that had waited for a week."""
    old = memory.waiting_since is not None and now - memory.waiting_since > WEEK_SECONDS
    return "images have waited for a week" if old and seen.depth.images else None


def _spent(seen: Observation, memory: Memory, settings: ProjectSettings, now: float) -> str | None:
    """Say that a budget of the day is spent, or would be by a start alone."""
    if settings.daily_budget_unit_hours is None and seen.deployment_budget is None:
        return None
    active = seen.active
    runs = active is not None and active.status in (VersionStatus.RUNNING, VersionStatus.STARTING)
    units = 0 if runs or memory.starting_since is not None else units_for(memory, settings, now)
    start = units * START_SECONDS / 3600
    for whose, budget, spent in (
        ("its", settings.daily_budget_unit_hours, seen.spending.project),
        ("the deployment's", seen.deployment_budget, seen.spending.deployment),
    ):
        if budget is not None and spent + start >= budget:
            start_too = f", and a start takes up to {start:.2f}" if start else ""
            return f"{spent:.2f} of {whose} {budget:g} unit-hours of the day are spent{start_too}"
    return None
