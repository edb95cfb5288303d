import botocore.session
import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from lambdas import errors
from lambdas.errors import Meaning, error_code, meaning
from tests.unit.aws import client_error

DETECT, MODERATE, READ, ANY = "DetectCustomLabels", "DetectModerationLabels", "GetObject", "AnyOperation"

# The table of errors, as the design has it: each row once more, by what is to be done.
MEANINGS = {
    (Meaning.PERMANENT, DETECT): [
        "ImageTooLargeException",
        "InvalidImageFormatException",
        "InvalidParameterException",
        "InvalidS3ObjectException",
    ],
    (Meaning.PERMANENT, MODERATE): [
        "ImageTooLargeException",
        "InvalidImageFormatException",
        "InvalidParameterException",
        "InvalidS3ObjectException",
    ],
    (Meaning.TRANSIENT, MODERATE): ["HumanLoopQuotaExceededException"],
    (Meaning.PERMANENT, READ): ["404", "InvalidObjectState", "InvalidRange", "NoSuchKey", "NoSuchVersion"],
    (Meaning.ASLEEP, DETECT): ["ResourceNotFoundException", "ResourceNotReadyException"],
    (Meaning.THROTTLED, DETECT): ["LimitExceededException"],
    (Meaning.THROTTLED, ANY): [
        "KMSThrottling",
        "KMSThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    ],
    (Meaning.TRANSIENT, ANY): [
        "ConditionalCheckFailedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InternalError",
        "InternalServerError",
        "ReplicatedWriteConflictException",
        "RequestTimeout",
        "ServiceUnavailable",
        "TransactionConflictException",
        "TransactionInProgressException",
    ],
    (Meaning.OURS, ANY): [
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "KMS.DisabledException",
        "KMSAccessDenied",
        "KMSDisabled",
    ],
}
# What only says that the caller is to blame, and of what nothing more is known.
UNNAMED = ["ValidationException", "UnrecognizedClientException", "InvalidParameter", "KMSInvalidState", "NotFound"]


@pytest.mark.parametrize(
    ("code", "operation", "meant"),
    [(code, operation, said) for (said, operation), codes in MEANINGS.items() for code in codes],
)
def test_a_code_has_its_meaning_whatever_its_http_status(code, operation, meant):
    assert {meaning(client_error(code, status, operation)) for status in (400, 403, 500)} == {meant}


@pytest.mark.parametrize("code", UNNAMED)
def test_an_unnamed_code_that_blames_the_caller_is_ours(code):
    assert meaning(client_error(code, 400)) is Meaning.OURS


def test_every_row_of_the_table_is_tested():
    rows = {(DETECT, code) for code in errors._OF_DETECTION} | {(READ, code) for code in errors._OF_READING}
    rows |= {(MODERATE, code) for code in errors._OF_MODERATION} | {(ANY, code) for code in errors._MEANINGS}
    assert {(operation, code) for (_, operation), codes in MEANINGS.items() for code in codes} == rows


@pytest.mark.parametrize("operation", ["DetectCustomLabels"])
def test_every_error_that_detection_declares_has_a_row(operation):
    shapes = botocore.session.get_session().get_service_model("rekognition").operation_model(operation).error_shapes
    declared = {shape.error_code for shape in shapes}
    assert len(declared) >= 11
    assert declared <= set(errors._OF_DETECTION) | set(errors._MEANINGS)


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("dynamodb", "GetItem"),
        ("dynamodb", "PutItem"),
        ("dynamodb", "UpdateItem"),
        ("dynamodb", "TransactWriteItems"),
        ("sns", "Publish"),
        ("s3", "GetObject"),
        ("s3", "PutObject"),
    ],
)
def test_no_declared_error_of_another_call_ends_a_job_or_waits_for_a_model(service, operation):
    for shape in botocore.session.get_session().get_service_model(service).operation_model(operation).error_shapes:
        # What reading an image is refused for is the image's own.
        if operation != "GetObject":
            meant = meaning(client_error(shape.error_code, 400, operation))
            assert meant in (Meaning.TRANSIENT, Meaning.THROTTLED, Meaning.OURS), shape.error_code
        else:
            assert shape.error_code in errors._OF_READING


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "ResourceNotReadyException"])
def test_a_flow_definition_that_is_not_there_is_ours_and_no_model_that_sleeps(code):
    assert meaning(client_error(code, 400, MODERATE)) is Meaning.OURS


def test_the_same_name_of_another_service_is_not_what_detection_means_by_it():
    assert meaning(client_error("ResourceNotFoundException", 400, "PutItem")) is Meaning.OURS
    assert meaning(client_error("NoSuchKey", 404, "PutObject")) is Meaning.OURS


@pytest.mark.parametrize(
    ("status", "meant"), [(429, "throttled"), (500, "transient"), (503, "transient"), (403, "ours")]
)
def test_a_code_that_nobody_knows_means_what_its_http_status_says(status, meant):
    assert meaning(client_error("Surprise", status)) == meant


@pytest.mark.parametrize(
    "error",
    [
        ConnectTimeoutError(endpoint_url="x"),
        ReadTimeoutError(endpoint_url="x"),
        EndpointConnectionError(endpoint_url="x"),
        ConnectionClosedError(endpoint_url="x"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_broken_connection_is_transient(error):
    assert meaning(error) is Meaning.TRANSIENT


@pytest.mark.parametrize(
    "error", [NoCredentialsError(), ParamValidationError(report="x")], ids=lambda error: type(error).__name__
)
def test_a_request_that_could_not_be_made_is_ours(error):
    assert meaning(error) is Meaning.OURS


def test_an_error_without_code_has_an_empty_one():
    error = client_error("x")
    error.response = {}
    assert error_code(error) == ""
    assert meaning(error) is Meaning.OURS
