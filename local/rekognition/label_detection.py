"""Answer DetectLabels by the rule of labels.py, and with properties that are really measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from local.rekognition.context import Context
from local.rekognition.errors import invalid_parameter
from local.rekognition.images import GENERAL
from local.rekognition.labels import MODEL_VERSION, chosen, labels_of
from local.rekognition.pixels import LONGEST_SIDE, Mask, Pixels, Quality, centre_of, dominant_colors, quality
from local.rekognition.requested_images import requested_image
from local.rekognition.state import Caller

_GENERAL_LABELS, _IMAGE_PROPERTIES = "GENERAL_LABELS", "IMAGE_PROPERTIES"
_LEAST_CONFIDENCE = 55.0
_MOST_LABELS = 1000
_MOST_COLORS = 10


def detect_labels(context: Context, _caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Name what one image shows, measure it, or both, as Features says; GENERAL_LABELS when it says nothing."""
    features = request.get("Features") or [_GENERAL_LABELS]
    wants_labels = _GENERAL_LABELS in features
    if not wants_labels and ("MaxLabels" in request or "MinConfidence" in request):
        raise invalid_parameter(f"MaxLabels and MinConfidence need {_GENERAL_LABELS} in Features.")
    pixels = np.asarray(requested_image(request["Image"], context.objects, LONGEST_SIDE, GENERAL))
    settings = request.get("Settings", {})
    answer: dict[str, Any] = {"Labels": [], "LabelModelVersion": MODEL_VERSION}
    if wants_labels:
        filters = settings.get("GeneralLabels", {})
        labels = chosen(labels_of(pixels), request.get("MinConfidence", _LEAST_CONFIDENCE), filters)
        most = min(request.get("MaxLabels", _MOST_LABELS), _MOST_LABELS)
        answer["Labels"] = [{**label.described(), "Instances": []} for label in labels[:most]]
    if _IMAGE_PROPERTIES in features:
        most = settings.get("ImageProperties", {}).get("MaxDominantColors", _MOST_COLORS)
        answer["ImageProperties"] = _properties(pixels, most)
    return answer


def _properties(pixels: Pixels, most: int) -> dict[str, Any]:
    """Measure the image, its middle as foreground and the rest as background: nothing here tells things apart."""
    centre = centre_of(pixels)
    return {
        "Quality": {**_brightness_and_sharpness(quality(pixels)), "Contrast": quality(pixels).contrast},
        "DominantColors": _colors(pixels, most),
        "Foreground": _part(pixels, centre, most),
        "Background": _part(pixels, ~centre, most),
    }


def _part(pixels: Pixels, part: Mask, most: int) -> dict[str, Any]:
    return {
        "Quality": _brightness_and_sharpness(quality(pixels, part)),
        "DominantColors": _colors(pixels[part], most),
    }


def _brightness_and_sharpness(measured: Quality) -> dict[str, float]:
    return {"Brightness": measured.brightness, "Sharpness": measured.sharpness}


def _colors(pixels: Pixels, most: int) -> list[dict[str, Any]]:
    return [
        {
            "Red": color.red,
            "Green": color.green,
            "Blue": color.blue,
            "HexCode": color.hex_code,
            "CSSColor": color.css_name,
            "SimplifiedColor": color.simplified,
            "PixelPercent": color.percent,
        }
        for color in dominant_colors(pixels, most)
    ]
