"""Learn where objects are and which: windows propose places, and a look at each place names what is there.

The windows are judged by one linear model at many sizes, which is fast but coarse; of windows that overlap the best
one stays. The few places left are cut out of the image and named by a model of whole images, which has also seen
cuts of background that the windows took for objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from local.rekognition.learning.examples import Example, Learner, Prediction, shrunk
from local.rekognition.learning.image_labels import Features, ImageLabelModel, features, learn_image_labels
from local.rekognition.learning.pyramid import Level, Shape, learn_shape, pyramid
from local.rekognition.learning.regions import Rectangles, overlaps, rectangles, region, strongest
from local.rekognition.learning.scenes import Scene, keep
from local.rekognition.learning.windows import Pictured, WindowModel, learn_windows

LONGEST_SIDE = 640  # pixels; larger images are shrunk before anything else
_LEAST_CONFIDENCE = 0.02
_MOST_OVERLAP = 0.3  # of two places
_MOST_PLACES = 50
_PICTURED = 80  # images whose levels are kept in memory to learn windows from, at most 2 MB each
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

    longest_side: ClassVar[int] = LONGEST_SIDE

    shape: Shape
    windows: WindowModel
    aspects: NDArray[np.float64]
    names: ImageLabelModel

    def predict(self, image: Image.Image) -> Sequence[Prediction]:
        """Return the objects found, at most 50, one for each place."""
        image = shrunk(image, LONGEST_SIDE)
        places = _propose(pyramid(image, self.shape), self.windows, self.aspects)
        if not len(places.boxes):
            return []
        names = self.names.probabilities(np.stack([features(_cut_out(image, box)) for box in places.boxes]))
        objects = [column for column, label in enumerate(self.names.labels) if label != _BACKGROUND]
        best = np.array(objects)[names[:, objects].argmax(axis=1)]
        # Both must be sure; the root keeps the result on the scale of its two parts.
        sure = np.sqrt(places.confidences * names[np.arange(len(best)), best])
        return [
            Prediction(self.names.labels[name], float(confidence), region(box, image.size))
            for name, confidence, box in zip(best, sure, places.boxes, strict=True)
        ]

    def recognize(self, seen: Scene) -> Sequence[Prediction]:
        """Return the objects found in a picture that was kept."""
        return self.predict(seen.image())


def learn_localization(examples: Sequence[Example[Scene]]) -> LocalizationModel:
    """Learn from examples with at least one object."""
    labels = sorted({mark.label for example in examples for mark in example.objects})
    truths = [rectangles((mark.region for mark in e.objects), e.seen.size) for e in examples]
    shape = learn_shape(np.concatenate(truths))
    aspects = np.array([_aspect(examples, truths, label) for label in labels])
    pictured = [
        Pictured(pyramid(example.seen.image(), shape), truth, [mark.label for mark in example.objects])
        for example, truth in zip(examples[:_PICTURED], truths, strict=False)
    ]
    windows = learn_windows(pictured, labels)
    cuts = list(_object_cuts(examples, truths))
    for example, image in zip(examples, pictured, strict=False):
        cuts += _background_cuts(example.seen.image(), image.truth, _propose(image.levels, windows, aspects))
    # With a blank there is background even where the windows mistook none.
    cuts.append(_cut_example(Image.new("RGB", (64, 64), "grey"), _BACKGROUND))
    del pictured  # before the most is learned at once
    return LocalizationModel(shape, windows, aspects, learn_image_labels(cuts))


def _aspect(examples: Sequence[Example[Scene]], truths: Sequence[Rectangles], label: str) -> float:
    """Return the label's median width over height, in pixels."""
    sides = [
        box[2:] - box[:2]
        for example, truth in zip(examples, truths, strict=True)
        for mark, box in zip(example.objects, truth, strict=True)
        if mark.label == label
    ]
    return float(np.median([width / height for width, height in sides]))


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


def _object_cuts(examples: Iterable[Example[Scene]], truths: Iterable[Rectangles]) -> Iterator[Example[Features]]:
    """Cut each object out, exactly and as inexactly as windows will."""
    rng = np.random.default_rng(0)
    for example, truth in zip(examples, truths, strict=True):
        image = example.seen.image()
        for mark, box in zip(example.objects, truth, strict=True):
            for cut in (box, *(_shifted(box, rng) for _ in range(_SHIFTED_CUTS))):
                yield _cut_example(_cut_out(image, cut), mark.label)


def _shifted(box: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    sides = box[2:] - box[:2]
    centre = (box[:2] + box[2:]) / 2 + rng.uniform(-_MOST_SHIFT, _MOST_SHIFT, 2) * sides
    half = sides / 2 * (1 + rng.uniform(-_MOST_STRETCH, _MOST_STRETCH))
    return np.concatenate([centre - half, centre + half])


def _background_cuts(image: Image.Image, truth: Rectangles, places: Places) -> list[Example[Features]]:
    """Cut out the surest places that are on no object."""
    empty = overlaps(places.boxes, truth).max(axis=1, initial=0.0) < _MOST_NEGATIVE
    boxes = places.boxes[empty][:_BACKGROUND_CUTS]
    return [_cut_example(_cut_out(image, box), _BACKGROUND) for box in boxes]


def _cut_example(cut: Image.Image, label: str) -> Example[Features]:
    return Example(features(cut), frozenset({label}))


def _cut_out(image: Image.Image, box: NDArray[np.float64]) -> Image.Image:
    """Cut a box with its margin out of the image; what lies outside of the image is black."""
    sides = box[2:] - box[:2]
    left, top = (int(edge) for edge in np.round(box[:2] - _MARGIN * sides))
    right, bottom = (int(edge) for edge in np.round(box[2:] + _MARGIN * sides))
    return image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))


LOCALIZATION = Learner(LONGEST_SIDE, keep, learn_localization)
