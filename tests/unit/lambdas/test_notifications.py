import json

import pytest

from lambdas.errors import ErrorCode
from lambdas.jobs import Job, JobStatus, Source, failed, succeeded
from lambdas.notifications import completion, publish
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
