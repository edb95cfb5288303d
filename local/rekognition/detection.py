"""Answer DetectCustomLabels."""

from __future__ import annotations

from typing import Any

from local.rekognition.context import Context
from local.rekognition.errors import not_ready
from local.rekognition.learning.examples import Prediction
from local.rekognition.learning.threads import one_core
from local.rekognition.lifecycle import Status
from local.rekognition.orders import TrainedModel
from local.rekognition.rates import use_capacity
from local.rekognition.requested_images import requested_image
from local.rekognition.state import Caller


def detect_custom_labels(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Look at one image with a running model."""
    trained = _running_model(context, caller, request["ProjectVersionArn"])
    image = requested_image(request["Image"], context.objects, trained.model.longest_side)
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
