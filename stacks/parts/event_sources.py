"""Who may open and close the event sources of detect_labels."""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam

from stacks.parts.policy import NO_RESOURCES, allow


def allow_to_switch(role: iam.Role, detect_labels: str) -> None:
    """Let a role open and close the event sources of detect_labels, which belong to the projects' stacks."""
    allow(role, "lambda:ListEventSourceMappings", on=["*"], wide_because=NO_RESOURCES)
    every_source = Stack.of(role).format_arn(
        service="lambda",
        resource="event-source-mapping",
        resource_name="*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    allow(
        role,
        "lambda:UpdateEventSourceMapping",
        on=[every_source],
        when={"ArnEquals": {"lambda:FunctionArn": detect_labels}},
        wide_because="An event source's ARN is a random UUID; the condition holds it to detect_labels",
    )
