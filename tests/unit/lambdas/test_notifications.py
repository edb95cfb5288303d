import json

import pytest

from lambdas.errors import ErrorCode
from lambdas.jobs import Job, JobStatus, Source, failed, succeeded
from lambdas.notifications import completion, publish, start_completion
from lambdas.start_jobs import StartJob
from tests.unit.aws import client_of
from tests.unit.lambdas.services import Topic

LIMIT = 256 * 1024
LABELS = [
    {"Name": "crack", "Confidence": 90.5},
    {"Name": "crack", "Confidence": 70.0},
    {"Name": "dent", "Confidence": 60.0},
]


@pytest.fixture
def job(image):
    def make(outcome):
        stored = {
            "JobId": "j",
            "API": "DetectCustomLabels",
            "SchemaVersion": "1.0",
            "Project": "digits",
            "ProjectVersionArn": "arn:v1",
            "Image": image.to_json(),
            "CreatedAt": 1,
            "Timestamp": 2,
        }
        status = JobStatus(outcome["Status"])
        return Job(id="j", project="digits", image=image, status=status, created_at=1, outcome=stored | outcome)

    return make


def size(notification):
    counted = len(notification.body.encode())
    for name, attribute in notification.attributes.items():
        counted += len((name + attribute["DataType"] + attribute["StringValue"]).encode())
    return counted


def many_labels(count):
    return [{"Name": f"naïve-{number:05}", "Confidence": 50.0} for number in range(count)]


def test_a_success_is_told_in_the_shape_that_subscribers_know(job, image):
    body = json.loads(completion(job(succeeded(LABELS, Source(size=9, job_tag="lot-7"), 5))).body)
    assert body == {
        "JobId": "j",
        "Status": "SUCCEEDED",
        "API": "DetectCustomLabels",
        "JobTag": "lot-7",
        "Timestamp": 2,
        "Image": {"S3Bucket": "images", "S3ObjectName": "digits/a.png", "S3ObjectVersion": "v1"},
        "Project": "digits",
        "ProjectVersionArn": "arn:v1",
        "CustomLabels": LABELS,
        "Confidences": {"crack": 90.5, "dent": 60.0},
        "SchemaVersion": "1.0",
    }


def test_a_failure_is_told_with_code_and_message_and_without_labels(job):
    body = json.loads(completion(job(failed(ErrorCode.TOO_SMALL, "63 px", Source(size=9)))).body)
    assert (body["Status"], body["ErrorCode"], body["StatusMessage"]) == ("FAILED", "TOO_SMALL", "63 px")
    assert "CustomLabels" not in body


def test_a_job_without_tag_has_none_in_its_notification(job):
    assert "JobTag" not in json.loads(completion(job(succeeded([], Source(size=9), 5))).body)


def test_subscribers_can_filter_by_status_project_api_and_labels(job):
    assert completion(job(succeeded(LABELS, Source(size=9), 5))).attributes == {
        "Status": {"DataType": "String", "StringValue": "SUCCEEDED"},
        "Project": {"DataType": "String", "StringValue": "digits"},
        "API": {"DataType": "String", "StringValue": "DetectCustomLabels"},
        "Labels": {"DataType": "String.Array", "StringValue": '["crack", "dent"]'},
    }


def test_labels_that_sns_would_refuse_are_replaced_by_their_count(job):
    notification = completion(job(succeeded(many_labels(9000), Source(size=9), 5)))
    body = json.loads(notification.body)
    assert (body["LabelCount"], body["Truncated"], body["JobId"]) == (9000, True, "j")
    assert "CustomLabels" not in body
    assert "Confidences" not in body
    assert size(notification) <= LIMIT


def test_many_boxes_of_few_labels_keep_what_subscribers_filter_by(job):
    labels = [{"Name": "crack", "Confidence": 90.5, "Geometry": {"BoundingBox": {"Left": 0.1}}}] * 9000
    notification = completion(job(succeeded(labels, Source(size=9), 5)))
    body = json.loads(notification.body)
    assert (body["LabelCount"], body["Truncated"], body["Confidences"]) == (9000, True, {"crack": 90.5})
    assert notification.attributes["Labels"]["StringValue"] == '["crack"]'


def test_a_notification_is_truncated_only_where_its_bytes_would_pass_the_limit_of_sns(job):
    # One more label is 84 bytes more of body and attributes; 3,117 are the first that SNS would refuse.
    fits, fits_not = 3110, 3117
    whole = completion(job(succeeded(many_labels(fits), Source(size=9), 5)))
    assert "Truncated" not in json.loads(whole.body)
    assert LIMIT - 1000 < size(whole) <= LIMIT
    cut = completion(job(succeeded(many_labels(fits_not), Source(size=9), 5)))
    assert "Truncated" in json.loads(cut.body)


