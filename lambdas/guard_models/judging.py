"""What is to be done about a version that is billed: a pure rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lambdas.deployment_settings import DeploymentSettings, ProjectSettings
from lambdas.guard_models.explaining import Explanation
from lambdas.guard_models.memory import Memory, key_of
from lambdas.guard_models.words import LOOK_SECONDS, BilledVersion, Sentence, Why
from lambdas.runtime_settings import Runtime

NOTICE_SECONDS: Final = 900  # for a person to say that a version is meant to run
DEFAULT_MAX_RUN_HOURS: Final = 24.0
# The governor keeps the same bounds, and closes the queue before it stops: the guard comes after it.
RUN_TOLERANCE_SECONDS: Final = LOOK_SECONDS
BUDGET_TOLERANCE: Final = 0.02

_HOUR: Final = 3600.0


@dataclass(frozen=True)
class Overspent:
    """Whose budget of the day is spent."""

    projects: Mapping[str, float]  # unit-hours that were spent, by project
    deployment: float | None  # unit-hours; None: it is not


def overspent(memory: Memory, settings: DeploymentSettings, billed: Sequence[BilledVersion]) -> Overspent:
    """Say whose budget is spent, by more than the tolerance: 2 %, or what one look more costs."""

    def is_over(budget: float | None, spent: float, units: int) -> bool:
        if budget is None:
            return False
        tolerance = max(BUDGET_TOLERANCE * budget * _HOUR, units * LOOK_SECONDS)
        return spent >= budget * _HOUR + tolerance

    def units_of(project: str) -> int:
        return sum(version.inference_units for version in billed if version.project == project)

    over = {
        name: memory.spent_by(name) / _HOUR
        for name, project in settings.projects.items()
        if is_over(project.daily_budget_unit_hours, memory.spent_by(name), units_of(name))
    }
    units = sum(version.inference_units for version in billed)
    everything = memory.spent_by()
    is_all_over = is_over(settings.daily_budget_unit_hours, everything, units)
    return Overspent(over, everything / _HOUR if is_all_over else None)


def max_run_hours(settings: ProjectSettings | None, explanation: Explanation | None) -> float | None:
    """Return for how long a version may run at one stretch; None: for ever.

    `settings` is None where cdk.json has forgotten the project, `explanation` where the registry cannot be read.
    """
    if explanation is Explanation.CHOSEN:
        return None
    if settings is None or explanation is Explanation.UNKNOWN:
        return DEFAULT_MAX_RUN_HOURS
    if settings.max_run_hours is not None:
        return settings.max_run_hours
    return DEFAULT_MAX_RUN_HOURS if settings.runtime == Runtime.ON_DEMAND else None


def judge(
    version: BilledVersion,
    explanation: Explanation | None,
    memory: Memory,
    settings: DeploymentSettings,
    over: Overspent,
    now: float,
) -> Sentence | None:
    """Say what is to be done about a version; None: nothing.

    `explanation` is None where the registry cannot be read: then only budgets and the maximum run time count.
    """
    spent = _over_budget(version.project, settings, over)
    if spent is not None:
        return Sentence(Why.BUDGET_SPENT, spent)
    if explanation is Explanation.LEFT_OVER:
        return Sentence(Why.STOPPED, _LEFT_OVER)
    longest = max_run_hours(settings.projects.get(version.project), explanation)
    ran = memory.ran_seconds(version, now)
    if longest is not None and ran >= longest * _HOUR + RUN_TOLERANCE_SECONDS:
        return Sentence(
            Why.RAN_TOO_LONG, f"It ran for {ran / _HOUR:.1f} hours at one stretch; {longest:g} are allowed."
        )
    return _unknown(version, memory, now) if explanation is Explanation.UNKNOWN else None


def _over_budget(project: str, settings: DeploymentSettings, over: Overspent) -> str | None:
    if over.deployment is not None:
        budget = settings.daily_budget_unit_hours
        return f"The deployment spent {over.deployment:.2f} unit-hours today; its daily budget is {budget:g}."
    if project in over.projects:
        budget = settings.projects[project].daily_budget_unit_hours
        return f"The project spent {over.projects[project]:.2f} unit-hours today; its daily budget is {budget:g}."
    return None


def _unknown(version: BilledVersion, memory: Memory, now: float) -> Sentence | None:
    noticed_at = memory.noticed_at.get(key_of(version.arn))
    if noticed_at is None:
        keep = f"customlabels start {version.project} --version {version.name} --for 2h"
        return Sentence(
            Why.UNEXPLAINED,
            f"Nothing in the registry explains it: was it started by hand? It is stopped in {NOTICE_SECONDS // 60} "
            f"minutes. To keep it: {keep}",
        )
    if now - noticed_at < NOTICE_SECONDS:
        return None
    return Sentence(Why.STOPPED, "Nothing in the registry explained it, and nobody adopted it after the notice.")


_LEFT_OVER: Final = (
    "Nothing explained it any more: its lease has expired, its execution has failed, it is the active version and not "
    "wanted, or its project is no longer in cdk.json."
)
