"""Small copies of the pictures of a report. Whatever a file holds, it is decoded in a process of its own."""

import tempfile
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.errors import PermanentError, error_code
from lambdas.pictures.decoder import Decoder
from lambdas.pictures.headers.identify import identify
from lambdas.pictures.limits import MAX_REFERENCE_BYTES, READABLE

SIDE: Final = 400  # pixels, longest
MOST_BYTES: Final = 24 * 1024
_CHUNK: Final = 1024 * 1024
_SCHEME: Final = "s3://"


@dataclass(frozen=True, kw_only=True)
class Thumbnail:
    """A small JPEG of a picture; or why there is none, and no size of it either."""

    jpeg: bytes | None = None
    width: int = 0  # pixels of the original, upright
    height: int = 0
    problem: str | None = None


def thumbnail(s3: Any, decoder: Decoder, source: str, bucket: str) -> Thumbnail:
    """Return the picture of a source-ref as it is now. Only the bucket of data sets is read."""
    where, _, key = source.removeprefix(_SCHEME).partition("/")
    if not source.startswith(_SCHEME) or where != bucket or not key:
        return Thumbnail(problem="The image is not in the bucket of data sets.")
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error_code(error) in ("NoSuchKey", "404"):
            return Thumbnail(problem="The image has been deleted since the training.")
        return Thumbnail(problem=f"The image cannot be read ({error_code(error)}).")
    with answer["Body"] as body:
        if answer["ContentLength"] > MAX_REFERENCE_BYTES:
            return Thumbnail(problem=f"The image has more than {MAX_REFERENCE_BYTES:,} bytes now.")
        return _shrunk(body, decoder)


def _shrunk(body: Any, decoder: Decoder) -> Thumbnail:
    with tempfile.TemporaryFile() as file:
        left = MAX_REFERENCE_BYTES
        while left and (chunk := body.read(min(left, _CHUNK))):
            file.write(chunk)
            left -= len(chunk)
        file.flush()
        file.seek(0)
        header = identify(file)
        file.seek(0)
        if header is None or header.format not in READABLE:
            return Thumbnail(problem="The object is not an image any more.")
        try:
            small = decoder.shrink(file, header.format, side=SIDE, most_bytes=MOST_BYTES)
        except PermanentError as error:
            return Thumbnail(problem=error.message)
    return Thumbnail(jpeg=small.content, width=small.width, height=small.height)
