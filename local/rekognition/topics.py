"""Tell a topic that a video job is over, as the service does: through the role that the caller named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

SESSION = "rekognition"  # the name of its sessions of a role


class TopicUnavailableError(Exception):
    """A message could not be published."""


class Topics(Protocol):
    """Where messages go."""

    def publish(self, topic_arn: str, role_arn: str, message: str) -> None:
        """Publish to the topic with the role's permissions. Raises TopicUnavailableError."""


class NoTopics:
    """No SNS is there: every job with a NotificationChannel ends in silence."""

    def publish(self, topic_arn: str, role_arn: str, message: str) -> None:  # noqa: ARG002 - the protocol's names
        """Raise TopicUnavailableError."""
        raise TopicUnavailableError(f"there is no SNS to reach {topic_arn}; serve with --sns-endpoint")


NO_TOPICS = NoTopics()


@dataclass(frozen=True)
class SessionKeys:
    """The keys of a role's session."""

    access_key: str
    secret_key: str
    token: str

    def arguments(self) -> dict[str, str]:
        """Return them as boto3's client takes them."""
        return {
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            "aws_session_token": self.token,
        }


class Clients(Protocol):
    """Make a boto3 client; without keys, with those that the stand-in itself has."""

    def __call__(self, service: str, region: str, keys: SessionKeys | None = None) -> Any: ...


class SnsTopics:
    """The topics of an SNS, reached with a session that STS gives of the role: IAM decides as for anybody."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def publish(self, topic_arn: str, role_arn: str, message: str) -> None:
        """Assume the role and publish. Raises TopicUnavailableError, whoever refused."""
        region = topic_arn.split(":")[3]
        try:
            assumed = self._clients("sts", region).assume_role(RoleArn=role_arn, RoleSessionName=SESSION)
            keys = assumed["Credentials"]
            session = SessionKeys(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
            self._clients("sns", region, session).publish(TopicArn=topic_arn, Message=message)
        except (ClientError, BotoCoreError) as error:
            raise TopicUnavailableError(f"{role_arn} could not publish to {topic_arn}: {error}") from error
