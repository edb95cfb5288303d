"""A stored video on the local cloud: from S3 through a job to a queue that hears of its end."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import av
import boto3
import numpy as np
import pytest

from local.cloud import ACCOUNT, REGION, Profile, Running, local_cloud

BUCKET = "films"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    # Strict, with nothing deployed: a plain one lets every role do everything.
    with local_cloud(Profile.STRICT, tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="module")
def topic(cloud: Running) -> str:
    """A topic that leaves publishing to IAM, as one of the default policy does not."""
    arn = cloud.client("sns").create_topic(Name="AmazonRekognitionDone")["TopicArn"]
    allow = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "SNS:Subscribe"}
    policy = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": arn}]}
    cloud.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(policy))
    return arn


@pytest.fixture(scope="module")
def queue(cloud: Running, topic: str) -> str:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


@pytest.fixture(scope="module")
def video(cloud: Running) -> Mapping[str, Any]:
    """One second of red, in a bucket."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for _ in range(10):
            picture = np.full((120, 160, 3), (220, 20, 20), np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode())
    s3.put_object(Bucket=BUCKET, Key="red.mp4", Body=file.getvalue())
    return {"S3Object": {"Bucket": BUCKET, "Name": "red.mp4"}}


def role(cloud: Running, name: str, *statements: Mapping[str, Any]) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "rekognition.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = cloud.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if statements:
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
    return str(arn)


def until(look: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Return the first true value of `look`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"nothing in {seconds} s")


def ended(cloud: Running, job: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = cloud.client("rekognition").get_label_detection(JobId=job)
        return found if found["JobStatus"] != "IN_PROGRESS" else None

    return dict(until(look))


def messages(cloud: Running, queue: str) -> list[dict[str, Any]]:
    """Take what the queue has of the topic's messages."""
    sqs = cloud.client("sqs")
    taken = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for message in taken:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(json.loads(message["Body"])["Message"]) for message in taken]


def test_a_topic_hears_only_of_jobs_whose_role_may_publish(
    cloud: Running, topic: str, queue: str, video: Mapping[str, Any]
) -> None:
    publish = {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic}
    jobs = {}
    for name, arn in {"mute": role(cloud, "mute"), "tells": role(cloud, "tells", publish)}.items():
        jobs[name] = cloud.client("rekognition").start_label_detection(
            Video=video, NotificationChannel={"SNSTopicArn": topic, "RoleArn": arn}, JobTag=name
        )["JobId"]
    results = {name: ended(cloud, job) for name, job in jobs.items()}
    assert [result["JobStatus"] for result in results.values()] == ["SUCCEEDED", "SUCCEEDED"]
    assert "Red" in {label["Label"]["Name"] for label in results["tells"]["Labels"]}
    told = until(lambda: messages(cloud, queue))
    refused = until(lambda: [line for line in cloud.log.read_text().splitlines() if jobs["mute"] in line])
    assert "not authorized to perform: sns:Publish" in refused[0]
    told += messages(cloud, queue)
    assert told[0].pop("Timestamp") / 1000 == pytest.approx(time.time(), abs=60)
    assert told == [
        {
            "JobId": jobs["tells"],
            "Status": "SUCCEEDED",
            "API": "StartLabelDetection",
            "JobTag": "tells",
            "Video": {"S3ObjectName": "red.mp4", "S3Bucket": BUCKET},
        }
    ]


def test_the_stand_in_served_alone_reaches_the_topics_of_another_cloud(
    cloud: Running, topic: str, queue: str, video: Mapping[str, Any]
) -> None:
    arn = role(cloud, "tells-alone", {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic})
    command = [sys.executable, "-m", "local.rekognition"]
    command += ["--s3-endpoint", cloud.endpoint, "--sns-endpoint", cloud.endpoint]
    environment = {**os.environ, **cloud.environment()}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as alone:
        try:
            assert alone.stdout
            endpoint = alone.stdout.readline().split()[-1]
            credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
            client = boto3.client("rekognition", endpoint_url=endpoint, **credentials)
            job = client.start_label_detection(Video=video, NotificationChannel={"SNSTopicArn": topic, "RoleArn": arn})[
                "JobId"
            ]
            told = until(lambda: messages(cloud, queue))
        finally:
            alone.terminate()
    assert [(message["JobId"], message["Status"]) for message in told] == [(job, "SUCCEEDED")]
