"""Grants on the buckets that the settings name beside the images bucket."""

from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from lambdas.deployment_settings import DeploymentSettings
from stacks.parts.policy import allow, allow_getting

_EVERY_OBJECT: Final = "A project may be asked to look at any object of its source_buckets"


def allow_reading(role: iam.Role, settings: DeploymentSettings) -> None:
    """Let a role read the objects of all source_buckets; a bucket of another account must agree by its policy."""
    if arns := _bucket_arns(role, settings):
        allow_getting(role, arns, wide_because=_EVERY_OBJECT)


def allow_listing(role: iam.Role, settings: DeploymentSettings) -> None:
    """Let a role list the versions of objects in all source_buckets."""
    if arns := _bucket_arns(role, settings):
        allow(role, "s3:ListBucketVersions", on=arns)


def _bucket_arns(role: iam.Role, settings: DeploymentSettings) -> list[str]:
    buckets = {bucket for project in settings.projects.values() for bucket in project.source_buckets}
    return [f"arn:{Stack.of(role).partition}:s3:::{bucket}" for bucket in sorted(buckets)]
