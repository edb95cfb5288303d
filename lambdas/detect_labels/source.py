"""Reads an object's header: what it is, how large, and whether Rekognition takes it as it is."""

import io
import warnings
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError
from PIL import Image

from lambdas.errors import ErrorCode, PermanentError, error_code
from lambdas.images import ImageRef
from lambdas.jobs import Source

HEADER_BYTES: Final = 64 * 1024
MAX_BYTES: Final = 15 * 1024 * 1024  # of an image in S3
MIN_SIDE: Final = 64  # pixels
MAX_SIDE: Final = 4096  # pixels
MAX_ASPECT: Final = 20  # longer side to shorter side
JOB_TAG: Final = "job-tag"  # the metadata key that S3 stores as x-amz-meta-job-tag

_TAKEN: Final = frozenset({"PNG", "JPEG", "MPO"})  # a multi-picture JPEG begins with a plain one
# What Pillow may look at. Its readers of other formats raise errors of any kind on broken files.
_READ: Final = ("PNG", "JPEG")
# What else is told from content that is no image: where the mark stands, the mark, the format.
_MARKS: Final = (
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"8BPS", "PSD"),
    (0, b"\0\0\1\0", "ICO"),
    (4, b"jP  \r\n\x87\n", "JPEG2000"),
    (8, b"WEBP", "WEBP"),
    (4, b"ftypavi", "AVIF"),  # avif, avis
    (4, b"ftyphe", "HEIF"),  # heic, heix, hevc, heim ...
    (4, b"ftypmif1", "HEIF"),
    (4, b"ftypmsf1", "HEIF"),
)
_GONE: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404"})
_FORBIDDEN: Final = frozenset({"AccessDenied", "403", "InvalidObjectState"})


@dataclass(frozen=True)
class _Header:
    format: str | None
    width: int | None
    height: int | None
    bomb: bool = False


def read_source(s3: Any, image: ImageRef) -> Source:
    """Read the first 64 KiB of an object version.

    Raises PermanentError where the object is gone, forbidden or empty; other errors of S3 pass through.
    """
    try:
        answer = s3.get_object(
            Bucket=image.bucket,
            Key=image.key,
            VersionId=image.version,
            Range=f"bytes=0-{HEADER_BYTES - 1}",
        )
    except ClientError as error:
        raise _explained(error, image) from error
    with answer["Body"] as body:
        head = body.read(HEADER_BYTES)
    header = _identify(head)
    return Source(
        # Without a range in the answer, it is the whole object.
        size=int(answer["ContentRange"].rpartition("/")[2]) if "ContentRange" in answer else answer["ContentLength"],
        format=header.format,
        width=header.width,
        height=header.height,
        bomb=header.bomb,
        job_tag=answer["Metadata"].get(JOB_TAG),
    )


def check_source(source: Source) -> None:
    """Raise PermanentError where Rekognition would refuse the image; the message says the limit."""
    if source.size == 0:
        raise PermanentError(ErrorCode.EMPTY_OBJECT, "The object holds no bytes.")
    if source.format is None:
        raise PermanentError(ErrorCode.NOT_AN_IMAGE, "The object's content is not an image, whatever its name says.")
    if source.format not in _TAKEN:
        raise PermanentError(
            ErrorCode.UNSUPPORTED_FORMAT, f"The image is {source.format}; Rekognition reads PNG and JPEG."
        )
    if source.size > MAX_BYTES:
        raise PermanentError(ErrorCode.TOO_LARGE, f"The object has {source.size:,} bytes; the limit is {MAX_BYTES:,}.")
    if source.bomb:
        raise PermanentError(ErrorCode.TOO_MANY_PIXELS, f"The image has too many pixels; a side may have {MAX_SIDE}.")
    if source.width and source.height:
        _check_sides(source.width, source.height)


def _check_sides(width: int, height: int) -> None:
    size = f"The image has {width} x {height} pixels"
    if min(width, height) < MIN_SIDE:
        raise PermanentError(ErrorCode.TOO_SMALL, f"{size}; each side needs at least {MIN_SIDE}.")
    if max(width, height) > MAX_SIDE:
        raise PermanentError(ErrorCode.TOO_MANY_PIXELS, f"{size}; a side may have {MAX_SIDE}.")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PermanentError(ErrorCode.ASPECT_RATIO, f"{size}; a side may be {MAX_ASPECT} times the other.")


def _identify(head: bytes) -> _Header:
    """Name the format and size that a header declares; nothing is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(head), formats=_READ) as opened:
                return _Header(opened.format, opened.width, opened.height)
    except Image.DecompressionBombError:
        return _Header(_marked(head), None, None, bomb=True)
    except (OSError, ValueError, RuntimeError):
        # Nothing that Pillow knows, a broken header, or one longer than what was read: of those that it takes,
        # the service decides.
        return _Header(_marked(head), None, None)


def _marked(head: bytes) -> str | None:
    return next((name for start, mark, name in _MARKS if head.startswith(mark, start)), None)


def _explained(error: ClientError, image: ImageRef) -> PermanentError | ClientError:
    code = error_code(error)
    where = f"s3://{image.bucket}/{image.key} (version {image.version})"
    if code in _GONE:
        return PermanentError(ErrorCode.OBJECT_GONE, f"{where} was deleted before it was read.")
    if code in _FORBIDDEN:
        return PermanentError(ErrorCode.OBJECT_FORBIDDEN, f"S3 does not let detect_labels read {where}: {code}.")
    if code == "InvalidRange":
        return PermanentError(ErrorCode.EMPTY_OBJECT, "The object holds no bytes.")
    return error
