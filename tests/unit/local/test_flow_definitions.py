"""The local cloud's flow definitions, as boto3 sees them."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lambdas.flow_definitions import FlowDefinitionError, check_flow_definition
from lambdas.moderation_settings import HumanReview
from local.cloud import Profile, Running, local_cloud
from local.deployment import make_flow_definitions

REVIEW = HumanReview(
    flow_definition_arn="arn:aws:sagemaker:us-east-1:000000000000:flow-definition/unsafe-pictures",
    output_bucket="custom-labels-e2e-reviews",
)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with local_cloud(Profile.STRICT, tmp_path_factory.mktemp("cloud")) as running:
        make_flow_definitions(running, "e2e")
        yield running


def test_what_cdk_json_names_is_there_after_it_was_made_and_will_do(cloud: Running) -> None:
    assert check_flow_definition(cloud.client("sagemaker"), REVIEW) == "the flow definition unsafe-pictures is Active"


def test_what_nobody_made_is_not_there(cloud: Running) -> None:
    other = HumanReview(flow_definition_arn=f"{REVIEW.flow_definition_arn}-2", output_bucket=REVIEW.output_bucket)
    with pytest.raises(FlowDefinitionError, match=r"no flow definition 'unsafe-pictures-2'.*ResourceNotFound"):
        check_flow_definition(cloud.client("sagemaker"), other)


def test_a_name_is_used_once(cloud: Running) -> None:
    with pytest.raises(ClientError, match="ResourceInUse"):
        make_flow_definitions(cloud, "e2e")


def test_other_operations_of_sagemaker_are_not_served(cloud: Running) -> None:
    with pytest.raises(ClientError, match="UnknownOperationException"):
        cloud.client("sagemaker").list_flow_definitions()


def test_a_role_may_look_at_the_flow_definitions_that_its_policy_names_and_at_no_others(cloud: Running) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    allowed = f'"Action": "sagemaker:DescribeFlowDefinition", "Resource": "{REVIEW.flow_definition_arn}"'
    document = f'{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", {allowed}}}]}}'
    iam.put_user_policy(UserName="ann", PolicyName="look", PolicyDocument=document)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    sagemaker: Any = boto3.client(
        "sagemaker",
        endpoint_url=cloud.endpoint,
        region_name="us-east-1",
        verify=str(cloud.certificate),
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    assert sagemaker.describe_flow_definition(FlowDefinitionName="unsafe-pictures")["CreationTime"].year > 2000
    with pytest.raises(ClientError, match="AccessDenied"):
        sagemaker.describe_flow_definition(FlowDefinitionName="unsafe-pictures-2")
