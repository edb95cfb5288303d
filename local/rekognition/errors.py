"""Name what the service refuses, as its wire protocol spells it."""

from __future__ import annotations

from collections.abc import Mapping

from local.rekognition.failures import SERVICE_ISSUE


class ServiceError(Exception):
    """A refusal that the caller is told of: the error's name on the wire, its message and its other members."""

    def __init__(self, code: str, message: str, status: int = 400, members: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members or {}


def invalid_parameter(message: str = "Request has invalid parameters") -> ServiceError:
    return ServiceError("InvalidParameterException", message)


def in_use(message: str = "Specified resource is in use.") -> ServiceError:
    return ServiceError("ResourceInUseException", message)


def not_found(arn: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", f"The resource {arn} does not exist.")


def not_ready(arn: str, status: str) -> ServiceError:
    return ServiceError("ResourceNotReadyException", f"The project version {arn} is {status}; it must be RUNNING.")


def invalid_token() -> ServiceError:
    return ServiceError("InvalidPaginationTokenException", "Invalid Token")


def invalid_s3_object() -> ServiceError:
    return ServiceError(
        "InvalidS3ObjectException",
        "Unable to get object metadata from S3. Check object key, region and/or access permissions.",
    )


def invalid_image_format() -> ServiceError:
    return ServiceError("InvalidImageFormatException", "Request has invalid image format")


def image_too_large() -> ServiceError:
    return ServiceError("ImageTooLargeException", "Image size is too large.")


def internal_error() -> ServiceError:
    return ServiceError("InternalServerError", SERVICE_ISSUE, 500)
