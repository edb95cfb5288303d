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

from lambdas.errors import Meaning, error_code, meaning
from tests.unit.aws import client_error

MEANINGS = {
    Meaning.PERMANENT: [
        "ImageTooLargeException",
        "InvalidImageFormatException",
        "InvalidParameterException",
        "InvalidS3ObjectException",
        "NoSuchKey",
        "NoSuchVersion",
        "404",
        "InvalidObjectState",
    ],
    Meaning.ASLEEP: ["ResourceNotReadyException", "ResourceNotFoundException"],
    Meaning.TRANSIENT: [
        "ConditionalCheckFailedException",
        "InternalServerError",
        "KMSThrottling",
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TransactionInProgressException",
    ],
    Meaning.OURS: ["AccessDeniedException", "AccessDenied", "ValidationException", "UnrecognizedClientException"],
}


@pytest.mark.parametrize(("code", "meant"), [(code, said) for said, codes in MEANINGS.items() for code in codes])
def test_a_code_has_its_meaning_whatever_its_http_status(code, meant):
    assert meaning(client_error(code, 400)) is meant


@pytest.mark.parametrize(
    ("status", "meant"), [(429, "transient"), (500, "transient"), (503, "transient"), (403, "ours")]
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
