"""Learn where objects are and which: windows propose places, and a look at each place names what is there.

The windows are judged by one linear model at many sizes, which is fast but coarse; of windows that overlap the best
one stays. The few places left are cut out of the image and named by a model of whole images, which has also seen
cuts of background that the windows took for objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from local.rekognition.learning.examples import Example, Prediction, shrunk
from local.rekognition.learning.image_labels import ImageLabelModel, learn_image_labels
from local.rekognition.learning.pyramid import Level, Shape, learn_shape, pyramid
from local.rekognition.learning.regions import Rectangles, overlaps, rectangles, region, strongest
from local.rekognition.learning.windows import WindowModel, learn_windows

LONGEST_SIDE = 640  # pixels; larger images are shrunk before anything else
_LEAST_CONFIDENCE = 0.02
_MOST_OVERLAP = 0.3  # of two places
_MOST_PLACES = 50
_PICTURED = 80  # images whose levels are kept in memory to learn windows from, about 2 MB each
_SHIFTED_CUTS = 4  # around each object, beside the exact one
_MOST_SHIFT = 0.08  # of the object's sides
_MOST_STRETCH = 0.12
_BACKGROUND_CUTS = 6  # an image
_MOST_NEGATIVE = 0.4  # overlap with an object up to which a place is background
_MARGIN = 0.08  # of the object's sides, seen around it
_BACKGROUND = ""  # no label is empty


@dataclass(frozen=True)
class Places:
    """Where objects may be, in pixels, and how sure the windows are, from 0 to 1."""

    boxes: Rectangles
    confidences: NDArray[np.float64]


@dataclass(frozen=True)
class LocalizationModel:
    """Find objects; aspects are each label's width over height."""

    shape: Shape
    windows: WindowModel
    aspects: NDArray[np.float64]
    names: ImageLabelModel

    def predict(self, image: Image.Image) -> Sequence[Prediction]:
        """Return the objects found, at most 50, one for each place."""
        image = shrunk(image, LONGEST_SIDE)
        places = _propose(pyramid(image, self.shape), self.windows, self.aspects)
        return [
            self._named(image, box, confidence)
            for box, confidence in zip(places.boxes, places.confidences, strict=True)
        ]

    def _named(self, image: Image.Image, box: NDArray[np.float64], confidence: float) -> Prediction:
        answers = [p for p in self.names.predict(_cut_out(image, box)) if p.label != _BACKGROUND]
        best = max(answers, key=lambda prediction: prediction.confidence)
        # Both must be sure; the root keeps the result on the scale of its two parts.
        sure = float(np.sqrt(confidence * best.confidence))
        return Prediction(best.label, sure, region(box, image.size))


def learn_localization(examples: Sequence[Example]) -> LocalizationModel:
    """Learn from examples with at least one object, shrunk to LONGEST_SIDE."""
    labels = sorted({mark.label for example in examples for mark in example.objects})
    shape = learn_shape(examples)
    pictured = [(example, pyramid(example.image, shape)) for example in examples[:_PICTURED]]
    aspects = np.array([_aspect(examples, label) for label in labels])
    windows = learn_windows(pictured, labels)
    cuts = _object_cuts(examples)
    for example, levels in pictured:
        cuts += _background_cuts(example, _propose(levels, windows, aspects))
    # With a blank there is background even where the windows mistook none.
    cuts.append(Example(Image.new("RGB", (64, 64), "grey"), frozenset({_BACKGROUND})))
    return LocalizationModel(shape, windows, aspects, learn_image_labels(cuts))


def _aspect(examples: Sequence[Example], label: str) -> float:
    """Return the label's median width over height, in pixels."""
    regions = [
        mark.region.width * e.image.width / (mark.region.height * e.image.height)
        for e in examples
        for mark in e.objects
        if mark.label == label
    ]
    return float(np.median(regions))


def _propose(levels: Sequence[Level], windows: WindowModel, aspects: NDArray[np.float64]) -> Places:
    """Return the best places, the surest first."""
    boxes, confidences = [], []
    for level in levels:
        probabilities = windows.probabilities(level)[:, :-1]
        sure = probabilities.sum(axis=1)
        likely = sure >= _LEAST_CONFIDENCE
        boxes.append(level.objects(aspects[probabilities.argmax(axis=1)])[likely])
        confidences.append(sure[likely])
    all_boxes, all_confidences = np.concatenate(boxes), np.concatenate(confidences)
    best = strongest(all_boxes, all_confidences, _MOST_OVERLAP, _MOST_PLACES)
    return Places(all_boxes[best], all_confidences[best])


def _object_cuts(examples: Sequence[Example]) -> list[Example]:
    """Cut each object out, exactly and as inexactly as windows will."""
    rng = np.random.default_rng(0)
    cuts = []
    for example in examples:
        truth = rectangles((mark.region for mark in example.objects), example.image.size)
        for mark, box in zip(example.objects, truth, strict=True):
            boxes = [box, *(_shifted(box, rng) for _ in range(_SHIFTED_CUTS))]
            cuts += [Example(_cut_out(example.image, b), frozenset({mark.label})) for b in boxes]
    return cuts


def _shifted(box: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    sides = box[2:] - box[:2]
    centre = (box[:2] + box[2:]) / 2 + rng.uniform(-_MOST_SHIFT, _MOST_SHIFT, 2) * sides
    half = sides / 2 * (1 + rng.uniform(-_MOST_STRETCH, _MOST_STRETCH))
    return np.concatenate([centre - half, centre + half])


def _background_cuts(example: Example, places: Places) -> list[Example]:
    """Cut out the surest places that are on no object."""
    truth = rectangles((mark.region for mark in example.objects), example.image.size)
    empty = overlaps(places.boxes, truth).max(axis=1, initial=0.0) < _MOST_NEGATIVE
    boxes = places.boxes[empty][:_BACKGROUND_CUTS]
    return [Example(_cut_out(example.image, box), frozenset({_BACKGROUND})) for box in boxes]


def _cut_out(image: Image.Image, box: NDArray[np.float64]) -> Image.Image:
    """Cut a box with its margin out of the image; what lies outside of the image is black."""
    sides = box[2:] - box[:2]
    left, top = (int(edge) for edge in np.round(box[:2] - _MARGIN * sides))
    right, bottom = (int(edge) for edge in np.round(box[2:] + _MARGIN * sides))
    return image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
