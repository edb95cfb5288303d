"""Hold what a model learns from and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from PIL import Image

Seen = TypeVar("Seen")


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
class Example(Generic[Seen]):
    """What a learner keeps of one image, the labels that it bears, and their places when they are objects."""

    seen: Seen
    labels: frozenset[str]
    objects: tuple[LabelledRegion, ...] = ()


@dataclass(frozen=True)
class Prediction:
    """One label that a model sees; confidence from 0 to 1; no region when it is of the whole image."""

    label: str
    confidence: float
    region: Region | None = None


class Model(Protocol):
    """What both kinds of learning return; it looks at no side longer than so many pixels."""

    longest_side: ClassVar[int]

    def predict(self, image: Image.Image) -> Sequence[Prediction]:
        """Return all that is worth a confidence, unsorted, from an RGB image of any size."""
        ...

    def recognize(self, seen: Any) -> Sequence[Prediction]:
        """Return the same from what the learner kept of an image."""
        ...


@dataclass(frozen=True)
class Learner(Generic[Seen]):
    """One kind of learning. `see` keeps of an RGB image the little that `learn` needs, so the image can be dropped."""

    longest_side: int  # pixels; a larger image is shrunk before it is seen
    see: Callable[[Image.Image], Seen]
    learn: Callable[[Sequence[Example[Seen]]], Model]


def shrunk(image: Image.Image, side: int) -> Image.Image:
    """Return the image with no side longer than so many pixels; a smaller image comes back as it is."""
    if max(image.size) <= side:
        return image
    copy = image.copy()
    copy.thumbnail((side, side))
    return copy
