"""Whether Rekognition can begin reviews by people with a flow definition of Amazon Augmented AI."""

from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from lambdas.errors import error_code
from lambdas.moderation_settings import HumanReview

# What a flow definition says whose reviews DetectModerationLabels may begin.
REQUEST_SOURCE: Final = "AWS/Rekognition/DetectModerationLabels/Image/V3"


class FlowDefinitionError(RuntimeError):
    """A flow definition is not there, or will not do; the message says what to change."""


class FlowDefinitionHiddenError(FlowDefinitionError):
    """These credentials may not look at it: of a role as new as its grant, not yet."""


def check_flow_definition(sagemaker: Any, review: HumanReview) -> str:
    """Say that the flow definition of a review will do. Raises FlowDefinitionError, FlowDefinitionHiddenError."""
    name, region = review.flow_definition, sagemaker.meta.region_name
    if review.region != region:
        raise FlowDefinitionError(
            f"the flow definition {review.flow_definition_arn} is not in {region}; name one that is, or leave out "
            "moderation.human_review in cdk.json"
        )
    found = _described(sagemaker, name)
    output, status = found["OutputConfig"]["S3OutputPath"], found["FlowDefinitionStatus"]
    source = found.get("HumanLoopRequestSource", {}).get("AwsManagedHumanLoopRequestSource")
    if found["FlowDefinitionArn"] != review.flow_definition_arn:
        raise FlowDefinitionError(
            f"cdk.json names {review.flow_definition_arn}; this account has {found['FlowDefinitionArn']}"
        )
    if status != "Active":
        raise FlowDefinitionError(
            f"the flow definition {name!r} is {status}: {found.get('FailureReason', 'not Active yet')}"
        )
    if source != REQUEST_SOURCE:
        raise FlowDefinitionError(
            f"the flow definition {name!r} is for {source or 'a custom task'}; name one of the task type Rekognition "
            f"image moderation, {REQUEST_SOURCE}"
        )
    if urlsplit(output).netloc != review.output_bucket:
        raise FlowDefinitionError(
            f"the flow definition {name!r} writes to {output}, but output_bucket in cdk.json is "
            f"{review.output_bucket!r}; say there what the flow definition says"
        )
    return f"the flow definition {name} is Active"


def _described(sagemaker: Any, name: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = sagemaker.describe_flow_definition(FlowDefinitionName=name)
    except ClientError as error:
        hidden = error_code(error) == "AccessDeniedException"
        raise (FlowDefinitionHiddenError if hidden else FlowDefinitionError)(
            f"there is no flow definition {name!r} for these credentials: {error}. Amazon Augmented AI takes no new "
            "customers; where the account does not use it yet, leave out moderation.human_review in cdk.json"
        ) from error
    return found
