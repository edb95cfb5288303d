"""What a project's models were billed for since the last look, and how much of it they were busy."""

from typing import Final

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import MetricUnit

from lambdas.delivery import CALLS_PER_UNIT
from lambdas.govern_models.remembering import BILLED
from lambdas.govern_models.words import Decision, Observation, Start
from lambdas.meter import Meter
from lambdas.names import METRICS_NAMESPACE

_LONGEST_SECONDS: Final = 900.0  # that a look counts: so long the guard lets a model run without a governor


def count(meter: Meter, seen: Observation, decision: Decision, *, deployment: str, now: float) -> None:
    """Add what passed since the last look to the day's meter and the metrics.

    A minute is counted by its end: a version that is billed at this look was, as far as anybody knows, since the last.
    """
    before = seen.memory.looked_at
    seconds = min(now - before, _LONGEST_SECONDS) if before is not None else 0.0
    units = sum(version.inference_units for version in seen.versions or () if version.status in BILLED)
    running = units * seconds
    busy = min(running, seen.detected / (decision.memory.rate or CALLS_PER_UNIT))
    starts = int(isinstance(decision.step, Start))
    if not (running or seen.detected or starts):
        return
    meter.add_day(
        seen.project,
        now,
        running_unit_seconds=running,
        busy_unit_seconds=busy,
        images=seen.detected,
        starts=starts,
    )
    counted = {"UnitMinutesRunning": running, "UnitMinutesBusy": busy, "UnitMinutesIdle": running - busy}
    for name, unit_seconds in counted.items():
        with single_metric(name, MetricUnit.Count, unit_seconds / 60, namespace=METRICS_NAMESPACE) as metric:
            metric.add_dimension("Deployment", deployment)
            metric.add_dimension("Project", seen.project)
