"""Videos dropped into the bucket: a job of Rekognition's, its completion through SNS, a timeline and a result."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lambdas.images import ImageRef
from lambdas.jobs import Job, JobStatus
from lambdas.videos import VIDEO_API
from tests.harness import Cloud, uploaded
from tests.unit.rekognition.drawn_videos import BLUE, RED, video

FILM = video((RED, BLUE), seconds=2.0)
FOLDER = "videos/scenes"
JOB_SECONDS = 240  # from the upload to the result, with 60 others before it


def jobs_of(cloud: Cloud, ref: ImageRef) -> list[Job]:
    return list(cloud.deployment.results(cloud.clients).by_image(ref.bucket, ref.key).entries)


def result_of(cloud: Cloud, ref: ImageRef) -> Job:
    """Wait for a video's final job."""

    def final() -> Job | None:
        return next((job for job in jobs_of(cloud, ref) if job.status is not JobStatus.IN_PROGRESS), None)

    return cloud.eventually(final, JOB_SECONDS, lambda: f"jobs of {ref.key}: {jobs_of(cloud, ref)}")


def told_of(received: list[dict[str, Any]], ref: ImageRef) -> list[dict[str, Any]]:
    return [message for message in received if message.get("Video", {}).get("S3ObjectName") == ref.key]


def timeline_of(cloud: Cloud, job: Job) -> list[dict[str, Any]]:
    place = job.outcome["Timeline"]
    answer = cloud.clients("s3").get_object(Bucket=place["S3Bucket"], Key=place["S3ObjectName"])
    return [json.loads(line) for line in answer["Body"].read().splitlines()]


def collect_queue(cloud: Cloud) -> str:
    name = f"custom-labels-{cloud.deployment.name}-collect_video"
    url: str = cloud.clients("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    return url


@contextmanager
def nobody_told(cloud: Cloud) -> Iterator[None]:
    """Let the completions of Rekognition reach nobody."""
    sns = cloud.clients("sns")
    (topic,) = [one["TopicArn"] for one in sns.list_topics()["Topics"] if "AmazonRekognition-" in one["TopicArn"]]
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    arn = subscription["SubscriptionArn"]
    sns.set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue='{"nobody": ["hears"]}'
    )
    try:
        yield
    finally:
        sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue="{}")


def test_a_video_gets_a_timeline_labels_in_the_table_and_one_notification(cloud: Cloud) -> None:
    topic = cloud.deployment.results_topic_arn
    with cloud.subscriber(topic, Project=["scenes"], API=[VIDEO_API]) as subscriber:
        ref = cloud.drop(f"{FOLDER}/one + two.mp4", FILM, **{"job-tag": "line-7"})
        job = result_of(cloud, ref)
        (told,) = told_of(subscriber.receive(JOB_SECONDS, lambda received: bool(told_of(received, ref))), ref)
    assert job.status is JobStatus.SUCCEEDED, job.outcome
    lines = timeline_of(cloud, job)
    spans = {line["Label"]: (line["StartTimestampMillis"], line["EndTimestampMillis"]) for line in lines}
    assert spans["Red"][0] == 0
    assert spans["Red"][1] < spans["Blue"][0]
    assert told["JobId"] == job.id
    assert (told["Status"], told["API"], told["JobTag"]) == ("SUCCEEDED", "StartLabelDetection", "line-7")
    assert told["Video"] == ref.to_json()
    assert {"Red", "Blue"} <= set(told["Confidences"])
    assert told["VideoMetadata"]["Codec"] == "h264"
    results = cloud.deployment.results(cloud.clients)
    assert ref.key in [seen.image.key for seen in results.by_label("scenes", "Red").entries]
    assert job.id in [found.id for found in results.by_status("scenes", [JobStatus.SUCCEEDED]).entries]
    code, printed = cloud.customlabels("results", "--job", job.id, "--json")
    assert code == 0
    assert json.loads(printed)["Results"][0]["Video"] == ref.to_json()


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("notes.mp4", b"These are notes, not a film.", "NOT_A_VIDEO"),
        ("empty.mp4", b"", "EMPTY_OBJECT"),
        ("long.mp4", video(seconds=40.0, rate=2), "VIDEO_TOO_LONG"),
        ("cut.mov", video(seconds=2.0, container="mov")[:-300], "CORRUPT_VIDEO"),
    ],
)
def test_what_must_not_be_looked_at_fails_with_its_reason(cloud: Cloud, name: str, body: bytes, code: str) -> None:
    with cloud.subscriber(cloud.deployment.results_topic_arn, Status=["FAILED"]) as subscriber:
        ref = cloud.drop(f"{FOLDER}/{name}", body)
        (told,) = told_of(subscriber.receive(JOB_SECONDS, lambda received: bool(told_of(received, ref))), ref)
    assert (told["ErrorCode"], told["Project"]) == (code, "scenes")
    assert result_of(cloud, ref).outcome["StatusMessage"] == told["StatusMessage"]


