"""An account of Amazon Augmented AI in memory."""

from datetime import UTC, datetime
from typing import Any

from lambdas.flow_definitions import REQUEST_SOURCE
from lambdas.moderation_settings import HumanReview
from tests.unit.aws import Refusal

FLOW = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/unsafe"
REVIEW = HumanReview(flow_definition_arn=FLOW, output_bucket="answers")


class AugmentedAi:
    """SageMaker, which has one flow definition, with the members `said`, or none where it is `closed`."""

    def __init__(self, **said: Any) -> None:
        self.said = said

    def describe_flow_definition(self, FlowDefinitionName: str) -> dict[str, Any]:  # noqa: N803 - as AWS spells it
        if FlowDefinitionName != "unsafe" or "closed" in self.said:
            raise Refusal("ResourceNotFound")
        described = {
            "FlowDefinitionArn": FLOW,
            "FlowDefinitionName": "unsafe",
            "FlowDefinitionStatus": "Active",
            "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
            "OutputConfig": {"S3OutputPath": "s3://answers/reviews"},
            "HumanLoopRequestSource": {"AwsManagedHumanLoopRequestSource": REQUEST_SOURCE},
            "RoleArn": "arn:aws:iam::123456789012:role/reviews",
            **self.said,
        }
        return {name: value for name, value in described.items() if value is not None}
