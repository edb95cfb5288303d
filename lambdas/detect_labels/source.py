"""What an object says about itself: its format by its first bytes, its size, its tag."""

from typing import Any, Final

from lambdas.errors import ErrorCode, PermanentError
from lambdas.images import ImageRef
from lambdas.jobs import Source
from lambdas.object_file import ObjectFile
from lambdas.pictures.headers.identify import identify
from lambdas.pictures.limits import READABLE, check_pixels

JOB_TAG: Final = "job-tag"  # the metadata key that S3 stores as x-amz-meta-job-tag


def read_source(s3: Any, image: ImageRef) -> Source:
    """Read an object version's header, by parts.

    Raises PermanentError where the object is gone, archived or empty; other errors of S3 pass through.
    """
    file = ObjectFile(s3, image)
    header = identify(file)
    return Source(
        size=file.size,
        format=header.format if header else None,
        width=header.width if header else None,
        height=header.height if header else None,
        plain=header.plain if header else False,
        content=file.whole,
        job_tag=file.metadata.get(JOB_TAG),
    )


def check_source(source: Source) -> None:
    """Raise PermanentError where the header shows that neither Rekognition nor a decoder can help."""
    if source.size == 0:
        raise PermanentError(ErrorCode.EMPTY_OBJECT, "The object holds no bytes. Upload it again.")
    if source.format is None:
        raise PermanentError(ErrorCode.NOT_AN_IMAGE, "The object's content is not an image, whatever its name says.")
    if source.format not in READABLE:
        raise PermanentError(
            ErrorCode.UNSUPPORTED_FORMAT,
            f"The file is {source.format}, which is not read here. Upload it as JPEG, PNG, HEIC, WebP, AVIF or TIFF.",
        )
    if source.width is not None and source.height is not None:
        check_pixels(source.width, source.height)
