"""sweep_results: every few minutes, tell of what nobody was told of, and end what nobody will finish."""

from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import SweepResults, from_environment
from lambdas.names import UNKNOWN
from lambdas.sweep_results.sweep import NotSweptError, Sweeper
from lambdas.wiring import teller_from

_RESERVE_MILLIS: Final = 15_000  # for one job more

logger: Final = Logger()
metrics: Final = Metrics()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Sweep the results of all projects; answer how many jobs were told of or ended.

    Raises NotSweptError where some could not be, once all have been tried.
    """
    settings = load_settings()
    metrics.set_default_dimensions(Deployment=settings.name)
    sweeper = _sweeper(context)
    swept, faults = 0, []
    for project in [*settings.projects, UNKNOWN]:
        known = settings.projects.get(project)
        try:
            swept += sweeper.sweep(project, known.retention_days if known else None)
        except NotSweptError as error:
            faults.append(str(error))
    metrics.add_metric("JobsSwept", MetricUnit.Count, swept)
    if faults:
        raise NotSweptError("; ".join(faults))
    return {"Swept": swept}


def _sweeper(context: LambdaContext) -> Sweeper:
    teller = teller_from(from_environment(SweepResults))
    return Sweeper(
        dynamodb=client("dynamodb"),
        results=teller.results,
        teller=teller,
        holder=f"sweep/{context.aws_request_id}",
        has_time=lambda: context.get_remaining_time_in_millis() > _RESERVE_MILLIS,
    )
