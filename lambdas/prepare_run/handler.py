"""prepare_run: called first by run_model; adds settings, the version that runs now, and the new one's thresholds."""

from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import PrepareRun, from_environment
from lambdas.items import to_item
from lambdas.prepare_run.plan import plan_run
from lambdas.prepare_run.thresholds import assumed_thresholds
from lambdas.registry import Registry

logger: Final = Logger()


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Plan the run of `{"Project", "ProjectArn", "ProjectVersionArn", "VersionName"}`."""
    environment = from_environment(PrepareRun)
    registry = Registry(client("dynamodb"), environment.registry_table)
    plan = plan_run(event, load_settings(), registry, _sqs_arn(context.invoked_function_arn))
    thresholds = assumed_thresholds(client("rekognition"), client("s3"), plan)
    # As DynamoDB spells it, since the workflow writes it there.
    return plan | to_item({"Thresholds": thresholds})


def _sqs_arn(function_arn: str) -> str:
    """Return what the ARNs of queues in the function's account and Region begin with."""
    _, partition, _, region, account, *_ = function_arn.split(":")
    return f"arn:{partition}:sqs:{region}:{account}:"
