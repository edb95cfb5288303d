"""Objects as an S3 client sees them."""

from __future__ import annotations

import io

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from urllib3.exceptions import ProtocolError

from local.rekognition.objects import ObjectUnavailableError, Reason, S3Objects


@pytest.fixture
def s3():
    client = boto3.client("s3", aws_access_key_id="t", aws_secret_access_key="t", region_name="us-east-1")
    with Stubber(client) as stubber:
        stubber.client = client
        yield stubber
        stubber.assert_no_pending_responses()


def test_an_object_is_read_in_the_version_asked_for(s3):
    named = {"Bucket": "bucket", "Key": "key", "VersionId": "v7"}
    s3.add_response("head_object", {"ContentLength": 3}, named)
    s3.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"abc"), 3)}, named)
    objects = S3Objects(s3.client)
    assert (objects.size("bucket", "key", "v7"), objects.read("bucket", "key", "v7")) == (3, b"abc")


def test_an_object_is_saved_into_a_file_in_the_version_asked_for(s3):
    body = StreamingBody(io.BytesIO(b"abc"), 3)
    s3.add_response("get_object", {"Body": body}, {"Bucket": "bucket", "Key": "key", "VersionId": "v7"})
    file = io.BytesIO()
    S3Objects(s3.client).save("bucket", "key", "v7", file)
    assert file.getvalue() == b"abc"


def test_an_object_that_breaks_off_cannot_be_had(s3):
    class Broken(io.BytesIO):
        def read(self, *_):
            raise ProtocolError("the connection broke")

    s3.add_response("get_object", {"Body": StreamingBody(Broken(), 3)}, {"Bucket": "bucket", "Key": "key"})
    with pytest.raises(ObjectUnavailableError):
        S3Objects(s3.client).save("bucket", "key", None, io.BytesIO())


def test_an_object_is_written_with_its_content_type(s3):
    s3.add_response(
        "put_object", {}, {"Bucket": "bucket", "Key": "key", "Body": b"{}", "ContentType": "application/json"}
    )
    S3Objects(s3.client).write("bucket", "key", b"{}", "application/json")


@pytest.mark.parametrize(
    ("status", "reason"), [(404, Reason.MISSING), (403, Reason.FORBIDDEN), (401, Reason.FORBIDDEN)]
)
def test_an_object_that_cannot_be_had_says_why(s3, status, reason):
    s3.add_client_error("head_object", str(status), http_status_code=status)
    with pytest.raises(ObjectUnavailableError, match="s3://bucket/key is") as unavailable:
        S3Objects(s3.client).size("bucket", "key")
    assert unavailable.value.reason is reason


def test_the_owner_of_a_bucket_is_the_one_of_its_access_list(s3):
    s3.add_response("get_bucket_acl", {"Owner": {"ID": "abc"}}, {"Bucket": "bucket"})
    assert S3Objects(s3.client).owner("bucket") == "abc"


def test_the_region_of_a_bucket_is_asked_for_once(s3):
    told = {"ResponseMetadata": {"HTTPHeaders": {"x-amz-bucket-region": "eu-west-1"}}}
    s3.add_response("head_bucket", told, {"Bucket": "bucket"})
    objects = S3Objects(s3.client)
    assert [objects.region("bucket") for _ in range(2)] == ["eu-west-1"] * 2


def test_a_bucket_that_may_not_be_seen_tells_its_region_too(s3):
    told = {"HTTPHeaders": {"x-amz-bucket-region": "eu-west-1"}}
    s3.add_client_error("head_bucket", "403", http_status_code=403, response_meta=told)
    assert S3Objects(s3.client).region("bucket") == "eu-west-1"


def test_the_region_of_a_bucket_that_is_missing_is_none_and_asked_for_again(s3):
    for _ in range(2):
        s3.add_client_error("head_bucket", "404", http_status_code=404)
    objects = S3Objects(s3.client)
    assert [objects.region("bucket") for _ in range(2)] == [None] * 2


def test_an_owner_that_may_not_be_known_is_none(s3):
    s3.add_client_error("get_bucket_acl", "AccessDenied", http_status_code=403)
    assert S3Objects(s3.client).owner("bucket") is None
