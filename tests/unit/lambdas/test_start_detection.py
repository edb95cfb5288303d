import json

import pytest
from botocore.exceptions import ClientError

from lambdas.api_errors import (
    AccessDeniedException,
    IdempotentParameterMismatchException,
    InvalidParameterException,
    InvalidS3ObjectException,
    ResourceNotFoundException,
)
from lambdas.deployment_settings import parse_deployment
from lambdas.images import ImageRef
from lambdas.jobs import JobStatus
from lambdas.listings import Listings
from lambdas.start_detection.request import read_request
from lambdas.start_detection.start import Starter
from lambdas.start_jobs import StartJobs
from lambdas.stored_images import StoredImage
from tests.unit.aws import Refusal, client_of
from tests.unit.s3 import Buckets
from tests.unit.sqs import Queues

QUEUE = "https://sqs.test/queue_images"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:told"
DAY = 86_400
SETTINGS = parse_deployment(
    "demo",
    {
        "projects": {
            "digits": {"source_buckets": ["shelf"], "notification_topics": [TOPIC], "retention_days": 30},
            "scenes": {},
        }
    },
)
IMAGE = {"Project": "digits", "Image": {"S3Object": {"Bucket": "images", "Name": "digits/a.png"}}}
PREFIX = {"Project": "digits", "Images": {"S3Prefix": {"Bucket": "images", "Prefix": "digits/"}}}


@pytest.fixture
def buckets():
    buckets = Buckets()
    buckets.add("images", "digits/a.png", "v1", 12)
    buckets.add("images", "digits/b.png", "v1", 12)
    return buckets


@pytest.fixture
def queues():
    return Queues()


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def starter(dynamodb, buckets, queues, clock):
    ids = iter(f"{number:032x}" for number in range(100))
    return Starter(
        s3=client_of("s3", buckets),
        sqs=client_of("sqs", queues),
        settings=SETTINGS,
        images_bucket="images",
        queue_url=QUEUE,
        starts=StartJobs(dynamodb, "results"),
        listings=Listings(dynamodb, "results"),
        clock=lambda: clock[0],
        new_id=lambda: next(ids),
    )


def test_one_image_is_a_start_job_of_one_whose_version_is_the_current_one(starter, queues):
    start_id = starter.start(IMAGE)
    assert queues.bodies(QUEUE) == [json.dumps({"JobId": start_id})]
    listing = starter.listings.get(start_id)
    assert listing.page == (StoredImage(ImageRef("images", "digits/a.png", "v1"), 12),)
    assert (listing.total, listing.ended) == (1, True)


def test_a_version_that_is_named_is_the_one_that_is_looked_at(starter, buckets):
    buckets.add("images", "digits/a.png", "v2", 99)
    said = {"Project": "digits", "Image": {"S3Object": {"Bucket": "images", "Name": "digits/a.png", "Version": "v1"}}}
    (stored,) = starter.listings.get(starter.start(said)).page
    assert stored == StoredImage(ImageRef("images", "digits/a.png", "v1"), 12)


def test_a_prefix_is_not_listed_yet_when_the_job_is_answered(starter, queues):
    start_id = starter.start(PREFIX)
    listing = starter.listings.get(start_id)
    assert (listing.bucket, listing.prefix) == ("images", "digits/")
    assert (listing.page, listing.total, listing.ended) == ((), 0, False)
    assert queues.bodies(QUEUE) == [json.dumps({"JobId": start_id})]


def test_the_start_job_holds_what_was_asked(starter):
    said = PREFIX | {"JobTag": "line-7", "NotificationChannel": {"SNSTopicArn": TOPIC}, "ClientRequestToken": "t"}
    start = starter.starts.get(starter.start(said))
    assert start.status is JobStatus.IN_PROGRESS
    assert (start.project, start.job_tag, start.notification_topic) == ("digits", "line-7", TOPIC)
    assert start.request == {name: value for name, value in said.items() if name != "ClientRequestToken"}
    assert (start.created_at, start.total) == (1_000_000, None)
    # Until it ends, its images may wait: in the queue, as dead letters, and in the queue again.
    assert (start.expires_at, start.retention_days) == (1000 + (30 + 10 + 14 + 10) * DAY, 30)


def test_each_start_without_a_token_is_a_job_of_its_own(starter):
    assert starter.start(IMAGE) != starter.start(IMAGE)


def test_the_same_request_with_the_same_token_is_the_same_job(starter, clock):
    said = IMAGE | {"ClientRequestToken": "t"}
    first = starter.start(said)
    clock[0] += 7 * DAY - 1
    assert starter.start(dict(reversed(said.items()))) == first


def test_another_request_with_the_same_token_is_a_mismatch(starter, queues):
    starter.start(IMAGE | {"ClientRequestToken": "t"})
    with pytest.raises(IdempotentParameterMismatchException, match="ClientRequestToken"):
        starter.start(IMAGE | {"ClientRequestToken": "t", "JobTag": "other"})
    assert len(queues.bodies(QUEUE)) == 1


