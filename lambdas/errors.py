"""What an AWS error means to a job: the one table that decides what is retried and what is final."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
)


class Meaning(StrEnum):
    """What is to be done about an error."""

    PERMANENT = "permanent"  # the image can never be detected: a FAILED result
    TRANSIENT = "transient"  # it may work later: back to the queue
    ASLEEP = "asleep"  # the model does not run: read the pointer again, then back to the queue
    OURS = "ours"  # a grant or a request of ours is wrong: to the dead-letter queue, loudly


class ErrorCode(StrEnum):
    """Why a job FAILED: the closed list that results and notifications carry."""

    NOT_AN_IMAGE = "NOT_AN_IMAGE"
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"
    CORRUPT_IMAGE = "CORRUPT_IMAGE"
    TOO_SMALL = "TOO_SMALL"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    ASPECT_RATIO = "ASPECT_RATIO"
    EMPTY_OBJECT = "EMPTY_OBJECT"
    OBJECT_GONE = "OBJECT_GONE"
    OBJECT_FORBIDDEN = "OBJECT_FORBIDDEN"
    UNKNOWN_PROJECT = "UNKNOWN_PROJECT"
    MODEL_REFUSED = "MODEL_REFUSED"


class PermanentError(Exception):
    """The image can never be detected; the job ends FAILED with this code and message."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ModelAsleepError(Exception):
    """No version of the project's model can answer now; the image goes back to the queue."""


# What is not here is OURS when the service blames the caller (4xx), else TRANSIENT.
_MEANINGS: Final[Mapping[str, Meaning]] = {
    "ImageTooLargeException": Meaning.PERMANENT,
    "InvalidImageFormatException": Meaning.PERMANENT,
    "InvalidParameterException": Meaning.PERMANENT,
    "InvalidS3ObjectException": Meaning.PERMANENT,
    "NoSuchKey": Meaning.PERMANENT,
    "NoSuchVersion": Meaning.PERMANENT,
    "404": Meaning.PERMANENT,
    "InvalidObjectState": Meaning.PERMANENT,
    "ResourceNotReadyException": Meaning.ASLEEP,
    "ResourceNotFoundException": Meaning.ASLEEP,
    "ConditionalCheckFailedException": Meaning.TRANSIENT,  # another delivery was faster: the next look sees its result
    "InternalServerError": Meaning.TRANSIENT,
    "KMSThrottling": Meaning.TRANSIENT,  # SNS, of the key of the results topic
    "KMSThrottlingException": Meaning.TRANSIENT,
    "LimitExceededException": Meaning.TRANSIENT,
    "ProvisionedThroughputExceededException": Meaning.TRANSIENT,
    "RequestLimitExceeded": Meaning.TRANSIENT,
    "RequestTimeout": Meaning.TRANSIENT,
    "SlowDown": Meaning.TRANSIENT,
    "Throttled": Meaning.TRANSIENT,
    "ThrottledException": Meaning.TRANSIENT,
    "Throttling": Meaning.TRANSIENT,
    "ThrottlingException": Meaning.TRANSIENT,
    "TransactionInProgressException": Meaning.TRANSIENT,
}

_CONNECTION_ERRORS: Final = (ConnectionError, HTTPClientError, IncompleteReadError)


def error_code(error: ClientError) -> str:
    """Return the service's name of an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def meaning(error: ClientError | BotoCoreError) -> Meaning:
    """Say what is to be done about an error of boto3."""
    if isinstance(error, ClientError):
        said = _MEANINGS.get(error_code(error))
        if said is not None:
            return said
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return Meaning.TRANSIENT if status >= 500 or status == 429 else Meaning.OURS
    return Meaning.TRANSIENT if isinstance(error, _CONNECTION_ERRORS) else Meaning.OURS
