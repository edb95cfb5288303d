"""A topic that is encrypted with the deployment's key."""

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.parts.policy import allow

# What publishing to an encrypted topic asks of its key.
_USE_KEY = ("kms:Decrypt", "kms:GenerateDataKey")


class EncryptedTopic(Construct):
    """A topic that takes TLS only."""

    def __init__(self, scope: Construct, id: str, *, name: str, key: kms.IKey) -> None:
        super().__init__(scope, id)
        self.key = key
        self.topic = sns.Topic(self, "Topic", topic_name=name, master_key=key, enforce_ssl=True)

    @property
    def arn(self) -> str:
        return self.topic.topic_arn

    def grant_publish(self, role: iam.Role) -> None:
        """Let a role publish, and use the key for it."""
        allow(role, "sns:Publish", on=[self.arn])
        allow(role, *_USE_KEY, on=[self.key.key_arn])

    def open_to_alarms(self) -> None:
        """Let alarms of this account publish."""
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                actions=["sns:Publish"],
                resources=[self.arn],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                conditions=_of_account(self),
            )
        )


def topics_key(scope: Construct, id: str, *, description: str) -> kms.Key:
    """Make the key that topics share.

    The AWS managed key of SNS will not do: its policy cannot let CloudWatch and EventBridge in. The key goes with
    its stack, since topics keep nothing that would have to be read later.
    """
    key = kms.Key(scope, id, description=description, enable_key_rotation=True, removal_policy=RemovalPolicy.DESTROY)
    _open(key, "Alarms", "cloudwatch", _of_account(scope))
    # EventBridge says of no request for which account it is made: a condition would shut it out.
    _open(key, "Rules", "events", {})
    return key


def _open(key: kms.Key, sid: str, service: str, conditions: dict[str, dict[str, str]]) -> None:
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid=sid,
            actions=list(_USE_KEY),
            resources=["*"],  # in a key's own policy: the key
            principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
            conditions=conditions or None,
        )
    )


def _of_account(scope: Construct) -> dict[str, dict[str, str]]:
    return {"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}}
