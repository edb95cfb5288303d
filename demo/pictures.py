"""Make the demo's labelled pictures: `digits` to classify, `scenes` to find digits in.

Nothing is downloaded; all comes with scikit-learn:

- The digits are `sklearn.datasets.load_digits`: 1,797 handwritten digits of 8 x 8 pixels by 43 people, a copy
  of the test set of "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak, 1998) in the UCI
  Machine Learning Repository, which offers it under CC BY 4.0.
- The backgrounds are the photographs of `sklearn.datasets.load_sample_images`, `china.jpg` (by danielbuechele)
  and `flower.jpg` (by vultilion), both from Flickr under CC BY 2.0
  (https://creativecommons.org/licenses/by/2.0/). They are cropped, resized and drawn over here.

A digit that is in one split (train, test, unseen) is in no other, and `unseen` and `test` stand on other parts
of the photographs than `train`. The same arguments give the same bytes.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images

LABELS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SCENE_LABELS = ("zero", "three", "four", "seven")  # unlike enough to be told apart from about 50 of each
DIGIT_SIDE = 128  # pixels; Rekognition takes nothing under 64
SCENE_SIZE = (480, 360)  # pixels, width and height
CARD_SIDE = (60, 112)  # pixels, smallest and largest
CARDS = (2, 4)  # in one scene, fewest and most
_CREATED = "2026-01-01T00:00:00"

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Box:
    """One object: its label and its place in pixels, from the top left corner."""

    label: str
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Picture:
    """One image file with what is known to be on it."""

    name: str
    body: bytes
    content_type: str
    width: int
    height: int
    labels: tuple[str, ...]
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class PictureSet:
    """Three splits that share no source digit."""

    train: tuple[Picture, ...]
    test: tuple[Picture, ...]
    unseen: tuple[Picture, ...]


def digits(
    *,
    train: int = 240,
    test: int = 80,
    unseen: int = 60,
    seed: int = 0,
    labels: tuple[str, ...] = LABELS,
) -> PictureSet:
    """Return so many pictures a split, each one digit in ink on paper, labels in turn, as 128 px PNG."""
    rng = np.random.default_rng(seed)
    decks = _decks(labels, rng)

    def split(name: str, count: int) -> tuple[Picture, ...]:
        return tuple(
            _digit_picture(f"{name}-{i:04d}", label, decks[label].pop(), rng)
            for i, label in enumerate(labels[j % len(labels)] for j in range(count))
        )

    return PictureSet(split("train", train), split("test", test), split("unseen", unseen))


def scenes(
    *,
    train: int = 64,
    test: int = 20,
    unseen: int = 20,
    seed: int = 0,
    labels: tuple[str, ...] = SCENE_LABELS,
) -> PictureSet:
    """Return so many scenes a split: 2 to 4 digit cards at any place and size on a photograph, as JPEG."""
    rng = np.random.default_rng(seed)
    decks = _decks(labels, rng)

    def split(name: str, count: int, part: tuple[float, float]) -> tuple[Picture, ...]:
        return tuple(_scene_picture(f"{name}-{i:04d}", labels, decks, part, rng) for i in range(count))

    return PictureSet(
        split("train", train, (0.0, 0.6)), split("test", test, (0.6, 1.0)), split("unseen", unseen, (0.6, 1.0))
    )


def manifest_line(picture: Picture, bucket: str, key: str) -> str:
    """Return the picture's line of a SageMaker Ground Truth manifest: boxes when it has some, else labels."""
    line: dict[str, object] = {"source-ref": f"s3://{bucket}/{key}"}
    if picture.boxes:
        line |= _box_attribute(picture)
    else:
        for label in picture.labels:
            line[label] = 1
            line[f"{label}-metadata"] = {
                "class-name": label,
                "confidence": 1,
                "type": "groundtruth/image-classification",
                "human-annotated": "yes",
                "creation-date": _CREATED,
                "job-name": "demo",
            }
    return json.dumps(line)


def _box_attribute(picture: Picture) -> dict[str, object]:
    names = sorted({box.label for box in picture.boxes})
    return {
        "cards": {
            "image_size": [{"width": picture.width, "height": picture.height, "depth": 3}],
            "annotations": [
                {
                    "class_id": names.index(box.label),
                    "left": box.left,
                    "top": box.top,
                    "width": box.width,
                    "height": box.height,
                }
                for box in picture.boxes
            ],
        },
        "cards-metadata": {
            "objects": [{"confidence": 1} for _ in picture.boxes],
            "class-map": {str(number): name for number, name in enumerate(names)},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": _CREATED,
            "job-name": "demo",
        },
    }