def test_a_token_is_forgotten_after_seven_days(starter, clock):
    first = starter.start(IMAGE | {"ClientRequestToken": "t"})
    clock[0] += 7 * DAY + 1
    assert starter.start(IMAGE | {"ClientRequestToken": "t", "JobTag": "other"}) != first


def test_a_start_that_died_before_it_sent_its_message_is_mended_by_the_same_token(starter, queues):
    said = IMAGE | {"ClientRequestToken": "t"}
    queues.refusals["send_message"] = [Refusal("ServiceUnavailable", 400)]
    with pytest.raises(ClientError):
        starter.start(said)
    assert queues.bodies(QUEUE) == []
    start_id = starter.start(said)
    assert queues.bodies(QUEUE) == [json.dumps({"JobId": start_id})]
    assert starter.listings.get(start_id).total == 1


def test_a_job_that_is_listed_to_its_end_is_not_listed_again(starter, queues):
    said = IMAGE | {"ClientRequestToken": "t"}
    start_id = starter.start(said)
    starter.starts.set_total(start_id, 1, now=1)
    assert starter.start(said) == start_id
    assert len(queues.bodies(QUEUE)) == 1


def test_an_unknown_project_is_told_with_those_that_are_known(starter):
    with pytest.raises(ResourceNotFoundException, match="known are digits, scenes"):
        starter.start(IMAGE | {"Project": "cats"})


def test_a_topic_that_is_not_on_the_list_is_denied_and_the_setting_named(starter, queues):
    with pytest.raises(AccessDeniedException, match="notification_topics of project digits"):
        starter.start(IMAGE | {"NotificationChannel": {"SNSTopicArn": TOPIC + "x"}})
    assert queues.bodies(QUEUE) == []


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"Image": {"S3Object": {"Bucket": "other", "Name": "a.png"}}}, "source_buckets of project digits"),
        ({"Images": {"S3Prefix": {"Bucket": "other", "Prefix": "a"}}}, "source_buckets of project digits"),
        ({"Image": {"S3Object": {"Bucket": "images", "Name": "scenes/a.png"}}}, "under digits/"),
        ({"Images": {"S3Prefix": {"Bucket": "images", "Prefix": "digit"}}}, "under digits/"),
    ],
)
def test_what_the_project_may_not_look_at_is_denied(starter, place, said):
    with pytest.raises(AccessDeniedException, match=said):
        starter.start({"Project": "digits"} | place)


def test_a_source_bucket_is_looked_at_whatever_the_key(starter, buckets):
    buckets.add("shelf", "2026/a.png", "null", 5)
    said = {"Project": "digits", "Image": {"S3Object": {"Bucket": "shelf", "Name": "2026/a.png"}}}
    (stored,) = starter.listings.get(starter.start(said)).page
    assert stored == StoredImage(ImageRef("shelf", "2026/a.png", "null"), 5)


@pytest.mark.parametrize(
    "place",
    [
        {"Image": {"S3Object": {"Bucket": "images", "Name": "digits/missing.png"}}},
        {"Image": {"S3Object": {"Bucket": "images", "Name": "digits/a.png", "Version": "v9"}}},
        {"Images": {"S3Prefix": {"Bucket": "shelf", "Prefix": "a"}}},
    ],
)
def test_what_is_not_there_is_an_invalid_object(starter, place, queues):
    with pytest.raises(InvalidS3ObjectException, match="does not exist or must not be read"):
        starter.start({"Project": "digits"} | place)
    assert queues.bodies(QUEUE) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Project": None}, "Project must be a text"),
        ({"Project": ""}, "Project must be a text"),
        ({"Images": PREFIX["Images"]}, "either Image or Images"),
        ({"Image": None}, "Image must be an object of S3Object"),
        ({"Image": {}}, "Image.S3Object must be an object"),
        ({"Image": {"Bytes": "..."}}, "Image has no member 'Bytes'"),
        ({"Image": {"S3Object": {"Bucket": "images"}}}, "Image.S3Object.Name must be a text"),
        ({"Image": {"S3Object": {"Bucket": "images", "Name": "x" * 1025}}}, "1 to 1024 bytes"),
        ({"Image": {"S3Object": {"Bucket": "images", "Name": "a", "Version": 5}}}, "Image.S3Object.Version"),
        ({"ClientRequestToken": "a b"}, "ClientRequestToken must match"),
        ({"ClientRequestToken": "x" * 65}, "ClientRequestToken must match"),
        ({"JobTag": "é"}, "JobTag must match"),
        ({"JobTag": ""}, "JobTag must match"),
        ({"NotificationChannel": TOPIC}, "NotificationChannel must be an object"),
        ({"NotificationChannel": {"SNSTopicArn": TOPIC, "RoleArn": "r"}}, "no member 'RoleArn'"),
        ({"MinConfidence": 5}, "no member 'MinConfidence'"),
    ],
)
def test_a_request_that_is_wrong_is_told_by_its_member(change, said):
    with pytest.raises(InvalidParameterException, match=said):
        read_request(IMAGE | change)


@pytest.mark.parametrize("said", [None, [], "text", {}, {"Project": "digits"}])
def test_what_is_no_request_is_an_invalid_parameter(said):
    with pytest.raises(InvalidParameterException):
        read_request(said)
