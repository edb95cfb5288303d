# ruff: noqa: N803 - the parameters are spelled as AWS spells them

import json

import pytest
from botocore.exceptions import ClientError

from lambdas.deployment_settings import parse_deployment
from lambdas.items import from_item, to_item
from lambdas.judge_version import handler
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.services import Bucket

ACTIVE = "arn:aws:rekognition:eu-west-1:123456789012:project/dev.digits/version/lot.1/1700000000000"
CANDIDATE = ACTIVE.replace("lot.1", "lot.2")
PROJECT = "arn:aws:rekognition:eu-west-1:123456789012:project/dev.digits/1700000000000"


def description(arn, f1):
    name = arn.split("/")[3]
    summary = {"S3Object": {"Bucket": "output", "Name": f"{name}.json"}}
    return {"ProjectVersionArn": arn, "Status": "RUNNING", "EvaluationResult": {"F1Score": f1, "Summary": summary}}


class Versions:
    def describe_project_versions(self, ProjectArn, VersionNames):
        return {"ProjectVersionDescriptions": [description(ACTIVE, 0.8)]}


@pytest.fixture
def bucket():
    bucket = Bucket()
    for name, f1 in (("lot.1", 0.8), ("lot.2", 0.9)):
        said = {"AggregatedEvaluationResults": {"F1Score": f1}, "LabelEvaluationResults": []}
        bucket.put(f"{name}.json", json.dumps(said).encode(), version="null")
    return bucket


@pytest.fixture
def judge(table, dynamodb, bucket, monkeypatch, lambda_context):
    """The function, in a project whose active version is lot.1 and which wants each next one to be better."""
    clients = {
        "dynamodb": dynamodb,
        "s3": client_of("s3", bucket),
        "rekognition": client_of("rekognition", Versions()),
    }
    settings = parse_deployment("dev", {"projects": {"digits": {"require_improvement": True}}})
    monkeypatch.setattr(handler, "client", clients.__getitem__)
    monkeypatch.setattr(handler, "load_settings", lambda: settings)
    monkeypatch.setenv("REGISTRY_TABLE", "registry")
    state = {"PK": "PROJECT#digits", "SK": "STATE", "ActiveVersionArn": ACTIVE, "ActiveVersionName": "lot.1"}
    attempt = {"PK": "PROJECT#digits", "SK": "ATTEMPT#a"}
    for item in (state, attempt):
        table.items[item["PK"], item["SK"]] = to_item(item)
    return lambda f1: handler.handle(
        {"Project": "digits", "ProjectArn": PROJECT, "Attempt": "a", "Version": description(CANDIDATE, f1)},
        lambda_context,
    )


def test_a_version_is_compared_with_the_active_one(judge, table):
    assert judge(0.9)["Accepted"]
    assert from_item(table.items["PROJECT#digits", "ATTEMPT#a"])["F1Score"] == 0.9


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchKey", "NoSuchBucket"])
def test_what_cannot_be_read_of_the_active_version_loses_no_training(judge, bucket, code):
    bucket.refusals["lot.1.json"] = Refusal(code, 403)
    said = judge(0.9)
    assert said["Accepted"]
    assert said["Notes"] == ["what the training of lot.1 has left cannot be read: only the overall F1 was compared"]


def test_another_fault_is_none_of_the_versions(judge, bucket):
    bucket.refusals["lot.1.json"] = Refusal("SlowDown", 503)
    with pytest.raises(ClientError, match="SlowDown"):
        judge(0.9)
