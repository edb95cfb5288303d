"""Manifest lines, right and wrong, and a linter's look at images that nobody drew."""

import json
from typing import Any

from lambdas.datasets.census import Look, Manifest
from lambdas.datasets.lint import Report, lint
from lambdas.datasets.seen import Seen

BUCKET = "datasets"


def classified(name: object, *labels: str, bucket: str = BUCKET) -> dict[str, Any]:
    """Return the line of an image with labels of the whole of it."""
    line: dict[str, Any] = {"source-ref": f"s3://{bucket}/images/{name}.png"}
    for number, label in enumerate(labels or ("seven",)):
        line[f"a{number}"] = 1
        line[f"a{number}-metadata"] = {
            "class-name": label,
            "confidence": 1,
            "type": "groundtruth/image-classification",
        }
    return line


def boxed(name: object, *boxes: tuple[str, float, float, float, float], side: int = 100) -> dict[str, Any]:
    """Return the line of a square image with boxes: label, left, top, width, height."""
    classes = sorted({label for label, *_ in boxes})
    annotations = [
        {"class_id": classes.index(label), "left": left, "top": top, "width": width, "height": height}
        for label, left, top, width, height in boxes
    ]
    return {
        "source-ref": f"s3://{BUCKET}/images/{name}.png",
        "bb": {"image_size": [{"width": side, "height": side, "depth": 3}], "annotations": annotations},
        "bb-metadata": {
            "objects": [{"confidence": 1} for _ in boxes],
            "class-map": {str(number): label for number, label in enumerate(classes)},
            "type": "groundtruth/object-detection",
        },
    }


def without(line: dict[str, Any], *path: Any) -> dict[str, Any]:
    """Return the line without the element at the path."""
    *way, last = path
    here: Any = line
    for step in way:
        here = here[step]
    del here[last]
    return line


def setting(line: dict[str, Any], value: object, *path: Any) -> dict[str, Any]:
    """Return the line with the value at the path."""
    *way, last = path
    here: Any = line
    for step in way:
        here = here[step]
    here[last] = value
    return line


def good(labels: str = "ab", each: int = 12, **options: Any) -> list[dict[str, Any]]:
    """Return lines that nothing can be said against: so many of each one-letter label."""
    return [classified(f"{label}{number}", label, **options) for label in labels for number in range(each)]


def seeing(**images: Seen) -> Look:
    """Return a look that knows these images by their names; nobody looked at the others."""
    return lambda source: images.get(source.rpartition("/")[2].removesuffix(".png"))


def manifest(name: str, lines: Any) -> Manifest:
    return Manifest(name=name, lines=[line if isinstance(line, str) else json.dumps(line) for line in lines])


def linted(train: Any, test: Any = None, **options: Any) -> Report:
    """Lint lines as the data set that they make."""
    return lint(
        manifest("train.manifest", train),
        None if test is None else manifest("test.manifest", test),
        **{"bucket": BUCKET, "region": "eu-west-1"} | options,
    )
