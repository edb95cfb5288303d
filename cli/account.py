"""Looks whether an AWS account can be deployed to."""

import os
from collections.abc import Iterable, Iterator
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from cli.deployment import Clients
from lambdas.flow_definitions import FlowDefinitionError, check_flow_definition
from lambdas.moderation_settings import HumanReview

REGIONS: Final = frozenset(
    {
        "us-east-1",
        "us-east-2",
        "us-west-2",
        "eu-west-1",
        "eu-west-2",
        "eu-central-1",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-northeast-1",
        "ap-northeast-2",
    }
)  # that have Custom Labels


class AccountError(RuntimeError):
    """The account or Region will not do; the message says what to change."""


def check_account(clients: Clients, reviews: Iterable[HumanReview] = ()) -> Iterator[str]:
    """Yield what is right, line by line; raise AccountError at the first thing that is not.

    `reviews` are the reviews by people that the deployment's projects ask for.
    """
    identity, region = _identity(clients), clients("rekognition").meta.region_name
    yield f"account {identity}, Region {region}"
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        yield f"note: AWS_ENDPOINT_URL is set, so this is not AWS but {endpoint}"
    if region not in REGIONS:
        raise AccountError(f"Custom Labels is not in {region}; set AWS_REGION to one of {', '.join(sorted(REGIONS))}")
    try:
        clients("rekognition").describe_projects(MaxResults=1)
    except ClientError as error:
        raise AccountError(
            f"the account may not use Custom Labels, or these credentials may not: {error}. With administrator rights, "
            "ask AWS Support whether the account can be let in"
        ) from error
    yield "Custom Labels answers"
    for review in sorted(set(reviews), key=lambda review: review.flow_definition_arn):
        try:
            yield check_flow_definition(clients("sagemaker"), review)
        except FlowDefinitionError as error:
            raise AccountError(str(error)) from error


def _identity(clients: Clients) -> str:
    try:
        return str(clients("sts").get_caller_identity()["Arn"])
    except (BotoCoreError, ClientError) as error:
        raise AccountError(
            f"no usable AWS credentials or Region: {error}. Run `aws configure`, or set AWS_PROFILE and AWS_REGION"
        ) from error
