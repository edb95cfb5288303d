import re

import pytest

from lambdas import clients
from lambdas.claim_training import handler
from lambdas.claim_training.upload import UploadError, plan_training, to_json
from lambdas.deployment_settings import parse_deployment
from lambdas.events import MalformedEventError
from lambdas.images import ImageRef
from lambdas.items import from_item

SETTINGS = parse_deployment("demo", {"projects": {"digits": {"min_f1": 0.8}, "scenes": {}}})


def manifest(key="digits/lot.1/train.manifest", version="v1", bucket="datasets"):
    return ImageRef(bucket, key, version)


def plan(key="digits/lot.1/train.manifest", run=None, **parts):
    return plan_training(manifest(key, **parts), run, SETTINGS)


def test_a_plan_is_all_that_the_workflow_carries():
    made = plan()
    assert to_json(made) == {
        "Project": "digits",
        "ProjectName": "demo.digits",
        "Dataset": "lot.1",
        "Manifest": {"Bucket": "datasets", "Name": "digits/lot.1/train.manifest", "Version": "v1"},
        "Attempt": made.attempt,
        "VersionName": f"lot.1.{made.attempt[:12]}",
        "MinF1": 0.8,
        "Training": "inline",
        "Replace": False,
    }


def test_the_longest_data_set_makes_a_version_name_that_rekognition_takes():
    name = plan(f"digits/{'a' * 200}/train.manifest", run="r" * 64).version_name
    assert re.fullmatch(r"[a-zA-Z0-9_.\-]{1,255}", name)


def test_the_same_upload_is_the_same_attempt_today_and_tomorrow():
    assert plan().attempt == plan().attempt == "8461a99abc3eaa070b7ecc48136296aa"


@pytest.mark.parametrize(
    "other",
    [
        {"key": "digits/lot.2/train.manifest"},
        {"version": "v2"},
        {"bucket": "other"},
        {"run": "again"},
    ],
)
def test_another_upload_or_run_is_another_attempt_with_another_name(other):
    assert plan(**other).attempt != plan().attempt
    assert plan(**other).version_name != plan().version_name


def test_a_run_may_replace_what_the_data_sets_hold():
    assert plan_training(manifest(), "anew", SETTINGS, replace=True).replace


def test_to_replace_needs_a_run_of_its_own():
    with pytest.raises(UploadError, match="name it with --run"):
        plan_training(manifest(), None, SETTINGS, replace=True)


@pytest.mark.parametrize(
    "key",
    [
        "digits/train.manifest",
        "train.manifest",
        "digits/lot 1/train.manifest",
        "digits/a/b/train.manifest",
        "digits//train.manifest",
        "digits/lot/test.manifest",
        "digits/lot/train.manifest.bak",
        "digits/lot/trainXmanifest",
        f"digits/{'a' * 201}/train.manifest",
    ],
)
def test_a_key_of_another_form_is_refused_with_the_form(key):
    with pytest.raises(UploadError, match=r"is not PROJECT/NAME/train\.manifest"):
        plan(key)


def test_a_project_that_is_not_deployed_is_refused_with_those_that_are():
    with pytest.raises(UploadError, match=r"'other' is no project of demo \(known: digits, scenes\)"):
        plan("other/lot/train.manifest")


@pytest.mark.parametrize("run", ["", "a b", "a/b", "r" * 65, 5, ["x"]])
def test_a_run_name_that_no_version_name_could_stand_beside_is_refused(run):
    with pytest.raises(UploadError, match="run name"):
        plan(run=run)


@pytest.fixture
def handle(monkeypatch, dynamodb, lambda_context):
    monkeypatch.setattr(clients.boto3, "client", lambda service, **_: {"dynamodb": dynamodb}[service])
    monkeypatch.setattr(handler, "load_settings", lambda: SETTINGS)
    monkeypatch.setenv("REGISTRY_TABLE", "registry")
    monkeypatch.setenv("DATASETS_BUCKET", "datasets")
    monkeypatch.setenv("TRAINING_OUTPUT_BUCKET", "output")
    clients.client.cache_clear()
    yield lambda upload, execution="arn:one": handler.handle({"Upload": upload, "Execution": execution}, lambda_context)
    clients.client.cache_clear()


def uploaded(bucket="datasets", **more):
    stored = {"key": "digits/lot.1/train.manifest", "version-id": "v1", "size": 5}
    return {"detail": {"bucket": {"name": bucket}, "object": stored, **more}}


def test_the_first_execution_claims_the_upload_and_gets_its_plan(handle, table):
    answer = handle(uploaded())
    assert answer["Claimed"] is True
    assert answer["VersionName"] == plan().version_name
    assert answer["OutputConfig"] == {"S3Bucket": "output", "S3KeyPrefix": f"digits/{plan().version_name}"}
    item = from_item(table.items["PROJECT#digits", f"ATTEMPT#{plan().attempt}"])
    assert (item["Execution"], item["Status"], item["Manifest"]) == ("arn:one", "IN_PROGRESS", answer["Manifest"])


def test_a_second_execution_of_the_same_upload_is_told_that_it_is_claimed(handle):
    handle(uploaded())
    assert handle(uploaded(), "arn:two")["Claimed"] is False
    assert handle(uploaded(), "arn:one")["Claimed"] is True


def test_a_run_name_trains_the_same_upload_again(handle):
    handle(uploaded())
    again = handle(uploaded(run="again"), "arn:two")
    assert again["Claimed"] is True
    assert again["VersionName"] == plan(run="again").version_name


def test_a_manifest_in_another_bucket_is_refused_with_the_right_one(handle, table):
    with pytest.raises(UploadError, match="is in elsewhere; upload it to datasets"):
        handle(uploaded("elsewhere"))
    assert table.items == {}


def test_what_is_no_upload_is_refused(handle):
    with pytest.raises(MalformedEventError):
        handle({"detail": {}})
