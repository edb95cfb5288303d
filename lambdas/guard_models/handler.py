"""guard_models: every five minutes, stops what runs and is not wanted, and says so."""

import time
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import GuardModels, from_environment
from lambdas.guard_models.guard import stop_unwanted, tell
from lambdas.registry import Registry

logger: Final = Logger()
metrics: Final = Metrics()


class StopRefusedError(RuntimeError):
    """A model that nobody wants could not be stopped and is being billed."""


@logger.inject_lambda_context
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Run the guard once; raise StopRefusedError where a model would not stop, so that the alarm goes off."""
    environment = from_environment(GuardModels)
    settings = load_settings()
    metrics.set_default_dimensions(Deployment=settings.name)
    registry = Registry(client("dynamodb"), environment.registry_table)
    report = stop_unwanted(client("rekognition"), registry, settings, time.time())
    metrics.add_metric("ModelsStopped", MetricUnit.Count, len(report.stopped))
    # Before telling, which may fail: what was stopped is not found again by the next look.
    logger.info("guarded", stopped=[version.arn for version in report.stopped], refused=len(report.refused))
    tell(client("sns"), environment.operations_topic_arn, settings.name, report)
    if report.refused:
        first = report.refused[0]
        raise StopRefusedError(f"refused {len(report.refused)} times, first for {first.project}: {first.message}")
    return {"Stopped": [version.arn for version in report.stopped]}
