"""train_model and run_model, on the local cloud with the real functions, tables and topics."""

import json
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cli.models import Model, list_models, stop_model
from cli.starting import start_run
from demo.pictures import PictureSet, digits
from demo.upload import upload_dataset
from lambdas.images import ImageRef
from lambdas.model_versions import VersionStatus
from lambdas.registry import Wanted
from tests.harness import Cloud, uploaded
from tests.workflows.reports import page_of
from tests.workflows.rollouts import await_state, start


@pytest.fixture(scope="module")
def two_labels() -> PictureSet:
    return digits(train=24, test=12, unseen=0, labels=("zero", "one"), seed=3)


def _upload(cloud: Cloud, project: str, dataset: str, pictures: PictureSet) -> str:
    return upload_dataset(
        cloud.clients("s3"), cloud.deployment.datasets_bucket, project, dataset, pictures, lambda _: None
    )


def _manifest(cloud: Cloud, key: str) -> ImageRef:
    head = cloud.clients("s3").head_object(Bucket=cloud.deployment.datasets_bucket, Key=key)
    return ImageRef(cloud.deployment.datasets_bucket, key, head["VersionId"])


def _versions(cloud: Cloud, project: str) -> dict[str, VersionStatus]:
    return {model.version: model.status for model in list_models(cloud.clients, cloud.deployment, project)}


def _put_manifest(cloud: Cloud, key: str, lines: list[str]) -> None:
    cloud.clients("s3").put_object(Bucket=cloud.deployment.datasets_bucket, Key=key, Body="\n".join(lines).encode())


def _put_no_images(cloud: Cloud, keys: list[str]) -> None:
    """Put what is there and is no image: only opening it tells, which the check before a training does not."""
    for key in keys:
        cloud.clients("s3").put_object(Bucket=cloud.deployment.datasets_bucket, Key=key, Body=b"no image")


def _classified(bucket: str, key: str, label: str) -> str:
    metadata = {
        "class-name": label,
        "confidence": 1,
        "type": "groundtruth/image-classification",
        "human-annotated": "yes",
        "creation-date": "2026-01-01T00:00:00",
    }
    return json.dumps({"source-ref": f"s3://{bucket}/{key}", "label": 1, "label-metadata": metadata})


def test_the_same_upload_is_trained_once(trained: Cloud) -> None:
    before = _versions(trained, "digits")
    event = uploaded(_manifest(trained, "digits/first/train.manifest"))
    ended, states = trained.execute(trained.deployment.train_model_arn, event)
    assert ended.status == "SUCCEEDED"
    assert ended.output["Outcome"] == "ALREADY_CLAIMED"
    assert "Train the version" not in states
    assert _versions(trained, "digits") == before


def test_a_run_name_trains_again_and_the_new_version_takes_over(trained: Cloud) -> None:
    former = next(model for model in list_models(trained.clients, trained.deployment, "digits") if model.active)
    event = uploaded(_manifest(trained, "digits/first/train.manifest"))
    event["detail"]["run"] = "again"
    with trained.subscriber(trained.deployment.training_topic_arn, Project=["digits"]) as subscriber:
        ended, states = trained.execute(trained.deployment.train_model_arn, event)
        assert ended.status == "SUCCEEDED", ended
        told = subscriber.receive(30, lambda received: len(received) >= 2)
    versions = {model.version: model for model in list_models(trained.clients, trained.deployment, "digits")}
    new = versions[ended.output["VersionName"]]
    assert new.active
    assert new.status is VersionStatus.RUNNING
    assert versions[former.version].status is VersionStatus.STOPPED
    assert states[-1] == "Trained and running"
    (message,) = [said for said in told if said["API"] == "CreateProjectVersion"]
    page = page_of(trained, message)
    assert new.version in page
    assert f">{new.f1:.3f}<" in page
    assert f"{former.version}: F1" in page
    assert "Accepted" in page
    assert ended.output["Report"] == message["Report"]["Link"]
    assert _attempt(trained, "digits", new.version)["Report"]["M"]["Link"] == {"S": message["Report"]["Link"]}


def test_a_model_under_the_minimum_f1_is_rejected_and_never_runs(cloud: Cloud, two_labels: PictureSet) -> None:
    chance = random.Random(1)
    noise = PictureSet(
        *(
            tuple(replace(picture, labels=(chance.choice(["heads", "tails"]),)) for picture in split)
            for split in (two_labels.train, two_labels.test, two_labels.unseen)
        )
    )
    with cloud.subscriber(cloud.deployment.training_topic_arn, Project=["strict"]) as subscriber:
        ended, _ = cloud.end_of(cloud.training_of(_upload(cloud, "strict", "noise", noise)))
        told = subscriber.receive(30, lambda received: bool(received))
    assert ended.status == "FAILED"
    assert ended.error == "ModelRejected"
    assert told[0]["Status"] == "REJECTED"
    assert "min_f1" in told[0]["StatusMessage"]
    page = page_of(cloud, told[0])
    assert told[0]["VersionName"] in page
    assert "heads" in page
    assert "min_f1, which is 1" in page
    assert set(_versions(cloud, "strict").values()) == {VersionStatus.TRAINING_COMPLETED}
    assert cloud.deployment.registry(cloud.clients).registration("strict").active_version_arn is None


