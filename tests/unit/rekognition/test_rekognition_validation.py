"""What the front end refuses before anything is looked up."""

from __future__ import annotations

import json

import pytest
from rekognition_bench import ACCOUNT, REGION

from local.rekognition.validation import _compiled, service_model

VERSION = f"arn:aws:rekognition:{REGION}:{ACCOUNT}:project/p/version/v/1700000000000"


def test_a_missing_member_is_told_by_its_name(bench):
    status, body = bench.send("CreateProject")
    assert status == 400
    assert body == {
        "__type": "ValidationException",
        "message": "1 validation error detected: Value null at 'projectName' failed to satisfy constraint: "
        "Member must not be null",
    }


def test_a_pattern_must_match_the_whole_value(bench):
    _, body = bench.send("CreateProject", ProjectName="shapes and more")
    assert "Value 'shapes and more' at 'projectName'" in body["message"]
    assert "Member must satisfy regular expression pattern: [a-zA-Z0-9_.\\-]+" in body["message"]


def test_all_broken_constraints_are_told_at_once(bench):
    _, body = bench.send("DetectCustomLabels", ProjectVersionArn=VERSION, Image={"Bytes": ""}, MinConfidence=101)
    assert body["message"].startswith("2 validation errors detected: ")
    assert (
        "at 'image.bytes' failed to satisfy constraint: Member must have length greater than or equal to 1"
        in (body["message"])
    )
    assert "Value '101.0' at 'minConfidence'" in body["message"]


@pytest.mark.parametrize(
    ("operation", "request_", "member"),
    [
        ("DescribeProjects", {"ProjectNames": []}, "projectNames"),
        ("DescribeProjects", {"ProjectNames": [f"p{n}" for n in range(11)]}, "projectNames"),
        ("DescribeProjects", {"ProjectNames": ["a b"]}, "projectNames.1.member"),
        ("DescribeProjects", {"Features": ["FACES"]}, "features.1.member"),
        ("DescribeProjects", {"MaxResults": 101}, "maxResults"),
        ("DescribeProjects", {"MaxResults": 0}, "maxResults"),
        ("StartProjectVersion", {"ProjectVersionArn": VERSION, "MinInferenceUnits": 0}, "minInferenceUnits"),
        ("StopProjectVersion", {"ProjectVersionArn": "arn:aws:s3:::bucket/of/another"}, "projectVersionArn"),
        ("CreateProject", {"ProjectName": "p", "Tags": {"aws:mine": "x"}}, "tags.key"),
    ],
)
def test_a_broken_constraint_names_the_member(bench, operation, request_, member):
    status, body = bench.send(operation, **request_)
    assert (status, body["__type"]) == (400, "ValidationException")
    assert f"at '{member}' failed to satisfy constraint" in body["message"]


def test_a_tag_may_be_written_in_any_alphabet(bench):
    bench.call("CreateProject", ProjectName="p", Tags={"größe": "大きい 1"})


def test_members_that_the_model_does_not_know_are_ignored(bench):
    bench.call("CreateProject", ProjectName="p", Colour="red")


@pytest.mark.parametrize("value", [7, ["p"], {"a": 1}, True])
def test_a_value_of_the_wrong_type_cannot_be_read(bench, value):
    assert bench.error("CreateProject", ProjectName=value) == "SerializationException"


@pytest.mark.parametrize("number", [10**400, float("nan"), float("inf"), True, "90"])
def test_a_confidence_must_be_a_finite_number(bench, number):
    request = {"ProjectVersionArn": VERSION, "Image": {"Bytes": "AAAA"}, "MinConfidence": number}
    assert bench.error("DetectCustomLabels", **request) == "SerializationException"


def test_bytes_must_be_base64(bench):
    request = {"ProjectVersionArn": VERSION, "Image": {"Bytes": "not base64!"}}
    assert bench.error("DetectCustomLabels", **request) == "SerializationException"


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_a_body_must_be_a_json_object(bench, body):
    answer = bench.service.answer("RekognitionService.CreateProject", body, account=ACCOUNT, region=REGION)
    assert answer.status == 400
    assert json.loads(answer.body)["__type"] == "SerializationException"


@pytest.mark.parametrize("target", ["", "RekognitionService.Nothing", "DynamoDB_20120810.GetItem"])
def test_an_unknown_target_is_refused(bench, target):
    answer = bench.service.answer(target, b"{}", account=ACCOUNT, region=REGION)
    assert (answer.status, json.loads(answer.body)["__type"]) == (400, "UnknownOperationException")


def test_an_operation_that_is_not_served_says_so(bench):
    status, body = bench.send("DetectFaces", Image={"Bytes": "AAAA"})
    assert (status, body["__type"]) == (400, "InvalidParameterException")
    assert body["Message"] == "DetectFaces is not served by the local stand-in."


def test_a_service_error_has_the_body_of_the_service(bench):
    bench.call("CreateProject", ProjectName="p")
    status, body = bench.send("CreateProject", ProjectName="p")
    assert status == 400
    assert set(body) == {"__type", "Code", "Logref", "Message"}
    assert body["__type"] == body["Code"] == "ResourceInUseException"


def test_every_pattern_of_the_service_can_be_checked():
    model = service_model()
    patterns = [model.shape_for(name).metadata.get("pattern") for name in model.shape_names]
    assert all(_compiled(pattern) for pattern in patterns if pattern)


@pytest.mark.parametrize("value", ["a\tb", "a\nb", "\x1c", "!"])
def test_a_tag_holds_no_control_characters(bench, value):
    assert bench.error("CreateProject", ProjectName="p", Tags={"k": value}) == "ValidationException"


def test_an_account_number_is_of_ascii_digits(bench):
    arn = VERSION.replace(ACCOUNT, "٣" * 12)
    assert bench.error("StopProjectVersion", ProjectVersionArn=arn) == "ValidationException"


@pytest.mark.parametrize("number", [1 << 31, -(1 << 31) - 1, 10**30])
def test_an_integer_has_32_bits(bench, number):
    assert bench.error("DescribeProjects", MaxResults=number) == "SerializationException"


def test_half_a_character_cannot_be_read(bench):
    for request in ({"ProjectName": "\ud800"}, {"ProjectName": "p", "Tags": {"\udfff": "x"}}):
        assert bench.error("CreateProject", **request) == "SerializationException"
