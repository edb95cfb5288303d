"""Names and errors of Step Functions' integrations, against boto3's own models of the services."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from local.integrations import Integrations, TaskFailedError, java_name

SDK = "arn:aws:states:::aws-sdk:"
UUID = "00000000-0000-0000-0000-000000000000"


def answering(service: str, operation: str, answer: dict[str, Any], expected: Any = None) -> Integrations:
    client = stubbed(service)
    stub = Stubber(client)
    stub.add_response(operation, answer, expected)
    stub.activate()
    return Integrations(lambda _: client)


def failing(service: str, operation: str, code: str) -> Integrations:
    client = stubbed(service)
    stub = Stubber(client)
    stub.add_client_error(operation, code, "why")
    stub.activate()
    return Integrations(lambda _: client)


def stubbed(service: str) -> Any:
    return boto3.client(service, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.mark.parametrize(
    ("wire", "java"),
    [
        ("UUID", "Uuid"),
        ("KMSKeyArn", "KmsKeyArn"),
        ("S3Bucket", "S3Bucket"),
        ("SSEKMSKeyId", "SsekmsKeyId"),
        ("FunctionURL", "FunctionUrl"),
        ("stateMachineArn", "StateMachineArn"),
        ("NULL", "Nul"),
        ("SS", "Ss"),
    ],
)
def test_members_are_spelled_as_in_the_java_sdk(wire: str, java: str) -> None:
    assert java_name(wire) == java


def test_arguments_reach_the_service_in_its_own_spelling() -> None:
    call = answering("lambda", "update_event_source_mapping", {}, {"UUID": UUID, "Enabled": True})
    assert call.sdk(SDK + "lambda:updateEventSourceMapping", {"Uuid": UUID, "Enabled": True}) == {}


def test_the_keys_of_a_map_are_data() -> None:
    arguments = {"TableName": "t", "Item": {"ABC": {"SS": ["x"]}}}
    call = answering("dynamodb", "put_item", {"Attributes": {"ABC": {"SS": ["x"]}}}, arguments)
    renamed = {"TableName": "t", "Item": {"ABC": {"Ss": ["x"]}}}
    assert call.sdk(SDK + "dynamodb:putItem", renamed) == {"Attributes": {"ABC": {"Ss": ["x"]}}}


def test_an_answer_is_json_with_times_as_text() -> None:
    created = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    answer = {"ProjectDescriptions": [{"ProjectArn": "a" * 20, "CreationTimestamp": created}]}
    call = answering("rekognition", "describe_projects", answer)
    found = call.sdk(SDK + "rekognition:describeProjects", {})
    assert json.loads(json.dumps(found))["ProjectDescriptions"][0]["CreationTimestamp"] == ("2026-01-02T03:04:05.678Z")


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "code", "error"),
    [
        ("rekognition", "describeProjects", {}, "ThrottlingException", "Rekognition.ThrottlingException"),
        ("rekognition", "describeProjects", {}, "Unknown", "Rekognition.RekognitionException"),
        ("s3", "headBucket", {"Bucket": "b"}, "NoSuchBucket", "S3.NoSuchBucketException"),
        ("lambda", "invoke", {"FunctionName": "f"}, "KMSDisabledException", "Lambda.KmsDisabledException"),
        ("sqs", "listQueues", {}, "RequestThrottled", "Sqs.RequestThrottledException"),
        ("dynamodb", "listTables", {}, "AccessDeniedException", "DynamoDb.DynamoDbException"),
    ],
)
def test_an_error_is_named_after_its_java_class(
    service: str, operation: str, arguments: dict[str, str], code: str, error: str
) -> None:
    snake = "".join("_" + letter.lower() if letter.isupper() else letter for letter in operation)
    with pytest.raises(TaskFailedError) as raised:
        failing(service, snake, code).sdk(f"{SDK}{service}:{operation}", arguments)
    assert (raised.value.error, raised.value.cause) == (error, "why")


def test_a_service_without_a_name_for_its_errors_is_refused_with_the_remedy() -> None:
    with pytest.raises(TaskFailedError, match="add polly to SDK_PREFIXES"):
        Integrations(lambda _: None).sdk(SDK + "polly:listLexicons", {})


def test_a_message_that_is_an_object_is_published_as_json() -> None:
    sent = {"TopicArn": "t", "Message": '{"told": true}'}
    call = answering("sns", "publish", {"MessageId": "m"}, sent)
    published = call.optimized("arn:aws:states:::sns:publish", {"TopicArn": "t", "Message": {"told": True}})
    assert published == {"MessageId": "m"}


def test_a_function_that_fails_fails_its_task_with_its_error_type() -> None:
    payload = json.dumps({"errorType": "ModelAsleepError", "errorMessage": "no model runs"}).encode()
    body = StreamingBody(io.BytesIO(payload), len(payload))
    call = answering("lambda", "invoke", {"FunctionError": "Unhandled", "Payload": body})
    with pytest.raises(TaskFailedError) as raised:
        call.invoke("detect", {})
    assert raised.value.error == "ModelAsleepError"
    assert json.loads(raised.value.cause)["errorMessage"] == "no model runs"
