"""Permissions that are spelled out, each action by its name."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from stacks.parts.acknowledged import acknowledge_wildcards

# Why a grant may be on all.
NO_RESOURCES: Final = "These actions know no resources"


def allow(
    role: iam.Role,
    *actions: str,
    on: Sequence[str],
    when: Mapping[str, Mapping[str, Any]] | None = None,
    wide_because: str | None = None,
) -> None:
    """Let a role do `actions` on the ARNs `on`, under the conditions `when`.

    `wide_because` says why an ARN holds a wildcard; without it, cdk-nag refuses the app.
    """
    role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=list(on), conditions=when))
    if wide_because is not None:
        acknowledge_wildcards(role, wide_because, on)


def allow_getting(role: iam.Role, buckets: Sequence[str], *, wide_because: str, keys: Sequence[str] = ("*",)) -> None:
    """Let a role get the objects, and their versions, of buckets by ARN whose keys match the patterns `keys`."""
    on = [f"{bucket}/{key}" for bucket in buckets for key in keys]
    allow(role, "s3:GetObject", "s3:GetObjectVersion", on=on, wide_because=wide_because)
    # Without it S3 says "forbidden" of an object that is not there.
    allow(role, "s3:ListBucket", on=buckets)


def service_role(scope: Construct, id: str, service: str) -> iam.Role:
    """Make a role for a service that acts for this account only, so that it is nobody's confused deputy."""
    account = {"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}}
    return iam.Role(scope, id, assumed_by=iam.ServicePrincipal(f"{service}.amazonaws.com", conditions=account))


def named_arn(scope: IConstruct, service: str, name: str) -> str:
    """Compose the ARN of a thing whose ARN ends in its bare name, such as a queue."""
    return Stack.of(scope).format_arn(service=service, resource=name, arn_format=ArnFormat.NO_RESOURCE_NAME)


def bucket_arn(scope: IConstruct, name: str) -> str:
    """Compose the ARN of a bucket."""
    return Stack.of(scope).format_arn(
        service="s3", region="", account="", resource=name, arn_format=ArnFormat.NO_RESOURCE_NAME
    )
