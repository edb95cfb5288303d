"""Where the images of a backfill come from: a prefix of a bucket, or a file that lists them."""

import csv
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from lambdas.images import UNVERSIONED, ImageRef
from lambdas.stored_images import PAGE, Position, Reach, StoredImage, is_skipped, list_page

_LOOKS_AT_ONCE: Final = 8
_COLUMNS: Final = (2, 3)  # bucket,key or bucket,key,version


class ManifestError(ValueError):
    """A manifest cannot be read; the message names the line and what it should be."""


class OutOfReachError(ValueError):
    """The project may not look at these images; the message says why and which setting changes that."""


def check_reach(reach: Reach, bucket: str, prefix: str) -> None:
    """Raise OutOfReachError where the project may not look at what is under a prefix."""
    reason = reach.why_not(bucket, prefix)
    if reason is not None:
        raise OutOfReachError(reason)


@dataclass(frozen=True)
class Refused:
    """An image that could not be enqueued."""

    bucket: str
    key: str
    version: str | None
    reason: str

    def to_json(self) -> dict[str, str]:
        """Spell it as a line of a manifest, so that what failed can be tried again."""
        version = {"version": self.version} if self.version else {}
        return {"bucket": self.bucket, "key": self.key, **version, "error": self.reason}


@dataclass(frozen=True)
class Portion:
    """Some images of a source, and where the source goes on after them."""

    images: list[StoredImage]
    skipped: int = 0
    refused: list[Refused] = field(default_factory=list)
    after: Any = None  # in JSON's values


@dataclass(frozen=True)
class Prefix:
    """The images under a prefix, in S3's order of keys."""

    s3: Any
    bucket: str
    prefix: str
    page: int = PAGE
    total: None = None  # S3 does not say how many there are

    def portions(self, after: Any = None) -> Iterator[Portion]:
        """Yield page after page; `after` is of the last portion that was done."""
        position = Position(*after) if after else None
        while True:
            page = list_page(self.s3, self.bucket, self.prefix, position, self.page)
            position = page.next
            yield Portion(page.images, page.skipped, after=[position.key, position.version] if position else None)
            if position is None:
                return


@dataclass(frozen=True)
class Manifest:
    """The images that a file lists: JSON lines, or CSV as S3 Inventory and S3 Batch Operations write it.

    JSON lines: `{"bucket": ..., "key": ..., "version": ...}`, the version being optional; other members are ignored.
    CSV, no header: bucket,key or bucket,key,version, keys URL-encoded. Without a version, the current one is looked up.
    """

    s3: Any
    file: Path
    page: int = PAGE

    @property
    def total(self) -> int:
        """How many lines it has. Raises ManifestError, as reading it does."""
        try:
            with self.file.open(encoding="utf-8", newline="") as lines:
                return sum(1 for _ in self._rows(lines))
        except (OSError, UnicodeDecodeError) as error:
            raise ManifestError(f"{self.file} cannot be read as text: {error}") from error

    def portions(self, after: Any = None) -> Iterator[Portion]:
        """Yield some lines after the others; `after` is how many were done."""
        done = after or 0
        with self.file.open(encoding="utf-8", newline="") as lines, ThreadPoolExecutor(_LOOKS_AT_ONCE) as threads:
            rows = islice(self._rows(lines), done, None)
            while portion := list(islice(rows, self.page)):
                done += len(portion)
                found = list(threads.map(self._look, portion))
                images = [stored for stored in found if isinstance(stored, StoredImage)]
                kept = [stored for stored in images if not is_skipped(stored)]
                refused = [one for one in found if isinstance(one, Refused)]
                yield Portion(kept, len(images) - len(kept), refused, done)

    def _rows(self, lines: Any) -> Iterator[tuple[str, str, str | None]]:
        if self.file.suffix.lower() == ".csv":
            for number, row in enumerate((row for row in csv.reader(lines) if row), start=1):
                if len(row) not in _COLUMNS:
                    raise ManifestError(
                        f"{self.file}, row {number}: {len(row)} columns; a CSV manifest has bucket,key or "
                        "bucket,key,version and no others"
                    )
                yield row[0], unquote_plus(row[1]), row[2] or None if len(row) > 2 else None
            return
        for number, line in enumerate((line for line in lines if line.strip()), start=1):
            yield self._entry(number, line)

    def _entry(self, number: int, line: str) -> tuple[str, str, str | None]:
        try:
            said = json.loads(line)
            bucket, key, version = said["bucket"], said["key"], said.get("version")
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
            bucket = key = version = None
        if isinstance(bucket, str) and isinstance(key, str) and isinstance(version, str | None) and bucket and key:
            return bucket, key, version
        raise ManifestError(
            f'{self.file}, entry {number} is not {{"bucket": ..., "key": ...}} in JSON: {line.strip()[:100]!r}; '
            "a CSV manifest ends in .csv"
        )

    def _look(self, row: tuple[str, str, str | None]) -> StoredImage | Refused:
        bucket, key, version = row
        if version is not None:
            return StoredImage(ImageRef(bucket, key, version), 0)
        try:
            head = self.s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            return Refused(bucket, key, None, str(error))
        return StoredImage(ImageRef(bucket, key, head.get("VersionId", UNVERSIONED)), head["ContentLength"])