def test_a_training_that_the_service_fails_is_told_with_its_reason(cloud: Cloud) -> None:
    bucket = cloud.deployment.datasets_bucket
    keys = [f"strict/broken/{i}.png" for i in range(10)]
    lines = [_classified(bucket, key, "ab"[i % 2]) for i, key in enumerate(keys)]
    _put_no_images(cloud, keys)
    with cloud.subscriber(cloud.deployment.training_topic_arn, Project=["strict"]) as subscriber:
        _put_manifest(cloud, "strict/broken/train.manifest", lines)
        ended, _ = cloud.end_of(cloud.training_of("strict/broken/train.manifest"))
        told = subscriber.receive(30, lambda received: bool(received))
    assert ended.status == "FAILED"
    assert ended.error == "TrainingFailed"
    assert told[0]["ErrorCode"] == "TrainingFailed"
    assert "TRAINING_FAILED" in told[0]["StatusMessage"]
    assert _attempt(cloud, "strict", told[0]["VersionName"])["Status"] == {"S": "FAILED"}
    assert "ERROR_" in page_of(cloud, told[0])


def _attempt(cloud: Cloud, project: str, version_name: str) -> dict[str, Any]:
    answer = cloud.clients("dynamodb").query(
        TableName=cloud.deployment.registry_table,
        KeyConditionExpression="PK = :project AND begins_with(SK, :attempt)",
        ExpressionAttributeValues={":project": {"S": f"PROJECT#{project}"}, ":attempt": {"S": "ATTEMPT#"}},
    )
    return next(item for item in answer["Items"] if item["VersionName"]["S"] == version_name)


def test_images_that_are_not_there_are_found_before_the_training_costs_anything(cloud: Cloud) -> None:
    bucket = cloud.deployment.datasets_bucket
    lines = [_classified(bucket, f"strict/missing/{i}.png", "ab"[i % 2]) for i in range(10)]
    _put_manifest(cloud, "strict/missing/train.manifest", lines)
    ended, states = cloud.end_of(cloud.training_of("strict/missing/train.manifest"))
    assert ended.error == "DatasetError"
    assert "there is no such object" in str(ended.cause)
    assert "Train the version" not in states


def test_a_data_set_with_one_label_is_refused_before_it_costs_anything(cloud: Cloud) -> None:
    bucket = cloud.deployment.datasets_bucket
    keys = [f"strict/single/{i}.png" for i in range(10)]
    lines = [_classified(bucket, key, "only") for key in keys]
    _put_no_images(cloud, keys)
    with cloud.subscriber(cloud.deployment.training_topic_arn, Project=["strict"]) as subscriber:
        _put_manifest(cloud, "strict/single/train.manifest", lines)
        ended, states = cloud.end_of(cloud.training_of("strict/single/train.manifest"))
        told = subscriber.receive(30, lambda received: bool(received))
    assert ended.error == "DatasetError"
    assert "1 labels" in told[0]["StatusMessage"]
    assert "Train the version" not in states


def test_a_manifest_of_no_project_fails_and_is_told(cloud: Cloud) -> None:
    with cloud.subscriber(cloud.deployment.training_topic_arn, Project=["nowhere"]) as subscriber:
        _put_manifest(cloud, "nowhere/first/train.manifest", ["{}"])
        ended, _ = cloud.end_of(cloud.training_of("nowhere/first/train.manifest"))
        told = subscriber.receive(30, lambda received: bool(received))
    assert ended.error == "UploadError"
    assert told[0]["Project"] == "nowhere"
    assert "'nowhere' is no project" in told[0]["StatusMessage"]


def test_a_run_under_anothers_lease_fails_and_leaves_the_model_alone(trained: Cloud) -> None:
    active = next(model for model in list_models(trained.clients, trained.deployment, "scenes") if model.active)
    _lease_to_another(trained, active)
    try:
        ended, states = trained.end_of(start_run(trained.clients, trained.deployment, active))
    finally:
        _delete_lease(trained, active)
    assert ended.status == "FAILED"
    assert "Start the model" not in states
    assert _versions(trained, "scenes")[active.version] is VersionStatus.RUNNING


