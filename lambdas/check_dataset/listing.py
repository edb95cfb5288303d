"""Looks at images in the datasets bucket without opening them: are they there, and how many bytes have they?"""

from typing import Any, Final

from lambdas.datasets.labelled import bucket_and_key
from lambdas.datasets.seen import Seen

_MOST_FOLDERS: Final = 50  # that are listed; a data set has one, or two where its test set is another's
_MOST_OBJECTS: Final = 600_000  # that are remembered: 250,000 to train with, as many to test with


class Listing:
    """What the folders of images hold, each listed when its first image is asked for.

    A listing tells of a thousand objects at a time: 250,000 images take 250 calls instead of as many.
    """

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._folders: set[str] = set()
        self._sizes: dict[str, int] = {}  # by key

    def look(self, source: str) -> Seen | None:
        """Tell of the image of a source-ref; None of one in another bucket, or in one folder too many."""
        bucket, key = bucket_and_key(source)
        if bucket != self._bucket:
            return None
        folder = key.rpartition("/")[0]
        if folder not in self._folders and not self._list(folder):
            return None
        size = self._sizes.get(key)
        return Seen(problem="there is no such object") if size is None else Seen(size=size)

    def _list(self, folder: str) -> bool:
        if len(self._folders) >= _MOST_FOLDERS or len(self._sizes) >= _MOST_OBJECTS:
            return False
        prefix = f"{folder}/" if folder else ""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix, Delimiter="/")
        for page in pages:
            for stored in page.get("Contents", []):
                self._sizes[stored["Key"]] = stored["Size"]
        self._folders.add(folder)
        return True
