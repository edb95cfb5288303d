"""clear_models: stops the models before the deployment's stacks are deleted, and deletes what the settings say.

CloudFormation calls it for a resource of the stack that a destroy deletes first. A model may take longer to start,
before it can be stopped, than a function may run: so the function calls itself anew, until all is done or the time of
the resource is over. CloudFormation is answered in every case, with SUCCESS only where nothing is billed any more.
"""

import json
import time
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.clear_models.buckets import BucketError
from lambdas.clear_models.closing import Closing, StillBilledError, close
from lambdas.clear_models.models import Models
from lambdas.clients import client
from lambdas.cloudformation_answer import Answer, send
from lambdas.deployment_settings import load_settings
from lambdas.environment import ClearModels, from_environment
from lambdas.names import STARTERS, resource_name
from lambdas.registry import Registry

logger: Final = Logger()

_ALL_SECONDS: Final = 55 * 60  # less than the resource's ServiceTimeout, which is an hour
_RESERVED_SECONDS: Final = 60  # of a call: for its last look and for the answer
_DELETED: Final = "DELETE_IN_PROGRESS"


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> None:
    """Answer CloudFormation's `{"RequestType", "ResponseURL", "ResourceProperties": {"DeleteModels", "Buckets"}}`.

    `Deadline` (epoch seconds) is in the event where this function has sent it to itself.
    """
    answer: Answer | None = Answer(succeeded=False, reason="clear_models broke down; its log says why")
    try:
        answer = _answered(event, context, _closing(event, context))
    except (ClientError, BotoCoreError, StillBilledError, BucketError) as error:
        answer = Answer(succeeded=False, reason=str(error))
    finally:
        if answer is not None:
            logger.info("answer", succeeded=answer.succeeded, reason=answer.reason)
            send(event, answer, context.function_name)


def _answered(event: dict[str, Any], context: LambdaContext, closing: Closing) -> Answer | None:
    """Return the answer; None where another call goes on with the work."""
    if event["RequestType"] != "Delete":
        closing.reopen()
        return Answer(succeeded=True, reason="the deployment may work")
    if not _is_being_deleted(event["StackId"]):
        return Answer(succeeded=True, reason="a deploy took the resource back; nothing was touched")
    now = time.time()
    deadline = event.get("Deadline", now + _ALL_SECONDS)
    if "Deadline" not in event:
        closing.begin(now)

    def seconds_left() -> float:
        call = context.get_remaining_time_in_millis() / 1000 - _RESERVED_SECONDS
        return float(min(call, deadline - time.time()))

    waiting = close(closing, seconds_left, time.sleep)
    if waiting is None:
        return Answer(succeeded=True, reason="no model is billed")
    logger.info("waiting", waiting=waiting)
    if time.time() + _RESERVED_SECONDS > deadline:
        raise StillBilledError(f"not done in {_ALL_SECONDS // 60} minutes: {waiting}. Run `cdk destroy` again")
    client("lambda").invoke(
        FunctionName=context.invoked_function_arn,
        InvocationType="Event",
        Payload=json.dumps(event | {"Deadline": deadline}),
    )
    return None


def _is_being_deleted(stack: str) -> bool:
    """Tell a destroy from a deploy that failed, and takes back what it has made: then all stays as it is."""
    (found,) = client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return bool(found["StackStatus"] == _DELETED)


def _closing(event: dict[str, Any], context: LambdaContext) -> Closing:
    deployment = load_settings().name
    properties = event["ResourceProperties"]
    _, partition, _, region, account, *_ = context.invoked_function_arn.split(":")
    machines = f"arn:{partition}:states:{region}:{account}:stateMachine:"
    return Closing(
        registry=Registry(client("dynamodb"), from_environment(ClearModels).registry_table),
        models=Models(client("rekognition"), deployment),
        stepfunctions=client("stepfunctions"),
        workflows=[machines + resource_name(deployment, starter) for starter in STARTERS],
        lambda_=client("lambda"),
        detect_labels=resource_name(deployment, "detect_labels"),
        s3=client("s3"),
        delete_models=properties["DeleteModels"] == "true",
        buckets=properties["Buckets"],
    )
