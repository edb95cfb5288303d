"""Whatever goes wrong on the way, each image ends with one result, and somebody hears of it.

What a local cloud cannot do is tested on its own: a kill between two given calls (tests/unit/lambdas), an invocation
that runs out of its time, which no call here can make (there too), and a disabled key, which no key here can be.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from demo.pictures import PictureSet
from lambdas.images import ImageRef, job_id
from lambdas.jobs import JobStatus
from tests.harness import Cloud, uploaded

Pictures = dict[str, PictureSet]

WORKER = "detect_labels"


@pytest.fixture(autouse=True)
def _local_only(cloud: Cloud) -> None:
    if not cloud.local:
        pytest.skip("on AWS, faults cannot be made at will, and IAM takes minutes to change its mind")


@contextmanager
def denied(cloud: Cloud, *actions: str) -> Iterator[None]:
    """Deny actions to the detecting function."""
    iam, role = cloud.clients("iam"), cloud.role_of(WORKER)
    statement = {"Effect": "Deny", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName="denied-by-test", PolicyDocument=policy)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="denied-by-test")


def dead_letter(cloud: Cloud) -> dict[str, Any]:
    """Wait for a dead letter of digits, and take it."""
    queue = cloud.deployment.project("digits").dead_letter_queue_url
    return cloud.eventually(lambda: cloud.take(queue), cloud.detection_seconds)


def said(letter: dict[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}


def send(cloud: Cloud, body: str) -> None:
    cloud.clients("sqs").send_message(QueueUrl=cloud.deployment.project("digits").queue_url, MessageBody=body)


def test_an_object_that_we_may_not_read_is_a_dead_letter_that_ends_well_when_it_is_sent_back(
    trained: Cloud, pictures: Pictures
) -> None:
    with denied(trained, "s3:GetObject", "s3:GetObjectVersion"):
        image = trained.drop("digits/unreadable.png", pictures["digits"].unseen[0].body)
        letter = dead_letter(trained)
    assert said(letter)["Reason"] == "CALL_REFUSED"
    assert said(letter)["ErrorCode"].startswith("AccessDenied")
    assert said(letter)["Project"] == "digits"
    send(trained, letter["Body"])
    assert trained.result_of(image, "digits").status is JobStatus.SUCCEEDED


def test_a_result_that_could_not_be_told_is_told_when_its_dead_letter_is_sent_back(
    trained: Cloud, pictures: Pictures
) -> None:
    with trained.subscriber(trained.deployment.results_topic_arn, Project=["digits"]) as subscriber:
        with denied(trained, "sns:Publish"):
            image = trained.drop("digits/untold.png", pictures["digits"].unseen[1].body)
            letter = dead_letter(trained)
        job = trained.result_of(image, "digits")
        assert job.unnotified
        send(trained, letter["Body"])
        assert trained.notification_of(subscriber, image)["JobId"] == job.id


def test_a_result_whose_message_is_lost_before_it_was_told_is_told_by_the_sweep(
    trained: Cloud, pictures: Pictures
) -> None:
    image = trained.drop("digits/swept.png", pictures["digits"].unseen[2].body)
    # Its own delivery tells of it only once the result is final: after that, nobody but a sweep will.
    trained.eventually(lambda: not trained.result_of(image, "digits").unnotified, trained.detection_seconds)
    job = trained.result_of(image, "digits")
    ten_minutes_ago = str(int((time.time() - 600) * 1000))
    with trained.subscriber(trained.deployment.results_topic_arn, Project=["digits"]) as subscriber:
        trained.clients("dynamodb").update_item(
            TableName=trained.deployment.results_table,
            Key={"PK": {"S": f"JOB#{job.id}"}, "SK": {"S": "JOB"}},
            UpdateExpression="SET Unnotified = :project, #when = :ago",
            ExpressionAttributeNames={"#when": "Timestamp"},
            ExpressionAttributeValues={":project": {"S": "digits"}, ":ago": {"N": ten_minutes_ago}},
        )
        name = f"custom-labels-{trained.deployment.name}-sweep_results"
        answer = trained.clients("lambda").invoke(FunctionName=name, Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()
        assert trained.notification_of(subscriber, image)["JobId"] == job.id
    assert not trained.result_of(image, "digits").unnotified


def test_an_object_that_is_deleted_before_it_is_read_is_a_failed_result(trained: Cloud, pictures: Pictures) -> None:
    with trained.unnoticed("digits"):
        image = trained.drop("digits/deleted.png", pictures["digits"].unseen[3].body)
        trained.clients("s3").delete_object(Bucket=image.bucket, Key=image.key, VersionId=image.version)
    with trained.subscriber(trained.deployment.results_topic_arn, Status=["FAILED"]) as subscriber:
        send(trained, json.dumps(uploaded(image)))
        assert trained.notification_of(subscriber, image)["ErrorCode"] == "OBJECT_GONE"
    assert trained.result_of(image, "digits").outcome["ErrorCode"] == "OBJECT_GONE"


def test_versions_of_one_key_that_arrive_in_the_wrong_order_have_their_own_results(
    trained: Cloud, pictures: Pictures
) -> None:
    with trained.unnoticed("digits"):
        images = [trained.drop("digits/overtaken.png", picture.body) for picture in pictures["digits"].unseen[4:6]]
    for image in reversed(images):
        send(trained, json.dumps(uploaded(image)))
        trained.result_of(image, "digits")
    sizes = [trained.result_of(image, "digits").outcome["SourceBytes"] for image in images]
    assert sizes == [len(picture.body) for picture in pictures["digits"].unseen[4:6]]
    assert len(set(sizes)) == 2


def test_images_survive_throttles_faults_cut_connections_and_duplicates(trained: Cloud, pictures: Pictures) -> None:
    rules = [
        {"fault": fault, "operations": ["DetectCustomLabels"], "probability": probability}
        for fault, probability in (("throttling", 0.2), ("internal_error", 0.05), ("connection_cut", 0.05))
    ]
    unseen = pictures["digits"].unseen
    with trained.faults({"seed": 5, "rules": rules}):
        images = [trained.drop(f"digits/hard/{number}.png", unseen[number % len(unseen)].body) for number in range(40)]
        for image in images[::4]:
            send(trained, json.dumps(uploaded(image)))
        jobs = [trained.result_of(image, "digits") for image in images]
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    assert len({job.id for job in jobs}) == 40


def test_an_image_whose_function_is_killed_is_looked_at_again_and_has_one_result(
    trained: Cloud, pictures: Pictures
) -> None:
    functions, sqs = trained.clients("lambda"), trained.clients("sqs")
    name = f"custom-labels-{trained.deployment.name}-{WORKER}"
    queue = trained.deployment.project("digits").queue_url
    before = functions.get_function_configuration(FunctionName=name)["Timeout"]
    visibility = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    # Shorter leases and redeliveries, so that nobody waits for minutes.
    functions.update_function_configuration(FunctionName=name, Timeout=20)
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "3"})
    try:
        with trained.subscriber(trained.deployment.results_topic_arn, Project=["digits"]) as subscriber:
            slow = {"fault": "latency", "latency": {"distribution": "fixed", "seconds": 6}}
            with trained.faults({"rules": [slow | {"operations": ["DetectCustomLabels"]}]}):
                image = trained.drop("digits/killed.png", pictures["digits"].unseen[6].body)
                trained.eventually(lambda: _item(trained, image), trained.detection_seconds)
                functions.update_function_configuration(FunctionName=name, Timeout=21)  # ends all that run
            job = trained.result_of(image, "digits")
            assert trained.notification_of(subscriber, image)["JobId"] == job.id
        assert job.status is JobStatus.SUCCEEDED
        assert _item(trained, image)["Crashes"] == {"N": "1"}
    finally:
        functions.update_function_configuration(FunctionName=name, Timeout=before)
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=visibility)


def _item(cloud: Cloud, image: ImageRef) -> dict[str, Any]:
    key = {"PK": {"S": f"JOB#{job_id(image, 'digits')}"}, "SK": {"S": "JOB"}}
    answer = cloud.clients("dynamodb").get_item(TableName=cloud.deployment.results_table, Key=key)
    return dict(answer.get("Item", {}))