@pytest.fixture
def stopped(trained: Cloud) -> Iterator[Model]:
    """The active version of `scenes`, stopped as a person stops it; started again afterwards."""
    stop_model(trained.clients, trained.deployment, "scenes", lambda _: None, trained.look_seconds)
    yield next(model for model in list_models(trained.clients, trained.deployment, "scenes") if model.active)
    if VersionStatus.RUNNING not in _versions(trained, "scenes").values():
        start(trained, "scenes")


def test_a_model_that_a_person_stops_while_it_starts_is_not_promoted_and_does_not_run_on(
    trained: Cloud, stopped: Model
) -> None:
    run = start_run(trained.clients, trained.deployment, stopped)
    await_state(trained, run, "Start the model")  # the plan is made; the start takes a second, on AWS minutes
    trained.deployment.registry(trained.clients).want("scenes", Wanted.STOPPED, time.time())
    ended, states = trained.end_of(run)
    assert (ended.status, ended.error) == ("FAILED", "NotPromoted")
    assert "a person asked" in str(ended.cause)
    assert "Stop the candidate" in states
    assert "Open the event source" not in states
    trained.eventually(lambda: _versions(trained, "scenes")[stopped.version] is VersionStatus.STOPPED, 60)
    assert _event_source_state(trained, "scenes").startswith("Disabl")
    assert trained.deployment.registry(trained.clients).registration("scenes").wanted is Wanted.STOPPED
    assert _lease_holder(trained, stopped) is None


def test_a_run_whose_lease_another_has_taken_over_does_not_give_it_back(trained: Cloud, stopped: Model) -> None:
    run = start_run(trained.clients, trained.deployment, stopped)
    await_state(trained, run, "Start the model")
    assert _lease_holder(trained, stopped) == run
    _lease_to_another(trained, stopped)
    try:
        ended, states = trained.end_of(run)
        assert _lease_holder(trained, stopped) == "another"
    finally:
        _delete_lease(trained, stopped)
    assert ended.status == "SUCCEEDED"
    assert "Release the lease" in states
    assert _versions(trained, "scenes")[stopped.version] is VersionStatus.RUNNING


def test_a_run_gives_its_own_lease_back(trained: Cloud, stopped: Model) -> None:
    run = start_run(trained.clients, trained.deployment, stopped)
    await_state(trained, run, "Start the model")
    assert _lease_holder(trained, stopped) == run
    ended, _ = trained.end_of(run)
    assert ended.status == "SUCCEEDED"
    assert _lease_holder(trained, stopped) is None


def _event_source_state(cloud: Cloud, project: str) -> str:
    source = cloud.deployment.project(project).event_source_id
    return str(cloud.clients("lambda").get_event_source_mapping(UUID=source)["State"])


def _lease_key(model: Model) -> dict[str, Any]:
    return {"PK": {"S": f"PROJECT#{model.project}"}, "SK": {"S": f"LEASE#{model.version}"}}


def _lease_to_another(cloud: Cloud, model: Model) -> None:
    """Give the lease on a version to an execution that does not exist, until the year 2100."""
    lease = {"Execution": {"S": "another"}, "ExpiresAt": {"N": "4102444800"}, "VersionName": {"S": model.version}}
    cloud.clients("dynamodb").put_item(
        TableName=cloud.deployment.registry_table,
        Item=_lease_key(model) | lease,
    )


def _lease_holder(cloud: Cloud, model: Model) -> str | None:
    answer = cloud.clients("dynamodb").get_item(
        TableName=cloud.deployment.registry_table, Key=_lease_key(model), ConsistentRead=True
    )
    return str(answer["Item"]["Execution"]["S"]) if "Item" in answer else None


def _delete_lease(cloud: Cloud, model: Model) -> None:
    cloud.clients("dynamodb").delete_item(TableName=cloud.deployment.registry_table, Key=_lease_key(model))


def test_a_workflow_without_its_permission_fails_with_access_denied(trained: Cloud) -> None:
    if not trained.local:
        pytest.skip("on AWS, IAM takes minutes to change its mind")
    active = next(model for model in list_models(trained.clients, trained.deployment, "scenes") if model.active)
    iam = trained.clients("iam")
    machine = trained.clients("stepfunctions").describe_state_machine(stateMachineArn=trained.deployment.run_model_arn)
    role = machine["roleArn"].rpartition("/")[2]
    denied = {"Effect": "Deny", "Action": "rekognition:StartProjectVersion", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    iam.put_role_policy(RoleName=role, PolicyName="denied-by-test", PolicyDocument=policy)
    try:
        ended, _ = trained.end_of(start_run(trained.clients, trained.deployment, active))
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="denied-by-test")
    assert ended.error == "Rekognition.AccessDeniedException"
    assert _versions(trained, "scenes")[active.version] is VersionStatus.RUNNING
