"""Images dropped into the bucket: labels in the table and on the topic."""

import json
from dataclasses import replace
from typing import Any

import pytest

from demo.judging import judge
from demo.pictures import PictureSet
from lambdas.images import ImageRef
from lambdas.jobs import JobStatus
from tests.harness import Cloud, uploaded
from tests.unit.lambdas.pictures import HEIC

Pictures = dict[str, PictureSet]


def _item(cloud: Cloud, key: dict[str, str]) -> dict[str, Any]:
    answer = cloud.clients("dynamodb").get_item(
        TableName=cloud.deployment.results_table, Key={name: {"S": value} for name, value in key.items()}
    )
    return answer.get("Item", {})


def test_a_digit_gets_its_label_in_the_table_and_on_the_topic(trained: Cloud, pictures: Pictures) -> None:
    picture = pictures["digits"].unseen[0]
    with trained.subscriber(trained.deployment.results_topic_arn, Project=["digits"]) as subscriber:
        image = trained.drop("digits/one.png", picture.body, **{"job-tag": "line-7"})
        job = trained.result_of(image, "digits")
        told = trained.notification_of(subscriber, image)
    best = job.outcome["CustomLabels"][0]
    assert job.status is JobStatus.SUCCEEDED
    assert best["Name"] == picture.labels[0]
    assert "Geometry" not in best
    assert told["JobId"] == job.id
    assert told["Status"] == "SUCCEEDED"
    assert told["API"] == "DetectCustomLabels"
    assert told["JobTag"] == "line-7"
    assert told["Image"] == image.to_json()
    assert told["Project"] == "digits"
    assert told["ProjectVersionArn"] == job.project_version_arn
    assert told["CustomLabels"][0]["Name"] == best["Name"]
    assert told["Confidences"][best["Name"]] == pytest.approx(best["Confidence"])
    assert told["SchemaVersion"] == "1.0"
    assert _item(trained, {"PK": f"JOB#{job.id}", "SK": f"LABEL#{best['Name']}"})["Count"] == {"N": "1"}
    assert "Unnotified" not in _item(trained, {"PK": f"JOB#{job.id}", "SK": "JOB"})


def test_a_scene_gets_a_box_for_each_object(trained: Cloud, pictures: Pictures) -> None:
    unseen = pictures["scenes"].unseen
    images = [trained.drop(f"scenes/{picture.name}", picture.body) for picture in unseen]
    jobs = [trained.result_of(image, "scenes") for image in images]
    verdicts = [judge(picture, job.outcome["CustomLabels"]) for picture, job in zip(unseen, jobs, strict=True)]
    assert all(label["Geometry"]["BoundingBox"]["Width"] > 0 for job in jobs for label in job.outcome["CustomLabels"])
    assert sum(verdict.right for verdict in verdicts) >= len(unseen) / 2, verdicts


@pytest.mark.parametrize(
    "name",
    ["two words.png", "a+b.png", "100%41.png", "été/straße.png", "手書き.png", "🎉 party+%2B.png", "'q\"&<>.png"],
)
def test_every_key_survives_as_it_is(trained: Cloud, pictures: Pictures, name: str) -> None:
    image = trained.drop(f"digits/{name}", pictures["digits"].unseen[1].body)
    job = trained.result_of(image, "digits")
    assert job.status is JobStatus.SUCCEEDED
    assert job.image.key == f"digits/{name}"


def test_a_picture_of_a_phone_is_decoded_turned_and_looked_at(trained: Cloud) -> None:
    image = trained.drop("digits/phone.heic", HEIC)
    job = trained.result_of(image, "digits")
    assert job.status is JobStatus.SUCCEEDED, job.outcome
    assert job.outcome["Changes"][0] == "converted from HEIF"


def test_a_text_file_called_jpg_fails_with_a_reason(trained: Cloud) -> None:
    with trained.subscriber(trained.deployment.results_topic_arn, Status=["FAILED"]) as subscriber:
        image = trained.drop("digits/notes.jpg", b"These are notes, not a picture.")
        told = trained.notification_of(subscriber, image)
    job = trained.result_of(image, "digits")
    assert job.outcome["ErrorCode"] == "NOT_AN_IMAGE"
    assert told["Status"] == "FAILED"
    assert told["ErrorCode"] == "NOT_AN_IMAGE"
    assert "not an image" in told["StatusMessage"]


