"""The baseline: a handler as the public samples of Custom Labels write it. It is deployed alone, without this package.

One message an invocation, no limit of concurrency, boto3's own retries (five calls, then the exception), and the
queue's visibility timeout after that. The object is named without its version, a result has a random key, and one
message a result goes to a topic.
"""

import json
import os
import uuid
from typing import Any

import boto3

rekognition = boto3.client("rekognition")
dynamodb = boto3.client("dynamodb")
sns = boto3.client("sns")


def handle(event: dict[str, Any], context: Any) -> None:  # noqa: ARG001 - Lambda's shape
    """Detect the labels of one image, keep them and tell of them."""
    record = event["Records"][0]
    detail = json.loads(record["body"])["detail"]
    bucket, key = detail["bucket"]["name"], detail["object"]["key"]
    answer = rekognition.detect_custom_labels(
        ProjectVersionArn=os.environ["PROJECT_VERSION_ARN"],
        Image={"S3Object": {"Bucket": bucket, "Name": key}},
        MinConfidence=50,
    )
    labels = answer["CustomLabels"]
    result = {"id": str(uuid.uuid4()), "bucket": bucket, "key": key, "labels": json.dumps(labels)}
    dynamodb.put_item(TableName=os.environ["TABLE"], Item={name: {"S": value} for name, value in result.items()})
    sns.publish(TopicArn=os.environ["TOPIC_ARN"], Message=json.dumps(result))
    print(f"{bucket}/{key}: {len(labels)} labels")
