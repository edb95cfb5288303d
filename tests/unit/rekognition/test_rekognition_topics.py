"""A message's way to its topic: first the role, then the topic with the role's keys."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import Stubber

from local.rekognition.topics import NO_TOPICS, SessionKeys, SnsTopics, TopicUnavailableError

TOPIC = "arn:aws:sns:eu-west-1:123456789012:done"
ROLE = "arn:aws:iam::123456789012:role/tells"
ASSUMED = {"AccessKeyId": "ASIA" + "X" * 12, "SecretAccessKey": "secret", "SessionToken": "token"}


class Clients:
    """Stubbed clients, and how each was asked for."""

    def __init__(self) -> None:
        credentials = {"aws_access_key_id": "t", "aws_secret_access_key": "t", "region_name": "eu-west-1"}
        self.made = {name: boto3.client(name, **credentials) for name in ("sts", "sns")}
        self.sts, self.sns = (Stubber(client) for client in self.made.values())
        self.asked: list[tuple[str, str, SessionKeys | None]] = []

    def __call__(self, service, region, keys=None):
        self.asked.append((service, region, keys))
        return self.made[service]


@pytest.fixture
def clients():
    clients = Clients()
    with clients.sts, clients.sns:
        yield clients


def test_a_message_is_published_with_the_keys_of_the_role(clients):
    credentials = {**ASSUMED, "Expiration": datetime.now(UTC)}
    clients.sts.add_response(
        "assume_role", {"Credentials": credentials}, {"RoleArn": ROLE, "RoleSessionName": "rekognition"}
    )
    clients.sns.add_response("publish", {"MessageId": "m"}, {"TopicArn": TOPIC, "Message": "{}"})
    SnsTopics(clients).publish(TOPIC, ROLE, "{}")
    keys = SessionKeys(*ASSUMED.values())
    assert clients.asked == [("sts", "eu-west-1", None), ("sns", "eu-west-1", keys)]
    clients.sns.assert_no_pending_responses()


@pytest.mark.parametrize("refusing", ["sts", "sns"])
def test_a_refusal_by_either_service_is_told_in_one_way(clients, refusing):
    if refusing == "sts":
        clients.sts.add_client_error("assume_role", "AccessDenied")
    else:
        clients.sts.add_response("assume_role", {"Credentials": {**ASSUMED, "Expiration": datetime.now(UTC)}})
        clients.sns.add_client_error("publish", "AuthorizationError")
    with pytest.raises(TopicUnavailableError, match=f"{ROLE} could not publish to {TOPIC}"):
        SnsTopics(clients).publish(TOPIC, ROLE, "{}")


def test_without_sns_no_topic_can_be_reached():
    with pytest.raises(TopicUnavailableError, match="--sns-endpoint"):
        NO_TOPICS.publish(TOPIC, ROLE, "{}")
