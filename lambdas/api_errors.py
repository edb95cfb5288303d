"""Errors of start_detection and get_detection, by the names that Rekognition's API gives them.

Lambda tells a caller the name of the class, as `errorType`.
"""

# ruff: noqa: N818 - the names are the API's


class InvalidParameterException(ValueError):
    """A member of the request is missing, unknown or not what it must be; the message names it."""


class IdempotentParameterMismatchException(ValueError):
    """The ClientRequestToken was used for another request within the last seven days."""


class AccessDeniedException(PermissionError):
    """The settings of the project do not allow the bucket or the topic; the message names the setting."""


class InvalidS3ObjectException(ValueError):
    """There is no such object, or it must not be read."""


class ResourceNotFoundException(LookupError):
    """There is no such project or job."""


class InvalidPaginationTokenException(ValueError):
    """The NextToken is not one that get_detection has answered for this job."""
