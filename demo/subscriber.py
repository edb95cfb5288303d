"""A subscriber of a topic: a queue of its own, as another team's service would have it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

_LONG_POLL_SECONDS: Final = 2


@dataclass(frozen=True)
class Subscriber:
    """A queue that a topic delivers to."""

    sqs: Any
    queue_url: str

    def receive(self, seconds: float, until: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Return the notifications of at most so many seconds; earlier, once `until` is content with them."""
        received: list[dict[str, Any]] = []
        deadline = time.monotonic() + seconds
        while not until(received) and time.monotonic() < deadline:
            answer = self.sqs.receive_message(
                QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=_LONG_POLL_SECONDS
            )
            for message in answer.get("Messages", []):
                received.append(json.loads(json.loads(message["Body"])["Message"]))
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return received


@contextmanager
def subscribed(
    sqs: Any, sns: Any, topic_arn: str, filter_policy: dict[str, Any] | None = None, *, by_body: bool = False
) -> Iterator[Subscriber]:
    """Subscribe a new queue to a topic for the length of a `with` block.

    The policy filters by message attributes, or by the message's body.
    """
    queue_url = sqs.create_queue(QueueName=f"custom-labels-subscriber-{uuid4().hex[:12]}")["QueueUrl"]
    try:
        queue_arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": _policy(queue_arn, topic_arn)})
        scope = "MessageBody" if by_body else "MessageAttributes"
        attributes = {"FilterPolicy": json.dumps(filter_policy), "FilterPolicyScope": scope} if filter_policy else {}
        subscription = sns.subscribe(
            TopicArn=topic_arn,
            Protocol="sqs",
            Endpoint=queue_arn,
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        try:
            yield Subscriber(sqs, queue_url)
        finally:
            sns.unsubscribe(SubscriptionArn=subscription)
    finally:
        sqs.delete_queue(QueueUrl=queue_url)


def _policy(queue_arn: str, topic_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