def test_an_upload_under_no_projects_prefix_is_a_failed_result(cloud: Cloud, pictures: Pictures) -> None:
    with cloud.subscriber(cloud.deployment.results_topic_arn, Project=["unknown"]) as subscriber:
        image = cloud.drop("nowhere/one.png", pictures["digits"].unseen[0].body)
        told = cloud.notification_of(subscriber, image)
    assert told["ErrorCode"] == "UNKNOWN_PROJECT"
    assert cloud.result_of(image, "unknown").status is JobStatus.FAILED


def test_an_overwrite_is_a_job_of_its_own(trained: Cloud, pictures: Pictures) -> None:
    first, second = pictures["digits"].unseen[2:4]
    images = [trained.drop("digits/same.png", picture.body) for picture in (first, second)]
    jobs = [trained.result_of(image, "digits") for image in images]
    assert [job.outcome["CustomLabels"][0]["Name"] for job in jobs] == [first.labels[0], second.labels[0]]
    history = trained.deployment.results(trained.clients).by_image(images[0].bucket, "digits/same.png").entries
    assert {job.id for job in history} == {job.id for job in jobs}


def test_the_same_event_again_changes_nothing(trained: Cloud, pictures: Pictures) -> None:
    image = trained.drop("scenes/twice.jpg", pictures["scenes"].unseen[0].body)
    before = trained.result_of(image, "scenes")
    marker = _deliver_again_and_wait(trained, image, pictures["scenes"].unseen[1].body)
    assert marker.status is JobStatus.SUCCEEDED
    assert trained.result_of(image, "scenes") == replace(before, unnotified=False)  # it may not have been told yet


def _deliver_again_and_wait(cloud: Cloud, image: ImageRef, body: bytes) -> Any:
    """Deliver an image's event three times more, and wait until the queue is empty and a later image is done."""
    queue = cloud.deployment.project("scenes").queue_url
    for _ in range(3):
        cloud.clients("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(uploaded(image)))
    later = cloud.result_of(cloud.drop("scenes/later.jpg", body), "scenes")
    cloud.drained(queue)
    return later


def test_a_message_that_is_no_event_goes_to_the_dead_letter_queue_with_its_reason(trained: Cloud) -> None:
    project = trained.deployment.project("digits")
    sqs = trained.clients("sqs")
    sqs.send_message(QueueUrl=project.queue_url, MessageBody='{"hello": "world"}')
    message = trained.eventually(lambda: trained.take(project.dead_letter_queue_url), trained.detection_seconds)
    assert message["Body"] == '{"hello": "world"}'
    assert message["MessageAttributes"]["Reason"]["StringValue"] == "MALFORMED_EVENT"


def test_a_denied_permission_is_enforced_told_and_loses_nothing(trained: Cloud, pictures: Pictures) -> None:
    if not trained.local:
        pytest.skip("on AWS, IAM takes minutes to change its mind")
    project = trained.deployment.project("digits")
    sqs, iam, role = trained.clients("sqs"), trained.clients("iam"), trained.role_of("detect_labels")
    denied = {"Effect": "Deny", "Action": "rekognition:DetectCustomLabels", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    iam.put_role_policy(RoleName=role, PolicyName="denied-by-test", PolicyDocument=policy)
    try:
        image = trained.drop("digits/denied.png", pictures["digits"].unseen[6].body)
        message = trained.eventually(lambda: trained.take(project.dead_letter_queue_url), trained.detection_seconds)
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="denied-by-test")
    assert message["MessageAttributes"]["ErrorCode"]["StringValue"] == "AccessDeniedException"
    assert "rekognition:DetectCustomLabels" in message["MessageAttributes"]["Detail"]["StringValue"]
    sqs.send_message(QueueUrl=project.queue_url, MessageBody=message["Body"])
    assert trained.result_of(image, "digits").status is JobStatus.SUCCEEDED
