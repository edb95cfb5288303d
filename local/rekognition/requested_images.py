"""Get the image that a request sends or names."""

from __future__ import annotations

from typing import Any

from PIL import Image

from local.rekognition.errors import (
    ServiceError,
    image_too_large,
    invalid_image_format,
    invalid_parameter,
    invalid_s3_object,
)
from local.rekognition.images import CUSTOM_LABELS, MOST_OBJECT_BYTES, Bounds, Flaw, UnusableImageError, open_image
from local.rekognition.objects import ObjectStore, ObjectUnavailableError


def requested_image(
    source: dict[str, Any], objects: ObjectStore, longest_side: int, bounds: Bounds = CUSTOM_LABELS
) -> Image.Image:
    """Return the image that the API's Image structure has in Bytes or names in S3Object, shrunk to so many pixels.

    Raises ServiceError, by its cause: InvalidParameterException, InvalidS3ObjectException, ImageTooLargeException,
    InvalidImageFormatException.
    """
    if len(source) != 1:
        raise invalid_parameter("Image needs exactly one of Bytes and S3Object.")
    content = source["Bytes"] if "Bytes" in source else _object(source["S3Object"], objects)
    if "Bytes" in source and len(content) > bounds.most_bytes:
        raise image_too_large()
    try:
        return open_image(content, longest_side, bounds).image
    except UnusableImageError as error:
        raise _refusal(error.flaw) from error


def _object(place: dict[str, str], objects: ObjectStore) -> bytes:
    if "Bucket" not in place or "Name" not in place:
        raise ServiceError("InvalidS3ObjectException", "Request has invalid S3 object.")
    bucket, key, version = place["Bucket"], place["Name"], place.get("Version")
    try:
        if objects.size(bucket, key, version) > MOST_OBJECT_BYTES:
            raise image_too_large()
        return objects.read(bucket, key, version)
    except ObjectUnavailableError as error:
        raise invalid_s3_object() from error


def _refusal(flaw: Flaw) -> ServiceError:
    match flaw:
        case Flaw.NOT_AN_IMAGE:
            return invalid_image_format()
        case Flaw.TOO_LARGE:
            return image_too_large()
        case Flaw.TOO_SMALL | Flaw.TOO_NARROW:
            return invalid_parameter()
