import re

import pytest

from lambdas import clients
from lambdas.claim_training import handler
from lambdas.claim_training.upload import UploadError, plan_training, to_json
from lambdas.deployment_settings import parse_deployment
from lambdas.events import MalformedEventError
from lambdas.images import ImageRef
from lambdas.items import from_item
from lambdas.registry import DeploymentClosingError, Registry
from tests.unit.aws import Refusal, client_of

SETTINGS = parse_deployment("demo", {"projects": {"digits": {"min_f1": 0.8}, "scenes": {}}})


def manifest(key="digits/lot.1/train.manifest", version="v1", bucket="datasets"):
    return ImageRef(bucket, key, version)


def plan(key="digits/lot.1/train.manifest", run=None, etags=("one",), **parts):
    return plan_training(manifest(key, **parts), etags, run, SETTINGS)


def test_a_plan_is_all_that_the_workflow_carries():
    made = plan()
    assert to_json(made) == {
        "Project": "digits",
        "ProjectName": "demo.digits",
        "Dataset": "lot.1",
        "Manifest": {"Bucket": "datasets", "Name": "digits/lot.1/train.manifest", "Version": "v1"},
        "Attempt": made.attempt,
        "VersionName": f"lot.1.{made.attempt[:12]}",
        "Training": "inline",
        "Replace": False,
        "ApprovalSeconds": 0,
    }


def test_a_persons_approval_is_waited_for_as_long_as_the_settings_say():
    settings = parse_deployment("demo", {"projects": {"digits": {"approval_hours": 1.5}}})
    assert to_json(plan_training(manifest(), ["one"], None, settings))["ApprovalSeconds"] == 5400


def test_the_longest_data_set_makes_a_version_name_that_rekognition_takes():
    name = plan(f"digits/{'a' * 200}/train.manifest", run="r" * 64).version_name
    assert re.fullmatch(r"[a-zA-Z0-9_.\-]{1,255}", name)


@pytest.mark.parametrize("other", [{"key": "digits/lot.2/train.manifest"}, {"version": "v2"}])
def test_the_same_contents_are_the_same_attempt_wherever_and_whenever_they_are_uploaded(other):
    assert plan(**other).attempt == plan().attempt == "5f15c2fafc7d514cf7212b815ab8b715"


@pytest.mark.parametrize(
    "other",
    [
        {"key": "scenes/lot.1/train.manifest"},
        {"etags": ("two",)},
        {"etags": ("one", "test")},
        {"run": "again"},
    ],
)
def test_other_contents_another_project_or_run_is_another_attempt_with_another_name(other):
    assert plan(**other).attempt != plan().attempt
    assert plan(**other).version_name != plan().version_name


def test_a_run_may_replace_what_the_data_sets_hold():
    assert plan_training(manifest(), ["one"], "anew", SETTINGS, replace=True).replace


def test_to_replace_needs_a_run_of_its_own():
    with pytest.raises(UploadError, match="name it with --run"):
        plan_training(manifest(), ["one"], None, SETTINGS, replace=True)


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


class Bucket:
    """A bucket of manifests, by key and version."""

    def __init__(self):
        self.etags = {("digits/lot.1/train.manifest", "v1"): "one"}

    def head_object(self, Bucket, Key, VersionId=None):  # noqa: N803
        found = [etag for (key, version), etag in self.etags.items() if key == Key and VersionId in (None, version)]
        if not found:
            raise Refusal("404", 404)
        return {"ETag": found[-1]}


@pytest.fixture
def bucket():
    return Bucket()


@pytest.fixture
def handle(monkeypatch, dynamodb, bucket, lambda_context):
    made = {"dynamodb": dynamodb, "s3": client_of("s3", bucket)}
    monkeypatch.setattr(clients.boto3, "client", lambda service, **_: made[service])
    monkeypatch.setattr(handler, "load_settings", lambda: SETTINGS)
    monkeypatch.setenv("REGISTRY_TABLE", "registry")
    monkeypatch.setenv("DATASETS_BUCKET", "datasets")
    monkeypatch.setenv("TRAINING_OUTPUT_BUCKET", "output")
    clients.client.cache_clear()
    yield lambda upload, execution="arn:one": handler.handle({"Upload": upload, "Execution": execution}, lambda_context)
    clients.client.cache_clear()


def uploaded(bucket="datasets", version="v1", **more):
    stored = {"key": "digits/lot.1/train.manifest", "version-id": version, "size": 5}
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
    second = handle(uploaded(), "arn:two")
    assert (second["Claimed"], second["Repeats"]) == (False, False)
    assert second["ClaimedBy"] == "arn:one"
    assert handle(uploaded(), "arn:one")["Claimed"] is True


def test_another_upload_of_the_same_contents_repeats_and_is_told_how_the_first_went(handle, bucket, dynamodb):
    first = handle(uploaded())
    Registry(dynamodb, "registry").note("digits", first["Attempt"], {"Status": "REJECTED", "StatusMessage": "F1 0.2"})
    bucket.etags["digits/lot.1/train.manifest", "v2"] = "one"
    again = handle(uploaded(version="v2"), "arn:two")
    assert (again["Claimed"], again["Repeats"]) == (False, True)
    assert (again["Earlier"]["Status"], again["Earlier"]["StatusMessage"]) == ("REJECTED", "F1 0.2")


def test_another_test_manifest_makes_it_other_data(handle, bucket):
    handle(uploaded())
    bucket.etags["digits/lot.1/test.manifest", "t1"] = "tests"
    assert handle(uploaded(), "arn:two")["Claimed"] is True


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


def test_nothing_is_trained_in_a_deployment_that_is_being_destroyed(handle, dynamodb, table):
    Registry(dynamodb, "registry").close(now=1000)
    before = dict(table.items)
    with pytest.raises(DeploymentClosingError, match="being destroyed"):
        handle(uploaded())
    assert table.items == before
