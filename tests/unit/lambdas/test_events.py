import json

import pytest

from lambdas.events import (
    DetectionRequest,
    MalformedEventError,
    ObjectCreated,
    created_object,
    detection_requested,
    object_created,
)
from lambdas.images import ImageRef


def event(key="digits/a.png", **object_parts):
    stored = {"key": key, "size": 12, "etag": "e", "version-id": "v1"} | object_parts
    return {"detail-type": "Object Created", "detail": {"bucket": {"name": "images"}, "object": stored}}


@pytest.mark.parametrize(
    "key",
    ["digits/a b.png", "digits/a+b.png", "digits/%41.png", "digits/é.png", "digits/🦊.png", "digits/日本/1.png"],
)
def test_a_key_arrives_as_s3_stores_it(key):
    assert object_created(json.dumps(event(key))).object == ImageRef("images", key, "v1")


def test_an_event_says_version_and_size():
    assert object_created(json.dumps(event())) == ObjectCreated(ImageRef("images", "digits/a.png", "v1"), 12)


def test_an_event_without_size_has_none():
    said = event()
    del said["detail"]["object"]["size"]
    assert object_created(json.dumps(said)).size == 0


@pytest.mark.parametrize("body", ["", "no json", "[]", "null", "3", '"text"', "{}", '{"detail": 5}', '{"detail": {}}'])
def test_what_is_no_s3_event_is_malformed(body):
    with pytest.raises(MalformedEventError):
        object_created(body)


@pytest.mark.parametrize("part", [{"key": 5}, {"key": ""}, {"version-id": None}, {"size": "12"}])
def test_parts_of_the_wrong_kind_are_malformed(part):
    with pytest.raises(MalformedEventError):
        object_created(json.dumps(event(**part)))


def test_an_event_of_an_unversioned_bucket_is_malformed_and_told_so():
    said = event()
    del said["detail"]["object"]["version-id"]
    with pytest.raises(MalformedEventError, match="is the bucket versioned"):
        created_object(said)


def test_an_upload_asks_for_nothing():
    assert object_created(json.dumps(event())).request is None
    asking = event() | {"source": "aws.s3"}
    asking["detail"]["request"] = {"project": "digits", "run": "r"}
    assert object_created(json.dumps(asking)).request is None


@pytest.mark.parametrize(
    "request_",
    [
        DetectionRequest(project="digits"),
        DetectionRequest(
            project="digits",
            run="monday 🦊",
            project_version_arn="arn:version",
            start_job_id="0" * 32,
            job_tag="line-7",
            notification_topic="arn:topic",
        ),
    ],
)
def test_a_request_comes_back_as_it_was_written(request_):
    image = ImageRef("elsewhere", "a+b %41.png", "null")
    body = json.dumps(detection_requested(image, 12, request_))
    assert object_created(body) == ObjectCreated(image, 12, request_)


def test_a_request_has_the_shape_of_an_event():
    asked = DetectionRequest(project="digits", run="r", start_job_id="s", job_tag="t", notification_topic="n")
    assert detection_requested(ImageRef("images", "digits/a.png", "v1"), 12, asked) == {
        "source": "custom-labels",
        "detail-type": "Detection Requested",
        "detail": {
            "bucket": {"name": "images"},
            "object": {"key": "digits/a.png", "version-id": "v1", "size": 12},
            "request": {
                "project": "digits",
                "run": "r",
                "start-job-id": "s",
                "job-tag": "t",
                "notification-topic": "n",
            },
        },
    }


@pytest.mark.parametrize(
    "said",
    [None, [], {}, {"run": "r"}, {"project": ""}, {"project": 5}, {"project": "digits", "colour": "red"}],
)
def test_a_request_that_is_none_is_malformed(said):
    asking = event() | {"source": "custom-labels"}
    asking["detail"]["request"] = said
    with pytest.raises(MalformedEventError, match="request"):
        object_created(json.dumps(asking))
