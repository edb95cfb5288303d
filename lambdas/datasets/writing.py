"""Writes manifests in the formats of SageMaker Ground Truth: image-level labels, and bounding boxes."""

import json
from collections.abc import Iterable
from typing import Any, Final

from lambdas.datasets.labelled import Box, LabelledImage

JOB: Final = "custom-labels-pipeline"
_LINE_ENDS: Final = str.maketrans({end: f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"})


def write_manifest(images: Iterable[LabelledImage], created: str) -> str:
    """Return a line an image; `created` is an ISO 8601 time without a zone."""
    return "".join(f"{write_line(image, created)}\n" for image in images)


def write_line(image: LabelledImage, created: str) -> str:
    """Return the image's line. One without labels and boxes says that it was looked at and shows no object."""
    entry: dict[str, Any] = {"source-ref": image.source}
    # Attributes are numbered, not called as their labels: a label may be "source-ref", or end in "-metadata".
    for number, label in enumerate(image.labels):
        entry[f"label-{number}"] = 1
        entry[f"label-{number}-metadata"] = {"class-name": label} | _metadata("image-classification", created)
        entry[f"label-{number}-metadata"]["confidence"] = 1
    if image.boxes or not image.labels:
        names = sorted({box.label for box in image.boxes})
        entry["boxes"] = {
            "image_size": [{"width": image.width, "height": image.height, "depth": 3}],
            "annotations": [_annotation(box, names) for box in image.boxes],
        }
        entry["boxes-metadata"] = {
            "objects": [{"confidence": 1} for _ in image.boxes],
            "class-map": {str(number): name for number, name in enumerate(names)},
        } | _metadata("object-detection", created)
    # Some readers take what the table holds for the end of a line, though JSON does not.
    return json.dumps(entry, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_LINE_ENDS)


def _metadata(kind: str, created: str) -> dict[str, Any]:
    return {"type": f"groundtruth/{kind}", "human-annotated": "yes", "creation-date": created, "job-name": JOB}


def _annotation(box: Box, names: list[str]) -> dict[str, Any]:
    left, top = round(box.left), round(box.top)
    # The far edges are rounded, not the sizes: the box stays within its image.
    width, height = round(box.left + box.width) - left, round(box.top + box.height) - top
    return {"class_id": names.index(box.label), "left": left, "top": top, "width": width, "height": height}
