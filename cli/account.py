"""Looks whether an AWS account can be deployed to."""

import os
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from cli.deployment import Clients
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
        yield _flow_definition(clients, region, review)


def _flow_definition(clients: Clients, region: str, review: HumanReview) -> str:
    """Say that a flow definition is there; raise AccountError where it is not, or not to be used."""
    name = review.flow_definition
    if review.region != region:
        raise AccountError(
            f"the flow definition {review.flow_definition_arn} is not in {region}; name one that is, or leave out "
            "moderation.human_review in cdk.json"
        )
    try:
        found = clients("sagemaker").describe_flow_definition(FlowDefinitionName=name)
    except ClientError as error:
        raise AccountError(
            f"there is no flow definition {name!r} for these credentials: {error}. Amazon Augmented AI takes no new "
            "customers; where the account does not use it yet, leave out moderation.human_review in cdk.json"
        ) from error
    output, status = found["OutputConfig"]["S3OutputPath"], found["FlowDefinitionStatus"]
    if found["FlowDefinitionArn"] != review.flow_definition_arn:
        raise AccountError(
            f"cdk.json names {review.flow_definition_arn}; this account has {found['FlowDefinitionArn']}"
        )
    if status != "Active":
        raise AccountError(f"the flow definition {name!r} is {status}: {found.get('FailureReason', 'not Active yet')}")
    if urlsplit(output).netloc != review.output_bucket:
        raise AccountError(
            f"the flow definition {name!r} writes to {output}, but output_bucket in cdk.json is "
            f"{review.output_bucket!r}; say there what the flow definition says"
        )
    return f"the flow definition {name} is Active"


def _identity(clients: Clients) -> str:
    try:
        return str(clients("sts").get_caller_identity()["Arn"])
    except (BotoCoreError, ClientError) as error:
        raise AccountError(
            f"no usable AWS credentials or Region: {error}. Run `aws configure`, or set AWS_PROFILE and AWS_REGION"
        ) from error
