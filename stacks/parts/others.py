"""What the settings let the functions use of others: buckets and topics that are not this deployment's."""

from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from lambdas.deployment_settings import DeploymentSettings
from stacks.parts.policy import allow

_EVERY_OBJECT: Final = "A project may be asked to look at any object of its source_buckets"
_ANY_KEY: Final = "The key of somebody else's topic is not known here; through SNS only, and where its policy agrees"


def allow_reading(role: iam.Role, settings: DeploymentSettings) -> None:
    """Let a role read the objects of all source_buckets; a bucket of another account must agree by its policy."""
    if arns := _bucket_arns(role, settings):
        allow(
            role,
            "s3:GetObject",
            "s3:GetObjectVersion",
            on=[f"{arn}/*" for arn in arns],
            wide_because=_EVERY_OBJECT,
        )
        # Without it S3 says "forbidden" of an object that is gone.
        allow(role, "s3:ListBucket", on=arns)


def allow_listing(role: iam.Role, settings: DeploymentSettings) -> None:
    """Let a role list the versions of objects in all source_buckets."""
    if arns := _bucket_arns(role, settings):
        allow(role, "s3:ListBucketVersions", on=arns)


def allow_telling(role: iam.Role, settings: DeploymentSettings) -> None:
    """Let a role publish on all notification_topics, and use their keys for it."""
    topics = sorted({topic for project in settings.projects.values() for topic in project.notification_topics})
    if topics:
        stack = Stack.of(role)
        allow(role, "sns:Publish", on=topics)
        allow(
            role,
            "kms:Decrypt",
            "kms:GenerateDataKey",
            on=[stack.format_arn(service="kms", resource="key", resource_name="*")],
            when={"StringEquals": {"kms:ViaService": f"sns.{stack.region}.amazonaws.com"}},
            wide_because=_ANY_KEY,
        )


def _bucket_arns(role: iam.Role, settings: DeploymentSettings) -> list[str]:
    buckets = {bucket for project in settings.projects.values() for bucket in project.source_buckets}
    return [f"arn:{Stack.of(role).partition}:s3:::{bucket}" for bucket in sorted(buckets)]
