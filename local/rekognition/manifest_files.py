"""Fetch manifest files."""

from __future__ import annotations

from local.rekognition.failures import DataFailedError, Failure
from local.rekognition.limits import DataLimits
from local.rekognition.objects import ObjectStore, ObjectUnavailableError, Reason
from local.rekognition.orders import Location


def read_manifest(place: Location, objects: ObjectStore, limits: DataLimits) -> str:
    """Return the text of a manifest file. Raises DataFailedError."""
    if "." not in place.key.rpartition("/")[2]:
        raise DataFailedError(Failure.MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT)
    try:
        if objects.size(place.bucket, place.key, place.version) > limits.manifest_bytes:
            raise DataFailedError(Failure.MANIFEST_SIZE_TOO_LARGE)
        return objects.read(place.bucket, place.key, place.version).decode()
    except ObjectUnavailableError as error:
        forbidden = error.reason is Reason.FORBIDDEN
        raise DataFailedError(
            Failure.INVALID_PERMISSIONS_MANIFEST_S3_BUCKET
            if forbidden
            else Failure.MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT
        ) from error
    except UnicodeDecodeError as error:
        raise DataFailedError(Failure.MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT) from error
