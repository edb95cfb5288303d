"""Trainings from a project's data sets: opening a project in the console makes them, and so does a setting."""

import json
from typing import Any

import pytest

from demo.pictures import PictureSet
from lambdas.model_versions import VersionStatus
from tests.harness import Cloud
from tests.workflows.conftest import Faults
from tests.workflows.rollouts import event_of, models, noise, upload


def _datasets(cloud: Cloud, project: str) -> dict[str, dict[str, Any]]:
    """Return the project's data sets by type."""
    name = f"{cloud.deployment.rekognition_prefix}{project}"
    answer = cloud.clients("rekognition").describe_projects(ProjectNames=[name])
    return {dataset["DatasetType"]: dataset for dataset in answer["ProjectDescriptions"][0]["Datasets"]}


def _entries(cloud: Cloud, dataset: dict[str, Any]) -> dict[str, Any]:
    pages = (
        cloud.clients("rekognition").get_paginator("list_dataset_entries").paginate(DatasetArn=dataset["DatasetArn"])
    )
    entries = (json.loads(entry) for page in pages for entry in page["DatasetEntries"])
    return {entry["source-ref"].rpartition("/")[2]: entry for entry in entries}


def _await_settled(cloud: Cloud, project: str) -> None:
    cloud.eventually(
        lambda: all(each["Status"].endswith("COMPLETE") for each in _datasets(cloud, project).values()), 30
    )


@pytest.fixture(scope="module")
def guesses(two_labels: PictureSet) -> PictureSet:
    """Pictures whose training is rejected, so that no model has to be run for a test."""
    return noise(two_labels)


@pytest.fixture(scope="module")
def by_setting(rollout: Cloud, guesses: PictureSet) -> list[str]:
    """The states of the first training of `sets`, whose settings choose data sets."""
    ended, states = rollout.end_of(rollout.training_of(upload(rollout, "sets", "first", guesses)))
    assert ended.error == "ModelRejected", ended
    return states


def test_a_project_that_is_set_to_data_sets_gets_them_and_trains_from_them(
    rollout: Cloud, by_setting: list[str], guesses: PictureSet
) -> None:
    assert "Fill the data sets" in by_setting
    datasets = _datasets(rollout, "sets")
    assert len(_entries(rollout, datasets["TRAIN"])) == len(guesses.train)
    assert len(_entries(rollout, datasets["TEST"])) == len(guesses.test)
    described = rollout.clients("rekognition").describe_project_versions(
        ProjectArn=next(iter(models(rollout, "sets").values())).project_arn
    )["ProjectVersionDescriptions"]
    assert [version["Status"] for version in described] == [VersionStatus.TRAINING_COMPLETED]
    assert described[0]["TrainingDataResult"]["Input"] == {}


