"""Grants on the Rekognition projects of a deployment and on the model versions in them."""

from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from lambdas.names import rekognition_prefix
from stacks.parts.policy import NO_RESOURCES, allow

_FOUND_AT_RUN_TIME: Final = "Rekognition ends an ARN in the time of its creation; it is found at run time"


def allow_on_projects(role: iam.Role, deployment: str, *actions: str) -> None:
    """Let a role do `actions` on the projects of a deployment and all that is in them."""
    _allow(role, f"{rekognition_prefix(deployment)}*/*", actions)


def allow_on_versions(role: iam.Role, deployment: str, *actions: str) -> None:
    """Let a role do `actions` on the model versions of a deployment."""
    _allow(role, f"{rekognition_prefix(deployment)}*/version/*", actions)


def allow_describing(role: iam.Role, deployment: str) -> None:
    """Let a role look at the model versions of projects that it knows."""
    allow_on_projects(role, deployment, "rekognition:DescribeProjectVersions")


def allow_stopping_all(role: iam.Role, deployment: str) -> None:
    """Let a role find the model versions of a deployment, whatever projects it has, and stop them."""
    allow(role, "rekognition:DescribeProjects", on=["*"], wide_because=NO_RESOURCES)
    allow_describing(role, deployment)
    allow_on_versions(role, deployment, "rekognition:StopProjectVersion")


def _allow(role: iam.Role, name: str, actions: tuple[str, ...]) -> None:
    arn = Stack.of(role).format_arn(service="rekognition", resource="project", resource_name=name)
    allow(role, *actions, on=[arn], wide_because=_FOUND_AT_RUN_TIME)
