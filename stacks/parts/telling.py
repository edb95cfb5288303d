"""What a function needs that tells of results."""

from aws_cdk import aws_iam as iam

from lambdas.deployment_settings import DeploymentSettings
from stacks.parts.policy import allow
from stacks.storage import Storage


def allow_results(role: iam.Role, settings: DeploymentSettings, storage: Storage) -> None:
    """Let a role open jobs, commit their outcomes and tell of them."""
    allow(
        role,
        # The four that a transaction is made of, and what finds label items that a crash has left.
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:Query",
        on=[storage.results.table_arn],
    )
    allow_telling(role, settings, storage)


def allow_telling(role: iam.Role, settings: DeploymentSettings, storage: Storage) -> None:
    """Let a role publish on the results topic, and on the topics that requests may name."""
    storage.results_topic.grant_publish(role)
    allow_telling_who_asked(role, settings)


def allow_telling_who_asked(role: iam.Role, settings: DeploymentSettings) -> None:
    """Let a role publish on the topics that requests may name.

    One that is encrypted with a key of its own needs that key's policy to let the role in: the key is the owner's, and
    nothing here knows it.
    """
    named = sorted({topic for project in settings.projects.values() for topic in project.notification_topics})
    if named:
        allow(role, "sns:Publish", on=named)
