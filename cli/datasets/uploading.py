"""Uploads pictures under names that say their content: what is there already is not sent again.

An upload that was interrupted is resumed by doing it again, and two at the same time do not harm each other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.datasets.parallel import each
from cli.datasets.places import Place
from cli.datasets.preparing import Prepared
from lambdas.errors import error_code

FINGERPRINT: Final = "fingerprint"  # the metadata key of a picture's fingerprint, in hex digits
_AT_ONCE: Final = 8
_CONTENT_TYPES: Final = {"PNG": "image/png", "JPEG": "image/jpeg"}


@dataclass(frozen=True, kw_only=True)
class Uploaded:
    """What was sent, and what was there."""

    sent: int
    sent_bytes: int
    skipped: int


def upload_pictures(s3: Any, place: Place, pictures: Sequence[Prepared], done: Callable[[int], None]) -> Uploaded:
    """Upload pictures that are not there yet; `done` is told of the bytes sent for each. Errors of S3 pass through."""
    there = _there(s3, place)

    def upload(picture: Prepared) -> int:
        key = place.image(picture.name)
        sent = 0 if there.get(key) == picture.size else _sent(s3, place, key, picture)
        done(sent)
        return sent

    sizes = list(each(upload, pictures, _AT_ONCE))
    sent = [size for size in sizes if size]
    return Uploaded(sent=len(sent), sent_bytes=sum(sent), skipped=len(sizes) - len(sent))


def _there(s3: Any, place: Place) -> dict[str, int]:
    """Return the sizes of the images that are there, by key."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.image(""))
    return {stored["Key"]: stored["Size"] for page in pages for stored in page.get("Contents", [])}


def _sent(s3: Any, place: Place, key: str, picture: Prepared) -> int:
    """Upload a picture unless it has come meanwhile; return how many bytes were sent."""
    metadata = {} if picture.fingerprint is None else {FINGERPRINT: f"{picture.fingerprint:064x}"}
    try:
        s3.put_object(
            Bucket=place.bucket,
            Key=key,
            Body=picture.path.read_bytes(),
            ContentType=_CONTENT_TYPES[picture.format],
            Metadata=metadata,
            IfNoneMatch="*",
        )
    except ClientError as error:
        if error_code(error) != "PreconditionFailed":
            raise
        return 0
    return picture.size