def _decks(labels: tuple[str, ...], rng: np.random.Generator) -> dict[str, list[NDArray[np.float64]]]:
    """Return each label's digits (8 x 8, ink from 0 to 1), shuffled; a digit that is popped is used up."""
    images, targets = _source_digits()
    decks = {}
    for label in labels:
        deck = [images[i] for i in np.flatnonzero(targets == LABELS.index(label))]
        rng.shuffle(deck)
        decks[label] = deck
    return decks


@cache
def _source_digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    bunch = load_digits()
    return bunch.images / 16.0, bunch.target


@cache
def _photographs() -> tuple[Image.Image, ...]:
    return tuple(Image.fromarray(pixels) for pixels in load_sample_images().images)


def _card(digit: NDArray[np.float64], side: int, rng: np.random.Generator) -> Pixels:
    """Draw the digit in dark ink on light paper, both of a random tint: (side, side, 3)."""
    body = round(side * 0.8)
    enlarged = Image.fromarray(np.uint8(digit * 255)).resize((body, body), Image.Resampling.BICUBIC)
    ink = np.zeros((side, side, 1))
    edge = (side - body) // 2
    ink[edge : edge + body, edge : edge + body, 0] = np.asarray(enlarged) / 255.0
    paper_colour = rng.integers(205, 256, 3)
    ink_colour = rng.integers(0, 80, 3)
    return (paper_colour * (1 - ink) + ink_colour * ink).astype(np.uint8)


def _digit_picture(name: str, label: str, digit: NDArray[np.float64], rng: np.random.Generator) -> Picture:
    stream = io.BytesIO()
    Image.fromarray(_card(digit, DIGIT_SIDE, rng)).save(stream, "PNG")
    return Picture(f"{name}.png", stream.getvalue(), "image/png", DIGIT_SIDE, DIGIT_SIDE, (label,))


def _scene_picture(
    name: str,
    labels: tuple[str, ...],
    decks: dict[str, list[NDArray[np.float64]]],
    part: tuple[float, float],
    rng: np.random.Generator,
) -> Picture:
    scene = _background(part, rng)
    boxes: list[Box] = []
    for _ in range(rng.integers(CARDS[0], CARDS[1] + 1)):
        label = labels[rng.integers(len(labels))]
        place = _free_place(boxes, rng)
        side = place[2]
        scene.paste(Image.fromarray(_card(decks[label].pop(), side, rng)), place[:2])
        boxes.append(Box(label, place[0], place[1], side, side))
    stream = io.BytesIO()
    scene.save(stream, "JPEG", quality=90)
    found = tuple(sorted({box.label for box in boxes}))
    return Picture(f"{name}.jpg", stream.getvalue(), "image/jpeg", *SCENE_SIZE, found, tuple(boxes))


def _background(part: tuple[float, float], rng: np.random.Generator) -> Image.Image:
    """Cut a random piece out of a part (from, to: shares of the width) of a random photograph."""
    photograph = _photographs()[rng.integers(len(_photographs()))]
    first, last = (round(share * photograph.width) for share in part)
    width = int(rng.integers(200, 251))
    height = width * SCENE_SIZE[1] // SCENE_SIZE[0]
    left = int(rng.integers(first, last - width + 1))
    top = int(rng.integers(0, photograph.height - height + 1))
    return photograph.resize(SCENE_SIZE, Image.Resampling.BICUBIC, box=(left, top, left + width, top + height))


def _free_place(boxes: list[Box], rng: np.random.Generator) -> tuple[int, int, int]:
    """Return left, top and side of a card that touches none of the boxes."""
    while True:
        side = int(rng.integers(CARD_SIDE[0], CARD_SIDE[1] + 1))
        left = int(rng.integers(0, SCENE_SIZE[0] - side + 1))
        top = int(rng.integers(0, SCENE_SIZE[1] - side + 1))
        if all(
            left >= box.left + box.width
            or box.left >= left + side
            or top >= box.top + box.height
            or box.top >= top + side
            for box in boxes
        ):
            return left, top, side
