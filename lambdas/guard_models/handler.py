"""guard_models: every five minutes, stops what runs and should not, and says so."""

import time
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import DeploymentSettings, load_settings
from lambdas.environment import GuardModels, from_environment
from lambdas.guard_models.looking import Guard
from lambdas.guard_models.remembering import MemoryParameter
from lambdas.guard_models.telling import OperationsTopic
from lambdas.guard_models.watching import RETRY_SECONDS, Outcome, Watch
from lambdas.registry import Registry

_RESERVE_MILLIS: Final = 25_000  # for one look more at 25 projects, and for telling of it

logger: Final = Logger()
metrics: Final = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Run the guard; where something went wrong, raise it after all else is done, so that the alarm goes off."""
    settings = load_settings()
    metrics.set_default_dimensions(Deployment=settings.name)
    outcome = _watch(settings, context).run()
    faults = outcome.faults
    _measure(outcome, succeeded=not faults)
    for fault in faults:
        logger.error("failed", fault=f"{type(fault).__name__}: {fault}")
    if faults:
        raise faults[0]
    return {"Stopped": outcome.stopped, "Noticed": outcome.noticed}


def _watch(settings: DeploymentSettings, context: LambdaContext) -> Watch:
    environment = from_environment(GuardModels)
    registry = Registry(client("dynamodb"), environment.registry_table)
    return Watch(
        guard=Guard(rekognition=client("rekognition"), registry=registry, settings=settings, pause=time.sleep),
        parameter=MemoryParameter(client("ssm"), environment.memory_parameter),
        topic=OperationsTopic(client("sns"), environment.operations_topic_arn, settings.name),
        clock=time.time,
        sleep=time.sleep,
        has_time=lambda: context.get_remaining_time_in_millis() > RETRY_SECONDS * 1000 + _RESERVE_MILLIS,
    )


def _measure(outcome: Outcome, *, succeeded: bool) -> None:
    metrics.add_metric("ModelsStopped", MetricUnit.Count, len(outcome.stopped))
    metrics.add_metric("RegistryUnreadable", MetricUnit.Count, int(bool(outcome.registry_faults)))
    metrics.add_metric("GuardMemoryUnreadable", MetricUnit.Count, int(bool(outcome.memory_faults)))
    if succeeded:
        metrics.add_metric("GuardRuns", MetricUnit.Count, 1)  # its absence is an alarm
