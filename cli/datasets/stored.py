"""Reads data sets that are in the datasets bucket."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.datasets.parallel import each
from cli.datasets.places import Place
from cli.datasets.uploading import FINGERPRINT
from cli.training import DatasetNotFoundError
from lambdas.datasets.labelled import LabelledImage, bucket_and_key
from lambdas.datasets.manifest_lines import read_line
from lambdas.datasets.manifest_text import text_lines
from lambdas.datasets.seen import Seen
from lambdas.errors import ErrorCode, PermanentError, error_code
from lambdas.images import UNVERSIONED, ImageRef
from lambdas.object_file import ObjectFile
from lambdas.pictures.headers.identify import identify

_AT_ONCE: Final = 16
_DIGEST_DIGITS: Final = 32


def read_lines(s3: Any, bucket: str, key: str) -> list[str] | None:
    """Return a manifest's lines, None where there is no such object; raise NotTextError."""
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    except ClientError as error:
        if error_code(error) in ("NoSuchKey", "404"):
            return None
        raise
    return list(text_lines(body.iter_chunks(1024 * 1024)))


def frozen_test(s3: Any, place: Place) -> tuple[list[LabelledImage], dict[str, int | None]]:
    """Return the test images of a data set, and the fingerprint of each by its digest.

    Raises DatasetNotFoundError.
    """
    lines = read_lines(s3, place.bucket, place.test)
    if lines is None:
        raise DatasetNotFoundError(f"{place.uri(place.test)} does not exist; name a data set that has a test.manifest")
    images = [image for line in lines if (image := read_line(line).image)]
    return images, dict(each(lambda image: _fingerprint(s3, image), images, _AT_ONCE))


def look_at_all(s3: Any, sources: Iterable[str], done: Callable[[int], None]) -> dict[str, Seen]:
    """Read the headers of images, by their source-refs; errors of S3, but a missing object, pass through."""

    def look(source: str) -> tuple[str, Seen]:
        seen = _seen(s3, source)
        done(0)
        return source, seen

    return dict(each(look, list(dict.fromkeys(sources)), _AT_ONCE))


def _seen(s3: Any, source: str) -> Seen:
    bucket, key = bucket_and_key(source)
    try:
        file = ObjectFile(s3, ImageRef(bucket, key, UNVERSIONED))
        header = identify(file)
    except PermanentError as error:
        return Seen(problem="there is no such object" if error.code is ErrorCode.OBJECT_GONE else error.message)
    if header is None:
        return Seen(problem="its content is no image", size=file.size)
    return Seen(
        size=file.size,
        format=header.format,
        width=header.width,
        height=header.height,
        plain=header.plain,
        content=_digest(source),
    )


def _fingerprint(s3: Any, image: LabelledImage) -> tuple[str, int | None]:
    bucket, key = bucket_and_key(image.source)
    said = s3.head_object(Bucket=bucket, Key=key)["Metadata"].get(FINGERPRINT)
    return _digest(image.source) or image.source, int(said, 16) if said else None


def _digest(source: str) -> str:
    """Return the digest of content that the name of an uploaded picture is; empty for other names."""
    stem = source.rpartition("/")[2].partition(".")[0]
    return stem if len(stem) == _DIGEST_DIGITS and set(stem) <= set("0123456789abcdef") else ""
