"""Decide how Rekognition gets an image: by reference, within the request, or normalised.

An image that Rekognition takes as it is goes by reference, and its bytes do not move. A small one is in hand whole
once its header is read, and goes within the request: that spares Rekognition a read of S3 (docs/decisions/0009).
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from lambdas.detect_labels.source import check_source
from lambdas.errors import ErrorCode, PermanentError
from lambdas.images import ImageRef
from lambdas.jobs import Source
from lambdas.object_file import get_object
from lambdas.pictures.decoder import Decoder
from lambdas.pictures.limits import MAX_DOWNLOAD_BYTES, MAX_REFERENCE_BYTES, MAX_SIDE


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """An image as it is asked about. Boxes of the answer are ratios of the upright original's sides."""

    request: dict[str, Any]  # the member Image of DetectCustomLabels
    width: int  # pixels of the original, upright
    height: int
    changes: list[str]  # what was done to it, in order; nothing where Rekognition takes it as it is


def prepare(s3: Any, decoder: Decoder, image: ImageRef, source: Source, *, normalise: bool = False) -> Prepared:
    """Make an image what Rekognition takes; with `normalise`, though its header is as it should be.

    Raises PermanentError where it can never be, DecoderUnavailableError, and errors of S3.
    """
    check_source(source)
    if not normalise and goes_as_it_is(source) and source.width and source.height:
        request = {"S3Object": image.to_s3_object()} if source.content is None else {"Bytes": source.content}
        return Prepared(request=request, width=source.width, height=source.height, changes=[])
    assert source.format
    with decoder.turn, _content(s3, image, source) as file:  # one turn for both: a copy on disk has its bounds too
        picture = decoder.normalise(file, source.format)
    return Prepared(
        request={"Bytes": picture.content}, width=picture.width, height=picture.height, changes=picture.changes
    )


def annotate(s3: Any, decoder: Decoder, image: ImageRef, prepared: Prepared, labels: list[dict[str, Any]]) -> bytes:
    """Return a JPEG of the picture that Rekognition saw, with its labels and their boxes; raise as `prepare` does."""
    content = prepared.request.get("Bytes")
    with decoder.turn, _opened(s3, image, content) as file:
        return decoder.annotate(file, labels)


def goes_as_it_is(source: Source) -> bool:
    """Tell whether Rekognition takes the object as it is and sees what people see.

    Whether DetectCustomLabels applies EXIF orientation, and what it makes of transparency, palettes and further
    frames, is not documented: those pictures are not plain.
    """
    if not source.width or not source.height:
        return False
    return source.plain and max(source.width, source.height) <= MAX_SIDE and source.size <= MAX_REFERENCE_BYTES


def _content(s3: Any, image: ImageRef, source: Source) -> Any:
    if source.size > MAX_DOWNLOAD_BYTES:
        raise PermanentError(
            ErrorCode.TOO_LARGE,
            f"The object has {source.size:,} bytes; the limit for {source.format} is {MAX_DOWNLOAD_BYTES:,}, and "
            f"{MAX_REFERENCE_BYTES:,} for a JPEG or PNG of up to {MAX_SIDE} pixels a side. Shrink or compress it.",
        )
    return _opened(s3, image, source.content)


@contextmanager
def _opened(s3: Any, image: ImageRef, content: bytes | None) -> Iterator[BinaryIO]:
    """Give the image as an unnamed file, which the system removes even where the function is killed."""
    with tempfile.TemporaryFile() as file:
        if content is None:
            with get_object(s3, image)["Body"] as body:
                shutil.copyfileobj(body, file, 1024 * 1024)
        else:
            file.write(content)
        file.flush()
        file.seek(0)
        yield file
