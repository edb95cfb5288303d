"""The floor of the latency: a handler that publishes straight away. It is deployed alone, without this package."""

import json
import os
from typing import Any

import boto3

sns = boto3.client("sns")


def handle(event: dict[str, Any], context: Any) -> None:  # noqa: ARG001 - Lambda's shape
    """Publish each message's key."""
    for record in event["Records"]:
        key = json.loads(record["body"])["detail"]["object"]["key"]
        sns.publish(TopicArn=os.environ["TOPIC_ARN"], Message=json.dumps({"Image": {"S3ObjectName": key}}))
