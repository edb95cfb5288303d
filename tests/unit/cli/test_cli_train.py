"""`customlabels train`: which data set, and whose workflow it shows."""

import json

import pytest

from cli.deployment import Deployment


@pytest.fixture
def upload(objects, deployment: Deployment):
    def put(project: str, *names: str) -> None:
        for name in names:
            key = f"{project}/{name}/train.manifest"
            objects.put_object(Bucket=deployment.datasets_bucket, Key=key, Body=b"{}", ContentType="text/plain")

    return put


def keys(executions) -> list[str]:
    return [json.loads(given)["detail"]["object"]["key"] for given in executions.given.values()]


def test_without_a_name_the_newest_upload_is_trained(customlabels, executions, upload):
    upload("digits", "b-first", "c-second", "a-third")
    upload("scenes", "later")
    code, _, _ = customlabels("train", "digits", "--no-wait")
    assert (code, keys(executions)) == (0, ["digits/a-third/train.manifest"])


def test_a_folder_without_a_manifest_is_no_data_set(customlabels, executions, upload, objects, deployment):
    upload("digits", "whole")
    where = {"Bucket": deployment.datasets_bucket, "Key": "digits/half/images/a.png"}
    objects.put_object(**where, Body=b"png", ContentType="image/png")
    customlabels("train", "digits", "--no-wait")
    assert keys(executions) == ["digits/whole/train.manifest"]


def test_a_data_set_that_is_not_there_is_named_with_what_to_do(customlabels, executions, upload):
    upload("digits", "first")
    code, _, said = customlabels("train", "digits", "second")
    assert (code, executions.given) == (1, {})
    assert "digits/second/train.manifest does not exist; upload the data set, the manifest last" in said
    code, _, said = customlabels("train", "scenes")
    assert (code, executions.given) == (1, {})
    assert "scenes/NAME/train.manifest does not exist" in said


def claimed(executions, by: str):
    """Let the next execution find that another has the data."""
    output = json.dumps({"Outcome": "ALREADY_CLAIMED", "VersionName": "first", "ClaimedBy": by})
    end = (["Claim the upload", "Already claimed"], {"status": "SUCCEEDED", "output": output})
    add = executions.add
    executions.add = lambda workflow, given, *_: add(workflow, given, end)


def test_the_training_that_the_upload_started_is_shown_to_its_end(customlabels, executions, upload, deployment, clock):
    upload("digits", "first")
    ended = {"status": "SUCCEEDED", "output": json.dumps({"VersionName": "first", "F1Score": 0.9})}
    other = executions.add(
        deployment.train_model_arn,
        {},
        (["Wait for the training"], {"status": "RUNNING"}),
        (["Wait for the training"], {"status": "RUNNING"}),
        (["Wait for the training", "Judge the version"], ended),
    )
    claimed(executions, by=other)
    code, printed, said = customlabels("train", "digits", "--json")
    assert (code, json.loads(printed)["ExecutionArn"], json.loads(printed)["F1Score"]) == (0, other, 0.9)
    assert "has started this training already" in said
    assert "Judge the version" in said


def test_of_a_training_that_has_ended_it_is_said_how_to_train_again(
    customlabels, executions, upload, deployment, clock
):
    upload("digits", "first")
    other = executions.add(deployment.train_model_arn, {}, (["Judge the version"], {"status": "FAILED"}))
    claimed(executions, by=other)
    code, printed, said = customlabels("train", "digits", "--json")
    assert (code, json.loads(printed)["Outcome"]) == (0, "ALREADY_CLAIMED")
    assert "name a new --run" in said
    assert "Judge the version" not in said