def test_an_upload_adds_new_images_and_keeps_the_labels_that_are_there(
    rollout: Cloud, by_setting: list[str], guesses: PictureSet
) -> None:
    before = _entries(rollout, _datasets(rollout, "sets")["TRAIN"])
    name, entry = next(iter(before.items()))
    relabelled = _relabelled(entry, "by hand")
    _update(rollout, _datasets(rollout, "sets")["TRAIN"], [relabelled])
    key = "sets/first/train.manifest"
    bucket = rollout.deployment.datasets_bucket
    lines = rollout.clients("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode().splitlines()
    new = json.loads(lines[0]) | {"source-ref": f"s3://{bucket}/sets/first/images/{guesses.unseen[0].name}"}
    rollout.clients("s3").put_object(
        Bucket=bucket, Key=f"sets/first/images/{guesses.unseen[0].name}", Body=guesses.unseen[0].body
    )
    rollout.clients("s3").put_object(
        Bucket=bucket, Key="sets/more/train.manifest", Body="\n".join([*lines, json.dumps(new)]).encode()
    )
    ended, _ = rollout.end_of(rollout.training_of("sets/more/train.manifest"))
    assert ended.error == "ModelRejected", ended
    after = _entries(rollout, _datasets(rollout, "sets")["TRAIN"])
    assert set(after) == {*before, guesses.unseen[0].name}
    assert _label(after[name]) == "by hand"


def test_a_run_that_is_asked_to_replace_takes_the_uploads_labels(rollout: Cloud, by_setting: list[str]) -> None:
    before = _entries(rollout, _datasets(rollout, "sets")["TRAIN"])
    _update(rollout, _datasets(rollout, "sets")["TRAIN"], [_relabelled(next(iter(before.values())), "by hand")])
    event = event_of(rollout, "sets/first/train.manifest", run="anew", replace=True)
    ended, _ = rollout.execute(rollout.deployment.train_model_arn, event)
    assert ended.error == "ModelRejected", ended
    after = _entries(rollout, _datasets(rollout, "sets")["TRAIN"])
    assert len(after) == 24
    assert {_label(entry) for entry in after.values()} == {"heads", "tails"}


def _update(cloud: Cloud, dataset: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    body = "\n".join(json.dumps(entry) for entry in entries).encode()
    cloud.clients("rekognition").update_dataset_entries(DatasetArn=dataset["DatasetArn"], Changes={"GroundTruth": body})
    _await_settled(cloud, "sets")


def _relabelled(entry: dict[str, Any], label: str) -> dict[str, Any]:
    changed = {name: value for name, value in entry.items() if name != "cl-metadata"}
    (metadata,) = [name for name in changed if name.endswith("-metadata")]
    return changed | {metadata: changed[metadata] | {"class-name": label}}


def _label(entry: dict[str, Any]) -> str:
    (metadata,) = [value for name, value in entry.items() if name.endswith("-metadata") and name != "cl-metadata"]
    return str(metadata["class-name"])


def test_a_project_that_was_opened_in_the_console_is_trained_from_the_data_sets_that_this_made(
    rollout: Cloud, guesses: PictureSet, faults: Faults
) -> None:
    """Throttled and failing calls on the way are made again."""
    key = upload(rollout, "console", "first", guesses)
    rollout.end_of(rollout.training_of(key))
    project_arn = next(iter(models(rollout, "console").values())).project_arn
    manifest = {"Bucket": rollout.deployment.datasets_bucket, "Name": key}
    rekognition = rollout.clients("rekognition")
    rekognition.create_dataset(
        ProjectArn=project_arn,
        DatasetType="TRAIN",
        DatasetSource={"GroundTruthManifest": {"S3Object": manifest}},
    )
    _await_settled(rollout, "console")
    event = event_of(rollout, key, run="from-data-sets")
    (test_key,) = [key.replace("train.manifest", "test.manifest")]
    rollout.clients("s3").delete_object(Bucket=rollout.deployment.datasets_bucket, Key=test_key)
    operations = ["CreateDataset", "ListDatasetEntries", "DistributeDatasetEntries"]
    faults(
        *({"fault": "throttling", "operations": [operation], "on": [1]} for operation in operations),
        {"fault": "internal_error", "operations": operations, "on": [2]},
    )
    ended, states = rollout.execute(rollout.deployment.train_model_arn, event)
    assert ended.error == "ModelRejected", ended
    assert "Fill the data sets" in states
    sizes = {kind: len(_entries(rollout, dataset)) for kind, dataset in _datasets(rollout, "console").items()}
    assert sum(sizes.values()) == len(guesses.train)
    assert 0 < sizes["TEST"] < sizes["TRAIN"]


def test_a_data_set_that_fails_is_told_in_the_services_words(rollout: Cloud, by_setting: list[str]) -> None:
    bucket, s3 = rollout.deployment.datasets_bucket, rollout.clients("s3")
    lines = s3.get_object(Bucket=bucket, Key="sets/first/train.manifest")["Body"].read().decode().splitlines()
    one_of_each = {_label(json.loads(line)): line for line in lines}  # too few to be distributed
    # Where a project has data sets, the check before cannot know what the new images come to.
    rekognition = rollout.clients("rekognition")
    made = rekognition.create_project(ProjectName=f"{rollout.deployment.rekognition_prefix}few")
    rekognition.create_dataset(ProjectArn=made["ProjectArn"], DatasetType="TRAIN")
    _await_settled(rollout, "few")
    with rollout.subscriber(rollout.deployment.training_topic_arn, Project=["few"]) as subscriber:
        s3.put_object(Bucket=bucket, Key="few/first/train.manifest", Body="\n".join(one_of_each.values()).encode())
        ended, _ = rollout.end_of(rollout.training_of("few/first/train.manifest"))
        told = subscriber.receive(30, lambda received: bool(received))
    assert ended.error == told[0]["ErrorCode"] == "DatasetFailed"
    assert "UPDATE_FAILED" in told[0]["StatusMessage"]
    assert "dataset train" not in told[0]["StatusMessage"]
    assert models(rollout, "few") == {}  # nothing was paid for
