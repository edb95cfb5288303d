"""Hold what a model learns from and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image


@dataclass(frozen=True)
class Region:
    """A rectangle as shares of the image's width and height, from the top left corner."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class LabelledRegion:
    """One object that a person marked."""

    label: str
    region: Region


@dataclass(frozen=True)
class Example:
    """One RGB image with the labels that it bears, and their places when they are objects."""

    image: Image.Image
    labels: frozenset[str]
    objects: tuple[LabelledRegion, ...] = ()


@dataclass(frozen=True)
class Prediction:
    """One label that a model sees; confidence from 0 to 1; no region when it is of the whole image."""

    label: str
    confidence: float
    region: Region | None = None


class Model(Protocol):
    """What both kinds of learning return."""

    def predict(self, image: Image.Image) -> Sequence[Prediction]:
        """Return all that is worth a confidence, unsorted, from an RGB image of any size."""
        ...


def shrunk(image: Image.Image, side: int) -> Image.Image:
    """Return the image with no side longer than so many pixels; a smaller image comes back as it is."""
    if max(image.size) <= side:
        return image
    copy = image.copy()
    copy.thumbnail((side, side))
    return copy
