"""The stand-in as boto3 uses it: botocore's own waiters and paginators, from the first project to the last delete.

The durations are the default ones. Of a waiter nothing is changed but the pause between two looks.
"""

from __future__ import annotations

import json
import threading
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from local.rekognition.lifecycle import DEFAULT_DURATIONS
from local.rekognition.server import serve
from local.rekognition.service import Rekognition
from tests.unit.rekognition.rekognition_bench import Bench, MemoryObjects, drawing, put_drawings, shapes_data

TRAINED, RUNNING = "project_version_training_completed", "project_version_running"
OUTPUT = {"S3Bucket": "out", "S3KeyPrefix": "results"}


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def client(objects):
    with serve(Rekognition(objects=objects)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield boto3.client(
            "rekognition",
            endpoint_url=f"http://127.0.0.1:{server.server_port}",
            region_name="us-east-1",
            config=Config(retries={"total_max_attempts": 1}),
        )
        server.shutdown()
        thread.join()


def wait(client, waiter, project, *versions):
    client.get_waiter(waiter).wait(ProjectArn=project, VersionNames=[*versions], WaiterConfig={"Delay": 0.2})


def until(look, seconds=30.0):
    patience = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < patience, "it did not happen"
        time.sleep(0.05)
    return found


def gone(client, call, **request):
    def refused():
        try:
            call(**request)
        except client.exceptions.ResourceNotFoundException:
            return True

    return until(refused)


def stopped(client, project):
    (found,) = client.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"]
    return found["Status"] == "STOPPED"


def use_and_delete(client, project, version):
    """Go the way of a trained version: start, detect, stop, delete it and its project."""
    name = version.split("/")[-2]
    assert client.start_project_version(ProjectVersionArn=version, MinInferenceUnits=1)["Status"] == "STARTING"
    wait(client, RUNNING, project, name)
    for label in ("disc", "cross"):
        found = client.detect_custom_labels(ProjectVersionArn=version, Image={"Bytes": drawing(label, 555)})
        assert [answer["Name"] for answer in found["CustomLabels"]] == [label]
    assert client.stop_project_version(ProjectVersionArn=version)["Status"] == "STOPPING"
    until(lambda: stopped(client, project))
    assert client.delete_project_version(ProjectVersionArn=version)["Status"] == "DELETING"
    until(lambda: not client.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"])


def test_a_model_from_manifests_lives_from_create_to_delete(client, objects):
    project = client.create_project(ProjectName="shapes")["ProjectArn"]
    data = shapes_data(Bench(objects=objects))
    version = client.create_project_version(ProjectArn=project, VersionName="v1", OutputConfig=OUTPUT, **data)
    wait(client, TRAINED, project, "v1")
    use_and_delete(client, project, version["ProjectVersionArn"])
    assert client.delete_project(ProjectArn=project)["Status"] == "DELETING"
    until(lambda: not client.describe_projects()["ProjectDescriptions"])


def test_a_model_from_data_sets_lives_from_create_to_delete(client, objects):
    project = client.create_project(ProjectName="shapes")["ProjectArn"]
    (asset,) = Bench(objects=objects).put_manifest("all.manifest", put_drawings(Bench(objects=objects), "all", 20))[
        "Assets"
    ]
    datasets = [
        client.create_dataset(ProjectArn=project, DatasetType=kind, **source)["DatasetArn"]
        for kind, source in (("TRAIN", {"DatasetSource": asset}), ("TEST", {}))
    ]

    def settled(*statuses):
        described = [client.describe_dataset(DatasetArn=arn)["DatasetDescription"]["Status"] for arn in datasets]
        return described == [*statuses]

    until(lambda: settled("CREATE_COMPLETE", "CREATE_COMPLETE"))
    client.distribute_dataset_entries(Datasets=[{"Arn": arn} for arn in datasets])
    until(lambda: settled("UPDATE_COMPLETE", "UPDATE_COMPLETE"))
    version = client.create_project_version(ProjectArn=project, VersionName="v1", OutputConfig=OUTPUT)
    wait(client, TRAINED, project, "v1")
    use_and_delete(client, project, version["ProjectVersionArn"])
    for arn in datasets:
        client.delete_dataset(DatasetArn=arn)
        gone(client, client.describe_dataset, DatasetArn=arn)
    client.delete_project(ProjectArn=project)
    until(lambda: not client.describe_projects()["ProjectDescriptions"])


@pytest.mark.parametrize(("waiter", "longest"), [(TRAINED, "training"), (RUNNING, "starting")])
def test_by_default_a_step_ends_before_a_waiters_second_look(client, waiter, longest):
    assert getattr(DEFAULT_DURATIONS, longest) < client.get_waiter(waiter).config.delay / 10


def test_a_waiter_fails_with_the_training(client, objects):
    project = client.create_project(ProjectName="shapes")["ProjectArn"]
    empty = Bench(objects=objects).put_manifest("empty.manifest", [])
    request = {"TrainingData": empty, "TestingData": {"AutoCreate": True}, "OutputConfig": OUTPUT}
    client.create_project_version(ProjectArn=project, VersionName="v1", **request)
    with pytest.raises(WaiterError, match="TRAINING_FAILED"):
        wait(client, TRAINED, project, "v1")


def test_a_waiter_for_no_version_never_succeeds(client):
    project = client.create_project(ProjectName="shapes")["ProjectArn"]
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        client.get_waiter(RUNNING).wait(
            ProjectArn=project, VersionNames=["none"], WaiterConfig={"Delay": 0.01, "MaxAttempts": 3}
        )


def pages(client, name, size=2, **request):
    paginator = client.get_paginator(name)
    return [*paginator.paginate(**request, PaginationConfig={"PageSize": size})]


def test_projects_come_in_pages(client):
    for number in range(5):
        client.create_project(ProjectName=f"p{number}")
    found = [
        [p["ProjectArn"].split("/")[1] for p in page["ProjectDescriptions"]]
        for page in pages(client, "describe_projects")
    ]
    assert found == [["p4", "p3"], ["p2", "p1"], ["p0"]]


def test_versions_come_in_pages(client, objects):
    project = client.create_project(ProjectName="shapes")["ProjectArn"]
    empty = Bench(objects=objects).put_manifest("empty.manifest", [])
    request = {"TrainingData": empty, "TestingData": {"AutoCreate": True}, "OutputConfig": OUTPUT}
    for number in range(3):
        client.create_project_version(ProjectArn=project, VersionName=f"v{number}", **request)
        with pytest.raises(WaiterError):  # one after the other: only two may train at once
            wait(client, TRAINED, project, f"v{number}")
    found = pages(client, "describe_project_versions", ProjectArn=project)
    assert [len(page["ProjectVersionDescriptions"]) for page in found] == [2, 1]


def test_entries_and_labels_of_a_data_set_come_in_pages(client, objects):
    project = client.create_project(ProjectName="shapes")["ProjectArn"]
    lines = put_drawings(Bench(objects=objects), "all", 5)
    (asset,) = Bench(objects=objects).put_manifest("all.manifest", lines)["Assets"]
    dataset = client.create_dataset(ProjectArn=project, DatasetType="TRAIN", DatasetSource=asset)["DatasetArn"]
    until(lambda: client.describe_dataset(DatasetArn=dataset)["DatasetDescription"]["Status"] == "CREATE_COMPLETE")
    entries = pages(client, "list_dataset_entries", DatasetArn=dataset)
    assert [len(page["DatasetEntries"]) for page in entries] == [2, 2, 1]
    listed = [json.loads(entry)["source-ref"] for page in entries for entry in page["DatasetEntries"]]
    assert sorted(listed) == sorted(json.loads(line)["source-ref"] for line in lines)
    labels = pages(client, "list_dataset_labels", size=1, DatasetArn=dataset)
    assert {page["DatasetLabelDescriptions"][0]["LabelName"] for page in labels} == {"disc", "cross"}


def test_policies_of_a_project_come_in_pages(client):
    project = client.create_project(ProjectName="shapes")["ProjectArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "999999999999"},
        "Action": "rekognition:CopyProjectVersion",
        "Resource": "*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for number in range(3):
        client.put_project_policy(ProjectArn=project, PolicyName=f"p{number}", PolicyDocument=document)
    found = pages(client, "list_project_policies", ProjectArn=project)
    assert [len(page["ProjectPolicies"]) for page in found] == [2, 1]


@pytest.mark.parametrize(
    ("call", "request_", "error"),
    [
        ("create_project", {"ProjectName": "x" * 256}, "ValidationException"),
        ("describe_projects", {"NextToken": "made up"}, "InvalidPaginationTokenException"),
        ("stop_project_version", {"ProjectVersionArn": "arn:aws:s3:::another/thing"}, "ValidationException"),
    ],
)
def test_a_refusal_reaches_the_sdk_by_its_name(client, call, request_, error):
    with pytest.raises(ClientError) as refused:
        getattr(client, call)(**request_)
    assert refused.value.response["Error"]["Code"] == error
