"""The stand-in alone over HTTP, as boto3 sees it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config
from drawn_videos import video
from rekognition_bench import Bench, MemoryObjects, drawing, shapes_data

from local.rekognition.lifecycle import Durations
from local.rekognition.server import serve
from local.rekognition.service import Rekognition
from local.rekognition.video_job import VideoLimits, VideoSettings

CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-central-1"}


def client_of(port: int):
    # Retries are off: an error is to be seen as it comes.
    config = Config(retries={"total_max_attempts": 1})
    return boto3.client("rekognition", endpoint_url=f"http://127.0.0.1:{port}", config=config, **CREDENTIALS)


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def client(objects):
    quick = Durations(training=0.05, starting=0.05, stopping=0.05, deleting=0.0)
    videos = VideoSettings(VideoLimits(bytes=100_000), seconds=0.05)
    with serve(Rekognition(objects=objects, durations=quick, videos=videos)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield client_of(server.server_port)
        server.shutdown()
        thread.join()


def until(client, project: str, status: str) -> dict:
    patience = time.monotonic() + 30
    while True:
        found = client.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"][0]
        if found["Status"] == status:
            return found
        assert time.monotonic() < patience, found
        time.sleep(0.02)


def test_a_model_is_trained_started_asked_stopped_and_deleted_through_boto3(client, objects):
    bench = Bench(objects=objects)
    project = client.create_project(ProjectName="shapes")["ProjectArn"]
    assert ":eu-central-1:000000000000:" in project
    version = client.create_project_version(
        ProjectArn=project,
        VersionName="v1",
        OutputConfig={"S3Bucket": "out", "S3KeyPrefix": "results/"},
        **shapes_data(bench),
    )["ProjectVersionArn"]
    found = until(client, project, "TRAINING_COMPLETED")
    assert found["TrainingEndTimestamp"] >= found["CreationTimestamp"]  # datetimes, so the wire format is right
    assert found["EvaluationResult"]["Summary"]["S3Object"]["Name"].startswith("results/EvaluationResultSummary-")
    client.start_project_version(ProjectVersionArn=version, MinInferenceUnits=1)
    waiter = client.get_waiter("project_version_running")
    waiter.wait(ProjectArn=project, VersionNames=["v1"], WaiterConfig={"Delay": 0.05, "MaxAttempts": 100})
    labels = client.detect_custom_labels(ProjectVersionArn=version, Image={"Bytes": drawing("cross", 555)})
    assert [label["Name"] for label in labels["CustomLabels"]] == ["cross"]
    client.stop_project_version(ProjectVersionArn=version)
    until(client, project, "STOPPED")
    client.delete_project_version(ProjectVersionArn=version)
    client.delete_project(ProjectArn=project)
    assert client.describe_projects()["ProjectDescriptions"] == []


def test_a_stored_video_is_analysed_through_boto3(client, objects):
    objects.write("films", "a.mp4", video(), "video/mp4")
    stored = {"S3Object": {"Bucket": "films", "Name": "a.mp4"}}
    job = client.start_label_detection(Video=stored, JobTag="mine", ClientRequestToken="once")["JobId"]
    assert client.start_label_detection(Video=stored, JobTag="mine", ClientRequestToken="once")["JobId"] == job
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        client.start_label_detection(Video=stored, JobTag="other", ClientRequestToken="once")
    patience = time.monotonic() + 30
    while (found := client.get_label_detection(JobId=job))["JobStatus"] == "IN_PROGRESS":
        assert time.monotonic() < patience
        time.sleep(0.05)
    assert (found["JobStatus"], found["VideoMetadata"]["Codec"]) == ("SUCCEEDED", "h264")
    assert {"Red", "Blue"} <= {label["Label"]["Name"] for label in found["Labels"]}
    objects.write("films", "a.mp4", bytes(100_001), "video/mp4")
    with pytest.raises(client.exceptions.VideoTooLargeException):
        client.start_label_detection(Video=stored)


def test_a_picture_is_named_measured_and_moderated_through_boto3(client):
    image = {"Bytes": drawing("disc", 0)}
    found = client.detect_labels(Image=image, Features=["GENERAL_LABELS", "IMAGE_PROPERTIES"])
    assert found["Labels"][0]["Categories"] == [{"Name": "Colors and Visual Composition"}]
    assert 0 < found["ImageProperties"]["Quality"]["Sharpness"] < 100
    assert client.detect_moderation_labels(Image=image)["ModerationLabels"] == []


def test_refusals_are_the_client_s_typed_exceptions(client):
    project = client.create_project(ProjectName="shapes")["ProjectArn"]
    with pytest.raises(client.exceptions.ResourceInUseException):
        client.create_project(ProjectName="shapes")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_project_versions(ProjectArn=project + "0")
    with pytest.raises(client.exceptions.InvalidPaginationTokenException, match="Invalid Token"):
        client.describe_projects(NextToken="made up")
    with pytest.raises(botocore.exceptions.ClientError, match="failed to satisfy constraint") as refused:
        client.create_project(ProjectName="a b")
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert refused.value.response["ResponseMetadata"]["RequestId"]


def test_paginators_walk_all_pages(client):
    for number in range(5):
        client.create_project(ProjectName=f"p{number}")
    pages = client.get_paginator("describe_projects").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["ProjectDescriptions"]) for page in pages] == [2, 2, 1]


def test_an_image_of_12_mb_breaks_the_model_s_bound_and_not_the_connection(client):
    with pytest.raises(botocore.exceptions.ClientError, match=r"'image\.bytes'.*equal to 5242880") as refused:
        client.detect_labels(Image={"Bytes": bytes(12_000_000)})
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_request_of_70_mb_is_taken_whole_and_told_that_it_is_too_large(client):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        client.detect_labels(Image={"Bytes": bytes(52_000_000)})
    found = refused.value.response
    assert found["Error"]["Code"] == "RequestEntityTooLargeException"
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_the_module_serves_from_the_command_line():
    with subprocess.Popen(
        [sys.executable, "-m", "local.rekognition", "--s3-endpoint", "http://127.0.0.1:9"],
        stdout=subprocess.PIPE,
        text=True,
        env={"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"},
    ) as process:
        try:
            port = int(process.stdout.readline().rsplit(":", 1)[1])
            assert client_of(port).describe_projects()["ProjectDescriptions"] == []
        finally:
            process.terminate()
