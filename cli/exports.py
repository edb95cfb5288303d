"""Results as files for other tools: JSON lines, and COCO.

COCO as in https://cocodataset.org/#format-data and its results format (`score`). An image-level label has no box, which
COCO does not know: it is in the member `labels` of its image (`category_id` and `score`), an extension.
"""

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final

from lambdas.jobs import Job, JobStatus
from lambdas.moderation import Verdict

_IN_MEMORY: Final = 16 * 1024 * 1024  # bytes of annotations; more are in a temporary file
_DECIMALS: Final = 2  # of pixels


@dataclass
class Exported:
    """What an export wrote."""

    images: int = 0
    annotations: int = 0
    left_out: dict[str, int] = field(default_factory=dict)  # by reason

    def to_json(self) -> dict[str, Any]:
        """Spell it for `--json`."""
        return {"Images": self.images, "Annotations": self.annotations, "LeftOut": self.left_out}

    def leave_out(self, reason: str) -> None:
        """Count an image that the format cannot hold."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1


def export_lines(jobs: Iterable[Job], out: IO[str]) -> Exported:
    """Write each job's document as a line of JSON."""
    exported = Exported()
    for job in jobs:
        out.write(json.dumps(job.to_json(), ensure_ascii=False) + "\n")
        exported.images += 1
    return exported


def export_coco(jobs: Iterable[Job], out: IO[str]) -> Exported:
    """Write one COCO document; memory stays bounded however many jobs there are."""
    exported, categories = Exported(), _Categories()
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, mode="w+", encoding="utf-8") as annotations:
        out.write('{"info": {"description": "Results of Rekognition Custom Labels"}, "licenses": [], "images": [')
        for job in jobs:
            size = _size(job, exported)
            if size is None:
                continue
            exported.images += 1
            out.write(_separator(exported.images) + json.dumps(_image(job, exported.images, size, categories)))
            for annotation in _annotations(job, exported.images, size, categories):
                exported.annotations += 1
                annotations.write(_separator(exported.annotations))
                annotations.write(json.dumps({"id": exported.annotations, **annotation}))
        out.write('\n], "annotations": [')
        annotations.seek(0)
        shutil.copyfileobj(annotations, out)
        out.write('\n], "categories": ' + json.dumps(categories.listed(), ensure_ascii=False) + "}\n")
    return exported


class _Categories:
    """The labels of a project, numbered as they are met."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], int] = {}

    def id_of(self, project: str, label: str) -> int:
        return self._ids.setdefault((project, label), len(self._ids) + 1)

    def listed(self) -> list[dict[str, Any]]:
        return [
            {"id": number, "name": label, "supercategory": project} for (project, label), number in self._ids.items()
        ]


def _size(job: Job, exported: Exported) -> tuple[int, int] | None:
    """Return width and height; None, and counted, where COCO cannot hold the image."""
    if job.status is not JobStatus.SUCCEEDED:
        exported.leave_out(f"is {job.status}")
        return None
    if job.outcome.get("Moderation") == Verdict.BLOCKED:
        exported.leave_out("is BLOCKED by moderation")
        return None
    width, height = job.outcome.get("SourceWidth"), job.outcome.get("SourceHeight")
    if not width or not height:
        exported.leave_out("has no known size")
        return None
    return int(width), int(height)


def _image(job: Job, number: int, size: tuple[int, int], categories: _Categories) -> dict[str, Any]:
    labels = [
        {"category_id": categories.id_of(job.project, label["Name"]), "score": _score(label)}
        for label in job.outcome["CustomLabels"]
        if _box(label) is None
    ]
    return {
        "id": number,
        "file_name": job.image.key,
        "width": size[0],
        "height": size[1],
        "job_id": job.id,
        "s3": job.image.to_json(),
        **({"labels": labels} if labels else {}),
    }


def _annotations(job: Job, image: int, size: tuple[int, int], categories: _Categories) -> Iterator[dict[str, Any]]:
    for label in job.outcome["CustomLabels"]:
        box = _box(label)
        if box is not None:
            left, top, width, height = _in_pixels(box, size)
            yield {
                "image_id": image,
                "category_id": categories.id_of(job.project, label["Name"]),
                "bbox": [left, top, width, height],
                "area": round(width * height, _DECIMALS),
                "iscrowd": 0,
                "score": _score(label),
            }


def _box(label: dict[str, Any]) -> dict[str, float] | None:
    box: dict[str, float] | None = label.get("Geometry", {}).get("BoundingBox")
    return box


def _in_pixels(box: dict[str, float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return left, top, width and height; the model may see a little over the image's edge, COCO may not."""
    left, width = _span(box["Left"], box["Width"], size[0])
    top, height = _span(box["Top"], box["Height"], size[1])
    return left, top, width, height


def _span(start: float, length: float, pixels: int) -> tuple[float, float]:
    first = round(min(max(start, 0.0), 1.0) * pixels, _DECIMALS)
    last = round(min(max(start + length, 0.0), 1.0) * pixels, _DECIMALS)
    return first, round(last - first, _DECIMALS)


def _score(label: dict[str, Any]) -> float:
    return round(float(label["Confidence"]) / 100, 6)


def _separator(number: int) -> str:
    return "\n" if number == 1 else ",\n"
