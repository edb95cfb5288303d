"""Labelled pictures in files, in every format that is imported."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.unit.cli.datasets.store import Store


@pytest.fixture
def buckets() -> Store:
    return Store()


@pytest.fixture
def drawn() -> Callable[..., bytes]:
    """Draw a picture of coarse noise, the same for the same number."""

    def draw(number: int, size: tuple[int, int] = (96, 80), file_format: str = "PNG", **options: object) -> bytes:
        noise = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(file, file_format, **options)
        return file.getvalue()

    return draw


@pytest.fixture
def folder(tmp_path: Path, drawn: Callable[..., bytes]) -> Path:
    """A folder of two labels, twelve pictures each."""
    for number in range(24):
        path = tmp_path / "pictures" / ("dent", "crack")[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(drawn(number))
    return tmp_path / "pictures"


@pytest.fixture
def boxed(tmp_path: Path, drawn: Callable[..., bytes]) -> Path:
    """A folder of images/, and their boxes as coco.json, boxes.csv and as YOLO text files with data.yaml."""
    root = tmp_path / "boxed"
    (root / "images").mkdir(parents=True)
    (root / "labels").mkdir()
    rows, images, annotations = ["image;label;left;top;width;height"], [], []
    for number in range(24):
        name, label, left, top = f"{number:02}.jpg", ("dent", "crack")[number % 2], number, 2 * number
        (root / "images" / name).write_bytes(drawn(number, (160, 120), "JPEG"))
        images.append({"id": number, "file_name": name, "width": 160, "height": 120})
        annotations.append({"id": number, "image_id": number, "category_id": 7 + number % 2})
        annotations[-1]["bbox"] = [left, top, 40, 30]
        rows.append(f"{name};{label};{left};{top};40;30")
        ratios = ((left + 20) / 160, (top + 15) / 120, 40 / 160, 30 / 120)
        (root / "labels" / f"{number:02}.txt").write_text(f"{number % 2} {' '.join(map(str, ratios))}\n")
    categories = [{"id": 7, "name": "dent"}, {"id": 8, "name": "crack"}]
    described = {"images": images, "annotations": annotations, "categories": categories}
    (root / "coco.json").write_text(json.dumps(described))
    (root / "boxes.csv").write_text("\n".join(rows))
    (root / "data.yaml").write_text("path: .\ntrain: images\nnc: 2\nnames:\n  0: dent\n  1: crack\n")
    return root