def test_a_codec_that_rekognition_does_not_know_is_a_failed_result_with_its_message(cloud: Cloud) -> None:
    job = result_of(cloud, cloud.drop(f"{FOLDER}/old.mp4", video(codec="mpeg4")))
    assert (job.status, job.outcome["ErrorCode"]) == (JobStatus.FAILED, "MODEL_REFUSED")
    assert "Unsupported codec/format." in job.outcome["StatusMessage"]


def test_a_job_that_the_service_itself_breaks_is_a_failed_result_with_its_message(cloud: Cloud) -> None:
    if not cloud.local:
        pytest.skip("nobody can make Rekognition break")
    with cloud.faults({"rules": [{"fault": "video_error", "message": "We are sorry."}]}):
        job = result_of(cloud, cloud.drop(f"{FOLDER}/broken.mp4", FILM))
    assert (job.status, job.outcome["ErrorCode"]) == (JobStatus.FAILED, "MODEL_REFUSED")
    assert "We are sorry." in job.outcome["StatusMessage"]


def test_a_video_of_a_project_without_videos_is_refused(cloud: Cloud) -> None:
    ref = cloud.drop("videos/strict/one.mp4", FILM)
    assert result_of(cloud, ref).outcome["ErrorCode"] == "VIDEOS_NOT_ENABLED"


def test_a_completion_that_comes_again_changes_nothing(cloud: Cloud) -> None:
    ref = cloud.drop(f"{FOLDER}/twice.mp4", FILM)
    job = result_of(cloud, ref)
    queue, sqs = collect_queue(cloud), cloud.clients("sqs")
    again = {"JobId": job.id, "Status": "SUCCEEDED", "API": VIDEO_API, "Timestamp": 1}
    topic = cloud.deployment.results_topic_arn
    with cloud.subscriber(topic, Project=["scenes"], API=[VIDEO_API]) as subscriber:
        for _ in range(3):
            sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(again))
        sqs.send_message(
            QueueUrl=cloud.clients("sqs").get_queue_url(
                QueueName=f"custom-labels-{cloud.deployment.name}-start_video-scenes"
            )["QueueUrl"],
            MessageBody=json.dumps(uploaded(ref)),
        )
        later = cloud.drop(f"{FOLDER}/later.mp4", FILM)
        received = subscriber.receive(JOB_SECONDS, lambda told: bool(told_of(told, later)))
    cloud.drained(queue)
    assert told_of(received, ref) == []
    (standing,) = jobs_of(cloud, ref)
    assert standing.outcome == job.outcome


def test_a_job_whose_completion_is_lost_is_ended_by_a_sweep(cloud: Cloud) -> None:
    if not cloud.local:
        pytest.skip("a job is overdue only after half an hour")
    with nobody_told(cloud):
        ref = cloud.drop(f"{FOLDER}/lost.mp4", FILM)
        (job,) = cloud.eventually(lambda: jobs_of(cloud, ref), JOB_SECONDS)
        rekognition = cloud.clients("rekognition")
        cloud.eventually(lambda: rekognition.get_label_detection(JobId=job.id)["JobStatus"] == "SUCCEEDED", JOB_SECONDS)
        # Rekognition has told by now, and nobody has heard.
        cloud.clients("dynamodb").update_item(
            TableName=cloud.deployment.results_table,
            Key={"PK": {"S": f"JOB#{job.id}"}, "SK": {"S": "JOB"}},
            UpdateExpression="SET DueAt = :long_ago",
            ExpressionAttributeValues={":long_ago": {"N": "1"}},
        )
        answer = cloud.clients("lambda").invoke(FunctionName=f"custom-labels-{cloud.deployment.name}-sweep_videos")
        assert json.loads(answer["Payload"].read())["Asked"] >= 1
        assert result_of(cloud, ref).status is JobStatus.SUCCEEDED


def put_off(cloud: Cloud) -> int:
    """Return how often a video had to wait because as many jobs were open as the quota allows."""
    pages = (
        cloud.clients("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=f"/aws/lambda/custom-labels-{cloud.deployment.name}-start_video",
            filterPattern='"LimitExceededException"',
        )
    )
    return sum("LimitExceededException" in event["message"] for page in pages for event in page["events"])


def test_sixty_videos_at_once_are_all_looked_at_although_twenty_jobs_are_the_most(cloud: Cloud) -> None:
    # Long and large enough that jobs end more slowly than they are started.
    crowd = video((RED, BLUE), seconds=28.0, size=(320, 240))
    refs = [cloud.drop(f"{FOLDER}/crowd/{number}.mp4", crowd) for number in range(60)]
    jobs = [result_of(cloud, ref) for ref in refs]
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    assert len({job.id for job in jobs}) == 60
    assert put_off(cloud) > 0
