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

ASLEEP_SECONDS: Final = 900.0  # before an image whose model did not run comes back; a start takes 10 to 20 minutes


class Meaning(StrEnum):
    """What is to be done about an error."""

    PERMANENT = "permanent"  # the image can never be detected: a FAILED result
    THROTTLED = "throttled"  # too many calls: later, and slower
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
    NOT_A_VIDEO = "NOT_A_VIDEO"
    CORRUPT_VIDEO = "CORRUPT_VIDEO"
    VIDEO_TOO_LONG = "VIDEO_TOO_LONG"  # than the project's max_minutes, or with more frames to look at than max_frames
    VIDEOS_NOT_ENABLED = "VIDEOS_NOT_ENABLED"  # the project has no setting `videos`
    UNKNOWN_PROJECT = "UNKNOWN_PROJECT"
    MODEL_REFUSED = "MODEL_REFUSED"
    MODERATION_REFUSED = "MODERATION_REFUSED"  # so the model was not asked
    EXPIRED = "EXPIRED"  # no model ran for as long as its queue keeps it
    CRASHED = "CRASHED"  # the function died of it, more than once


class PermanentError(Exception):
    """The image or video can never be detected; the job ends FAILED with this code and message."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class LaterError(Exception):
    """Nothing is wrong, but it cannot be done now: the message goes back to its queue."""

    def least_seconds(self, now: float) -> float:  # noqa: ARG002 - some know the time
        """Return for how long it need not come back; `now` is in epoch seconds."""
        return 0.0


class CallRefusedError(Exception):
    """AWS refuses a call of ours, and nothing is wrong with the image; `code` is AWS's."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class ModelAsleepError(LaterError):
    """No version of the project's model can answer now; the image goes back to the queue."""

    def least_seconds(self, now: float) -> float:  # noqa: ARG002 - a start takes as long as it takes
        return ASLEEP_SECONDS


# Of DetectCustomLabels alone: of another service the same name says something else.
_OF_DETECTION: Final[Mapping[str, Meaning]] = {
    "ImageTooLargeException": Meaning.PERMANENT,
    "InvalidImageFormatException": Meaning.PERMANENT,
    "InvalidParameterException": Meaning.PERMANENT,
    "InvalidS3ObjectException": Meaning.PERMANENT,
    "LimitExceededException": Meaning.THROTTLED,
    "ResourceNotFoundException": Meaning.ASLEEP,
    "ResourceNotReadyException": Meaning.ASLEEP,
}
# Of DetectModerationLabels. A flow definition that is not found is OURS, as all that is not here.
_OF_MODERATION: Final[Mapping[str, Meaning]] = {
    # Reviews by people stand in a jam. The image waits: what is to be reviewed is not let through without.
    "HumanLoopQuotaExceededException": Meaning.TRANSIENT,
    "ImageTooLargeException": Meaning.PERMANENT,
    "InvalidImageFormatException": Meaning.PERMANENT,
    "InvalidParameterException": Meaning.PERMANENT,
    "InvalidS3ObjectException": Meaning.PERMANENT,
}
# Of reading an image: what object_file.py says of it.
_OF_READING: Final[Mapping[str, Meaning]] = {
    "404": Meaning.PERMANENT,
    "InvalidObjectState": Meaning.PERMANENT,  # archived
    "InvalidRange": Meaning.PERMANENT,  # empty
    "NoSuchKey": Meaning.PERMANENT,
    "NoSuchVersion": Meaning.PERMANENT,
}
# Of beginning a job on a video. A wrong parameter is ours: the topic, the role or a filter is not as it should be.
_OF_STARTING: Final[Mapping[str, Meaning]] = {
    "InvalidS3ObjectException": Meaning.PERMANENT,
    "LimitExceededException": Meaning.THROTTLED,  # as many jobs are open as the account's quota allows
    "VideoTooLargeException": Meaning.PERMANENT,
}
_OF_OPERATION: Final = {
    "DetectCustomLabels": _OF_DETECTION,
    "DetectModerationLabels": _OF_MODERATION,
    "GetObject": _OF_READING,
    "StartLabelDetection": _OF_STARTING,
}
# Of all services. What is not here is OURS when the service blames the caller (4xx), else TRANSIENT.
_MEANINGS: Final[Mapping[str, Meaning]] = {
    "AccessDenied": Meaning.OURS,
    "AccessDeniedException": Meaning.OURS,
    "AuthorizationError": Meaning.OURS,  # SNS
    "ExpiredToken": Meaning.TRANSIENT,  # of an environment that was frozen: its credentials are renewed
    "ExpiredTokenException": Meaning.TRANSIENT,
    "InternalError": Meaning.TRANSIENT,
    "InternalServerError": Meaning.TRANSIENT,
    "KMS.DisabledException": Meaning.OURS,  # S3, of the key of an object
    "KMSAccessDenied": Meaning.OURS,  # SNS, of the key of a topic
    "KMSDisabled": Meaning.OURS,
    "KMSThrottling": Meaning.THROTTLED,
    "KMSThrottlingException": Meaning.THROTTLED,
    "ProvisionedThroughputExceededException": Meaning.THROTTLED,
    "ReplicatedWriteConflictException": Meaning.TRANSIENT,
    "RequestLimitExceeded": Meaning.THROTTLED,
    "RequestThrottled": Meaning.THROTTLED,  # SQS
    "RequestTimeout": Meaning.TRANSIENT,
    "ServiceUnavailable": Meaning.TRANSIENT,
    "SlowDown": Meaning.THROTTLED,
    "Throttled": Meaning.THROTTLED,
    "ThrottledException": Meaning.THROTTLED,
    "Throttling": Meaning.THROTTLED,
    "ThrottlingException": Meaning.THROTTLED,
    "TooManyRequestsException": Meaning.THROTTLED,
    # Another delivery was faster: the next look sees its result.
    "ConditionalCheckFailedException": Meaning.TRANSIENT,
    "TransactionConflictException": Meaning.TRANSIENT,
    "TransactionInProgressException": Meaning.TRANSIENT,
}

_CONNECTION_ERRORS: Final = (ConnectionError, HTTPClientError, IncompleteReadError)


def error_code(error: ClientError | BotoCoreError) -> str:
    """Return the service's name of an error, or boto3's where no service answered."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def meaning(error: ClientError | BotoCoreError) -> Meaning:
    """Say what is to be done about an error of boto3."""
    if not isinstance(error, ClientError):
        return Meaning.TRANSIENT if isinstance(error, _CONNECTION_ERRORS) else Meaning.OURS
    code = error_code(error)
    said = _OF_OPERATION.get(error.operation_name, {}).get(code) or _MEANINGS.get(code)
    if said is not None:
        return said
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status == 429:
        return Meaning.THROTTLED
    return Meaning.TRANSIENT if status >= 500 else Meaning.OURS
