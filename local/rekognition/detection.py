"""Answer DetectCustomLabels."""

from __future__ import annotations

from typing import Any

from PIL import Image

from local.rekognition.context import Context
from local.rekognition.errors import (
    ServiceError,
    image_too_large,
    invalid_image_format,
    invalid_parameter,
    invalid_s3_object,
    not_ready,
)
from local.rekognition.images import MOST_BYTES, MOST_OBJECT_BYTES, Flaw, UnusableImageError, open_image
from local.rekognition.learning.examples import Prediction
from local.rekognition.learning.threads import one_core
from local.rekognition.lifecycle import Status
from local.rekognition.objects import ObjectStore, ObjectUnavailableError
from local.rekognition.orders import TrainedModel
from local.rekognition.rates import use_capacity
from local.rekognition.state import Caller


def detect_custom_labels(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Look at one image with a running model."""
    if len(request["Image"]) != 1:
        raise invalid_parameter("Image needs exactly one of Bytes and S3Object.")
    trained = _running_model(context, caller, request["ProjectVersionArn"])
    image = _image(request["Image"], context.objects)
    with one_core():
        predictions = trained.model.predict(image)
    labels = [
        _custom_label(prediction)
        for prediction in sorted(predictions, key=lambda prediction: -prediction.confidence)
        if prediction.confidence * 100 >= _cut(request, trained, prediction)
    ]
    return {"CustomLabels": labels[: request.get("MaxResults")]}


def _running_model(context: Context, caller: Caller, arn: str) -> TrainedModel:
    with context.state.lock:
        version = context.state.version(caller, arn)
    if version.status is not Status.RUNNING or version.outcome is None or version.outcome.model is None:
        raise not_ready(arn, version.status)
    use_capacity(context, version)
    return version.outcome.model


def _cut(request: dict[str, Any], trained: TrainedModel, prediction: Prediction) -> float:
    """Return the least confidence, 0 to 100: the caller's when given, else the label's assumed threshold."""
    given: float | None = request.get("MinConfidence")
    return trained.thresholds[prediction.label] * 100 if given is None else given


def _image(source: dict[str, Any], objects: ObjectStore) -> Image.Image:
    content = source["Bytes"] if "Bytes" in source else _object(source["S3Object"], objects)
    if "Bytes" in source and len(content) > MOST_BYTES:
        raise image_too_large()
    try:
        return open_image(content)
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


def _custom_label(prediction: Prediction) -> dict[str, Any]:
    label: dict[str, Any] = {"Name": prediction.label, "Confidence": prediction.confidence * 100}
    if prediction.region is not None:
        region = prediction.region
        label["Geometry"] = {
            "BoundingBox": {
                "Width": region.width,
                "Height": region.height,
                "Left": region.left,
                "Top": region.top,
            }
        }
    return label
