"""What the local cloud passes on to its Rekognition: quotas, and the control path."""

import io
import json
import urllib.request
from collections.abc import Iterator

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config
from PIL import Image

from local.cloud import Profile, Running, local_cloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with local_cloud(Profile.PLAIN, tmp_path_factory.mktemp("cloud"), quotas="projects=1") as running:
        yield running


@pytest.fixture
def rekognition(cloud):
    """A client that shows each error as it comes, of a service with nothing in it."""
    ask(cloud, "reset", {})
    return boto3.client("rekognition", endpoint_url=cloud.endpoint, config=Config(retries={"total_max_attempts": 1}))


def ask(cloud: Running, what: str, body: object = None) -> object:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{cloud.endpoint}/_local/{what}", data)) as answer:
        return json.load(answer)


def test_the_cloud_s_quotas_are_the_given_ones(rekognition):
    rekognition.create_project(ProjectName="a")
    with pytest.raises(rekognition.exceptions.LimitExceededException):
        rekognition.create_project(ProjectName="b")


def test_the_control_path_is_served_beside_the_emulator(cloud, rekognition):
    rekognition.create_project(ProjectName="a")
    assert ask(cloud, "meter") == {"usage": {}}
    ask(cloud, "faults", {"rules": [{"fault": "throttling"}]})
    with pytest.raises(rekognition.exceptions.ThrottlingException):
        rekognition.describe_projects()
    ask(cloud, "reset", {})
    assert rekognition.describe_projects()["ProjectDescriptions"] == []


def test_a_connection_is_cut_in_the_cloud_too(cloud, rekognition):
    ask(cloud, "faults", {"rules": [{"fault": "connection_cut", "on": [1]}]})
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        rekognition.describe_projects()
    rekognition.describe_projects()


def test_an_image_in_another_region_is_out_of_reach(cloud):
    images = {}
    for region in ("eu-west-1", "us-west-2"):
        s3 = boto3.client("s3", endpoint_url=cloud.endpoint, region_name=region)
        s3.create_bucket(Bucket=region, CreateBucketConfiguration={"LocationConstraint": region})
        s3.put_object(Bucket=region, Key="grey.png", Body=png())
        images[region] = {"S3Object": {"Bucket": region, "Name": "grey.png"}}
    for region, far in (("eu-west-1", "us-west-2"), ("us-west-2", "eu-west-1")):
        client = boto3.client("rekognition", endpoint_url=cloud.endpoint, region_name=region)
        assert client.detect_labels(Image=images[region])["Labels"]
        with pytest.raises(client.exceptions.InvalidS3ObjectException):
            client.detect_labels(Image=images[far])


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (80, 80), "grey").save(stream, "PNG")
    return stream.getvalue()
