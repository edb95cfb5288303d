"""An image with what a person knows to be on it: the one model of labelled data, whatever file it came from."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a data set teaches."""

    CLASSIFICATION = "classification"
    DETECTION = "detection"


@dataclass(frozen=True, kw_only=True)
class Box:
    """One object, in pixels of its image from the top left corner."""

    label: str
    left: float
    top: float
    width: float
    height: float

    def scaled(self, across: float, down: float) -> "Box":
        """Return the box on a copy of the image that is so many times as wide and as high."""
        return Box(
            label=self.label,
            left=self.left * across,
            top=self.top * down,
            width=self.width * across,
            height=self.height * down,
        )


@dataclass(frozen=True, kw_only=True)
class LabelledImage:
    """One image: labels of the whole of it, or boxes of single objects.

    `width` and `height` are in pixels; 0 where nothing says them, which only an image without boxes may have.
    """

    source: str  # s3://BUCKET/KEY
    width: int = 0
    height: int = 0
    labels: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()

    @property
    def bucket(self) -> str:
        return bucket_and_key(self.source)[0]

    @property
    def all_labels(self) -> frozenset[str]:
        """Return the labels of the image and of its boxes."""
        return frozenset(self.labels) | {box.label for box in self.boxes}


def bucket_and_key(source: str) -> tuple[str, str]:
    """Split `s3://BUCKET/KEY`; both are empty where it is none."""
    bucket, slash, key = source.removeprefix("s3://").partition("/")
    return (bucket, key) if source.startswith("s3://") and bucket and slash and key else ("", "")
