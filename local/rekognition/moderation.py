"""Answer DetectModerationLabels. Nothing here recognizes unsafe content.

A client's handling of moderation can be tried with harmless pictures: pixels painted in a signal colour stand for
content of one kind, and the percentage of the pixels that have it is the confidence. All other pictures are clean.

| Signal colour | Label (level) |
|---|---|
| magenta, #ff00ff | `Gambling` (1) |
| cyan, #00ffff | `Drinking` (3), with `Alcohol Use` (2) and `Alcohol` (1) |

Names, parents and levels follow Amazon's taxonomy, and a label brings its ancestors, as Amazon's do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from local.rekognition.context import Context
from local.rekognition.errors import invalid_parameter
from local.rekognition.images import GENERAL
from local.rekognition.pixels import LONGEST_SIDE, Pixels, near_share
from local.rekognition.requested_images import requested_image
from local.rekognition.state import Caller

MODEL_VERSION = "local-1.0"  # says that it is not one of Amazon's
_LEAST_CONFIDENCE = 50.0
_TOLERANCE = 40  # in each channel: JPEG does not keep a colour exactly
# Signal colours, and the path through the taxonomy that each stands for, from the top.
_SIGNALS = {(255, 0, 255): ("Gambling",), (0, 255, 255): ("Alcohol", "Alcohol Use", "Drinking")}


def detect_moderation_labels(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Look for signal colours in one image; begin a review by people when asked to and there is one."""
    if "ProjectVersion" in request:
        _refuse_adapter(context, caller, request["ProjectVersion"])
    least = request.get("MinConfidence", _LEAST_CONFIDENCE)
    config = request.get("HumanLoopConfig")
    if config:
        context.human_loops.check(config)
    image = requested_image(request["Image"], context.objects, LONGEST_SIDE, GENERAL)
    labels = _labels(np.asarray(image), least)
    answer: dict[str, Any] = {"ModerationLabels": labels, "ModerationModelVersion": MODEL_VERSION, "ContentTypes": []}
    if config:
        activated = bool(labels)
        answer["HumanLoopActivationOutput"] = context.human_loops.activation(caller, config, least, activated)
    return answer


def _labels(pixels: Pixels, least: float) -> list[dict[str, Any]]:
    """Return the labels of all signals that are there, most confident first, ancestors before descendants."""
    shares = [(near_share(pixels, color, _TOLERANCE), path) for color, path in _SIGNALS.items()]
    return [
        {"Confidence": share, "Name": name, "ParentName": path[level - 2] if level > 1 else "", "TaxonomyLevel": level}
        for share, path in sorted(shares, reverse=True)
        if share and share >= least
        for level, name in enumerate(path, 1)
    ]


def _refuse_adapter(context: Context, caller: Caller, arn: str) -> None:
    """Refuse a version: adapters cannot be trained here, so it is unknown or one of Custom Labels."""
    with context.state.lock:
        context.state.version(caller, arn)
    raise invalid_parameter(f"The project version {arn} is not an adapter.")
