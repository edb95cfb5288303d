"""check_reviews: fails a deploy whose reviews by people could never begin, before an image asks for one.

CloudFormation calls it for a resource that names the flow definitions, when they are deployed first and when they
change. What a destroy or a rollback asks for is granted in every case: neither is to be held up by what is gone.
"""

import time
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.clients import client
from lambdas.cloudformation_answer import Answer, send
from lambdas.flow_definitions import FlowDefinitionError, FlowDefinitionHiddenError, check_flow_definition
from lambdas.moderation_settings import HumanReview

logger: Final = Logger()

_TRIES: Final = 7
_PAUSE_SECONDS: Final = 10.0  # a role's new grant is known everywhere within a minute
_ROLLED_BACK: Final = "UPDATE_ROLLBACK_IN_PROGRESS"


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> None:
    """Answer `{"RequestType", "ResponseURL", "ResourceProperties": {"Reviews"}}`.

    `Reviews` are objects of `FlowDefinitionArn` and `OutputBucket`.
    """
    answer = Answer(succeeded=False, reason="check_reviews broke down; its log says why")
    try:
        answer = Answer(succeeded=True, reason=_checked(event))
    except (ClientError, BotoCoreError, FlowDefinitionError) as error:
        answer = Answer(succeeded=False, reason=str(error))
    finally:
        logger.info("answer", succeeded=answer.succeeded, reason=answer.reason)
        send(event, answer, context.function_name)


def _checked(event: dict[str, Any]) -> str:
    if event["RequestType"] == "Delete":
        return "nothing to check"
    if event["RequestType"] == "Update" and _is_rolled_back(event["StackId"]):
        return "not checked: a deploy that failed takes back what it has made"
    reviews = [
        HumanReview(flow_definition_arn=said["FlowDefinitionArn"], output_bucket=said["OutputBucket"])
        for said in event["ResourceProperties"]["Reviews"]
    ]
    return "; ".join(map(_seen, reviews))


def _seen(review: HumanReview) -> str:
    for _ in range(_TRIES - 1):
        try:
            return check_flow_definition(client("sagemaker"), review)
        except FlowDefinitionHiddenError as error:
            logger.info("try again", reason=str(error))
            time.sleep(_PAUSE_SECONDS)
    return check_flow_definition(client("sagemaker"), review)


def _is_rolled_back(stack: str) -> bool:
    (found,) = client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return bool(found["StackStatus"] == _ROLLED_BACK)
