"""prepare_run: called first by run_model; adds the project's settings and the version that runs now."""

from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import PrepareRun, from_environment
from lambdas.prepare_run.plan import plan_run
from lambdas.registry import Registry

logger: Final = Logger()


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Plan the run of `{"Project", "ProjectArn", "ProjectVersionArn", "VersionName"}`."""
    environment = from_environment(PrepareRun)
    registry = Registry(client("dynamodb"), environment.registry_table)
    return plan_run(event, load_settings(), registry, _sqs_arn(context.invoked_function_arn))


def _sqs_arn(function_arn: str) -> str:
    """Return what the ARNs of queues in the function's account and Region begin with."""
    _, partition, _, region, account, *_ = function_arn.split(":")
    return f"arn:{partition}:sqs:{region}:{account}:"
