"""Where a data set is in the datasets bucket."""

import re
from dataclasses import dataclass
from typing import Final

from lambdas.names import TEST_MANIFEST, TRAIN_MANIFEST

HELD_MANIFEST: Final = "held.manifest"  # a train manifest that starts nothing
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,200}")


class DatasetNameError(ValueError):
    """The name of a data set cannot be used; the message says which can."""


@dataclass(frozen=True)
class Place:
    """One data set's place."""

    bucket: str
    project: str
    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise DatasetNameError(
                f"{self.name!r} cannot name a data set; use up to 200 letters, digits, '.', '_' and '-'"
            )

    def key(self, name: str) -> str:
        return f"{self.project}/{self.name}/{name}"

    @property
    def train(self) -> str:
        return self.key(TRAIN_MANIFEST)

    @property
    def test(self) -> str:
        return self.key(TEST_MANIFEST)

    @property
    def held(self) -> str:
        return self.key(HELD_MANIFEST)

    def image(self, name: str) -> str:
        return self.key(f"images/{name}")

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"
