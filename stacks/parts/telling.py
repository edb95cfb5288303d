"""What a function needs that tells of results."""

from aws_cdk import aws_iam as iam

from lambdas.deployment_settings import DeploymentSettings
from lambdas.names import FRAMES_DONE, resource_name
from stacks.parts.policy import allow, named_arn
from stacks.storage import Storage


def results_environment(storage: Storage) -> dict[str, str]:
    """Return what the environment of such a function says, as `lambdas.environment.TellsResults` has it."""
    return {
        "results_table": storage.results.table_name,
        "results_bucket": storage.results_bucket.bucket_name,
        "results_topic_arn": storage.results_topic.arn,
    }


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
    """Let a role publish on the results topic, on the topics that requests may name, and where a video's frames end."""
    storage.results_topic.grant_publish(role)
    allow_telling_who_asked(role, settings)
    if wants_frames(settings):
        # By name: who tells of an image need not know the stack that videos' frames are merged in.
        allow(role, "sns:Publish", on=[named_arn(role, "sns", resource_name(settings.name, FRAMES_DONE))])


def wants_frames(settings: DeploymentSettings) -> list[str]:
    """Return the projects whose own models look at videos."""
    return sorted(
        name for name, project in settings.projects.items() if project.videos and project.videos.custom_labels
    )


def allow_telling_who_asked(role: iam.Role, settings: DeploymentSettings) -> None:
    """Let a role publish on the topics that requests may name.

    One that is encrypted with a key of its own needs that key's policy to let the role in: the key is the owner's, and
    nothing here knows it.
    """
    named = sorted({topic for project in settings.projects.values() for topic in project.notification_topics})
    if named:
        allow(role, "sns:Publish", on=named)
