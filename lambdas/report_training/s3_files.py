"""Read what a training left in S3 within bounds of bytes and of time, whatever the size of the files."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.errors import error_code
from lambdas.training_reports import Place

MAX_DOCUMENT: Final = 48 * 1024 * 1024  # bytes of an evaluation summary: 250 labels of 256 characters confused by all
MAX_LINE: Final = 1024 * 1024  # bytes of a snapshot's line: 250 labels of 256 characters, each with its evaluation
MAX_LINES_BYTES: Final = 512 * 1024 * 1024  # of one snapshot
_CHUNK: Final = 1024 * 1024
_GONE: Final = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchBucket", "404", "AccessDenied", "403"})

Document = dict[str, Any]


class FileUnreadableError(Exception):
    """A file of a training is gone, forbidden, too large or no JSON; the message says which, for the report."""


def place_in(said: Mapping[str, Any]) -> Place | None:
    """Read a member that holds an S3Object; None where it is not there."""
    found = said.get("S3Object", {})
    return Place(found["Bucket"], found["Name"]) if {"Bucket", "Name"} <= set(found) else None


def read_document(s3: Any, place: Place, most: int = MAX_DOCUMENT) -> Document:
    """Return a JSON object; raise FileUnreadableError."""
    with _body(s3, place) as body:
        content = body.read(most + 1)
    if len(content) > most:
        raise FileUnreadableError(f"{place} has more than {most:,} bytes")
    found = _parsed(content)
    if found is None:
        raise FileUnreadableError(f"{place} is not a JSON object")
    return found


@dataclass
class Lines:
    """The lines of a file of JSON objects, each with its number from 1, until a bound is met."""

    s3: Any
    place: Place
    in_time: Callable[[], bool]
    most_bytes: int = MAX_LINES_BYTES
    skipped: int = 0  # too long, or no JSON object
    cut: bool = False  # a bound was met: there is more

    def __iter__(self) -> Iterator[tuple[int, Document]]:
        """Yield what can be read; raise FileUnreadableError."""
        with _body(self.s3, self.place) as body:
            for number, line in enumerate(self._split(body), start=1):
                if not self.in_time():
                    self.cut = True
                    return
                found = _parsed(line) if line is not None else None
                if found is not None:
                    yield number, found
                else:
                    self.skipped += 1

    def _split(self, body: Any) -> Iterator[bytes | None]:
        """Yield the lines; None in the place of one that is too long."""
        rest = bytearray()
        too_long = False
        read = 0
        while chunk := body.read(_CHUNK):
            read += len(chunk)
            *whole, last = chunk.split(b"\n")
            for line in whole:
                rest += line
                if rest.strip():
                    yield None if too_long or len(rest) > MAX_LINE else bytes(rest)
                rest.clear()
                too_long = False
            rest += last
            if len(rest) > MAX_LINE:
                too_long = True
                del rest[1:]
            if read >= self.most_bytes:
                self.cut = True
                return
        if rest.strip():
            yield None if too_long else bytes(rest)


def _body(s3: Any, place: Place) -> Any:
    try:
        return s3.get_object(Bucket=place.bucket, Key=place.key)["Body"]
    except ClientError as error:
        if error_code(error) not in _GONE:
            raise
        raise FileUnreadableError(f"{place} cannot be read ({error_code(error)})") from error


def _parsed(content: bytes) -> Document | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
