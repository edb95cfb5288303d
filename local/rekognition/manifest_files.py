"""Fetch manifest files."""

from __future__ import annotations

from collections.abc import Iterable

from local.rekognition.failures import DataFailedError, Failure
from local.rekognition.limits import DataLimits
from local.rekognition.objects import ObjectStore, ObjectUnavailableError, Reason
from local.rekognition.orders import Location


def read_manifest(place: Location, objects: ObjectStore, limits: DataLimits) -> str:
    """Return the text of a manifest file. Raises DataFailedError."""
    (manifest,) = read_manifests([place], objects, limits)
    return manifest


def read_manifests(places: Iterable[Location], objects: ObjectStore, limits: DataLimits) -> list[str]:
    """Return the texts of manifest files, which together may be as large as one. Raises DataFailedError."""
    manifests, left = [], limits.manifest_bytes
    for place in places:
        content = _read(place, objects, left)
        left -= len(content)
        try:
            manifests.append(content.decode())
        except UnicodeDecodeError as error:
            raise DataFailedError(Failure.MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT) from error
    return manifests


def _read(place: Location, objects: ObjectStore, most_bytes: int) -> bytes:
    if "." not in place.key.rpartition("/")[2]:
        raise DataFailedError(Failure.MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT)
    try:
        if objects.size(place.bucket, place.key, place.version) > most_bytes:
            raise DataFailedError(Failure.MANIFEST_SIZE_TOO_LARGE)
        return objects.read(place.bucket, place.key, place.version)
    except ObjectUnavailableError as error:
        forbidden = error.reason is Reason.FORBIDDEN
        raise DataFailedError(
            Failure.INVALID_PERMISSIONS_MANIFEST_S3_BUCKET
            if forbidden
            else Failure.MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT
        ) from error
