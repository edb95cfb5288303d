"""govern_models: each minute, brings every project's model one step nearer to what it is to be."""

import time
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import GovernModels, from_environment
from lambdas.govern_models.acting import Actor
from lambdas.govern_models.governing import Governor
from lambdas.govern_models.memories import Memories
from lambdas.govern_models.observing import Observer
from lambdas.govern_models.pausing import Paced
from lambdas.meter import Meter
from lambdas.registry import Registry

logger: Final = Logger()
metrics: Final = Metrics()


class NotGovernedError(RuntimeError):
    """Projects could not be looked at or moved; the log says why, and the next minute tries again."""


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Govern all projects; raise NotGovernedError where some could not be, once all have been tried."""
    governor = _governor()
    metrics.set_default_dimensions(Deployment=governor.settings.name)
    faults = governor.govern(time.time())
    if faults:
        raise NotGovernedError("; ".join(f"{project}: {said}" for project, said in faults.items()))
    metrics.add_metric("GovernorRuns", MetricUnit.Count, 1)
    return {"Governed": len(governor.settings.projects)}


@cache
def _governor() -> Governor:
    environment = from_environment(GovernModels)
    settings = load_settings()
    dynamodb, lambda_ = client("dynamodb"), client("lambda")
    rekognition = Paced(client("rekognition"))
    registry = Registry(dynamodb, environment.registry_table)
    memories = Memories(dynamodb, environment.registry_table)
    meter = Meter(dynamodb, environment.registry_table)
    return Governor(
        settings=settings,
        observer=Observer(
            sqs=client("sqs"),
            lambda_=lambda_,
            rekognition=rekognition,
            registry=registry,
            memories=memories,
            meter=meter,
            settings=settings,
        ),
        actor=Actor(lambda_=lambda_, rekognition=rekognition),
        registry=registry,
        memories=memories,
        meter=meter,
        sns=client("sns"),
        operations_topic_arn=environment.operations_topic_arn,
    )