def test_a_notification_is_published_with_its_attributes(job):
    topic = Topic()
    notification = completion(job(succeeded(LABELS, Source(size=9), 5)))
    publish(client_of("sns", topic), "arn:topic", notification)
    assert topic.published == [
        {"TopicArn": "arn:topic", "Message": notification.body, "MessageAttributes": notification.attributes}
    ]


def labels(**seen):
    return [{"Name": name, "Confidence": confidence} for name, confidence in seen.items()]


def lets_pass(policy, message):
    """Say whether an SNS filter policy on the message body lets a message pass (of policies: numeric >= only)."""
    for name, wanted in policy.items():
        if isinstance(wanted, dict):
            if not lets_pass(wanted, message.get(name, {})):
                return False
        elif not any(
            isinstance(message.get(name), (int, float)) and message[name] >= rule["numeric"][1] for rule in wanted
        ):
            return False
    return True


@pytest.mark.parametrize(
    ("seen", "passes"),
    [
        ({"crack": 90.0}, True),
        ({"crack": 97.5, "dent": 10.0}, True),
        ({"crack": 60.0, "dent": 95.0}, False),
        ({"crack": 89.99}, False),
        ({"dent": 95.0}, False),
        ({}, False),
    ],
)
def test_who_wants_crack_of_at_least_90_gets_only_those(job, seen, passes):
    policy = {"Confidences": {"crack": [{"numeric": [">=", 90]}]}}
    body = json.loads(completion(job(succeeded(labels(**seen), Source(size=9), 5))).body)
    assert lets_pass(policy, body) is passes


def test_the_attributes_alone_cannot_tell_a_sure_crack_from_a_doubtful_one(job):
    sure, doubtful = ({"crack": 95.0, "dent": 60.0}, {"crack": 60.0, "dent": 60.0})
    one, other = (completion(job(succeeded(labels(**seen), Source(size=9), 5))).attributes for seen in (sure, doubtful))
    assert one == other


def test_labels_that_are_in_s3_are_told_by_their_best_confidence_and_a_pointer(job):
    pointer = {"S3Bucket": "objects", "S3ObjectName": "labels/digits/j/1.json"}
    outcome = {
        "Status": "SUCCEEDED",
        "LabelsObject": pointer,
        "LabelCount": 4000,
        "Confidences": {"dent": 5.0, "crack": 9.0},
    }
    notification = completion(job(outcome))
    body = json.loads(notification.body)
    assert (body["LabelsObject"], body["LabelCount"], body["Truncated"]) == (pointer, 4000, True)
    assert body["Confidences"] == {"crack": 9.0, "dent": 5.0}
    assert notification.attributes["Labels"]["StringValue"] == '["crack", "dent"]'


def test_what_was_done_to_the_image_and_its_annotated_copy_are_told(job):
    copy = {"S3Bucket": "objects", "S3ObjectName": "annotated/digits/j.jpg"}
    outcome = succeeded(LABELS, Source(size=9), 5, changes=["converted from HEIC"], annotated=copy)
    body = json.loads(completion(job(outcome | {"Run": "again", "StartJobId": "s"})).body)
    assert (body["Changes"], body["AnnotatedImage"]) == (["converted from HEIC"], copy)
    assert (body["Run"], body["StartJobId"]) == ("again", "s")


def test_a_start_job_is_told_with_its_counts_and_without_labels():
    start = StartJob(
        id="s",
        project="digits",
        created_at=1,
        job_tag="lot-7",
        status=JobStatus.SUCCEEDED,
        total=9,
        done=9,
        failed=2,
        timestamp=5,
    )
    notification = start_completion(start)
    assert json.loads(notification.body) == {
        "JobId": "s",
        "Status": "SUCCEEDED",
        "API": "StartCustomLabelsDetection",
        "JobTag": "lot-7",
        "Timestamp": 5,
        "Project": "digits",
        "Total": 9,
        "Done": 9,
        "Failed": 2,
        "SchemaVersion": "1.0",
    }
    assert {name: said["StringValue"] for name, said in notification.attributes.items()} == {
        "Status": "SUCCEEDED",
        "Project": "digits",
        "API": "StartCustomLabelsDetection",
    }


def test_a_start_job_that_failed_says_why():
    start = StartJob(
        id="s", project="digits", created_at=1, status=JobStatus.FAILED, timestamp=5, status_message="no such bucket"
    )
    body = json.loads(start_completion(start).body)
    assert (body["Status"], body["StatusMessage"]) == ("FAILED", "no such bucket")
    assert "Total" not in body
