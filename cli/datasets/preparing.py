"""Makes of an example a file that training takes, by the rules and the decoder that detection uses.

Training and detection then see pictures alike: upright, in 8-bit colour, on white, at most 4,096 pixels a side.
"""

import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.datasets.examples import RATIOS, Example, StoredImage
from cli.datasets.fingerprints import fingerprint
from cli.datasets.parallel import each
from lambdas.datasets.labelled import LabelledImage
from lambdas.datasets.limits import MAX_IMAGE_BYTES, MAX_SIDE
from lambdas.datasets.seen import Seen
from lambdas.detect_labels.source import check_source
from lambdas.errors import ErrorCode, PermanentError, error_code
from lambdas.jobs import Source
from lambdas.pictures.decoder import Decoder
from lambdas.pictures.headers.identify import identify
from lambdas.pictures.headers.reading import Header

_DECODER_BYTES: Final = 2 * 1024**3  # of address space, for pictures of up to 128 megapixels
_DECODER_SECONDS: Final = 60.0
_SAME_SHAPE: Final = 0.02  # by which the aspects of two sizes of one picture may differ: sides are whole pixels
_SUFFIXES: Final = {"PNG": "png", "JPEG": "jpg"}


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """An example whose picture is ready for upload."""

    example: Example
    path: Path  # what is uploaded
    digest: str  # of its content: 32 hex digits
    format: str  # PNG or JPEG
    size: int  # bytes
    width: int  # pixels
    height: int
    measured: tuple[float, float]  # width and height that the example's boxes are told in
    fingerprint: int | None
    changes: tuple[str, ...]  # what was done to the picture, in order

    @property
    def name(self) -> str:
        """Return the last part of its key."""
        return f"{self.digest}.{_SUFFIXES[self.format]}"

    @property
    def seen(self) -> Seen:
        """Return what a look at the uploaded picture will tell."""
        return Seen(
            size=self.size, format=self.format, width=self.width, height=self.height, plain=True, content=self.digest
        )

    def labelled(self, source: str) -> LabelledImage:
        """Return the line's content, once the picture has an address."""
        across, down = self.width / self.measured[0], self.height / self.measured[1]
        boxes = tuple(box.scaled(across, down) for box in self.example.boxes)
        return LabelledImage(
            source=source, width=self.width, height=self.height, labels=self.example.labels, boxes=boxes
        )


@dataclass(frozen=True)
class Refused:
    """An example that cannot be trained with, and why not."""

    example: Example
    problem: str


class Preparer:
    """Prepares examples in several threads, each with a decoding process of its own."""

    def __init__(self, s3: Any, folder: Path) -> None:
        """`folder` is for copies: of pictures that are converted, or that come from S3."""
        self._s3 = s3
        self._folder = folder
        self._mine = threading.local()
        self._decoders: list[Decoder] = []

    def prepare(self, examples: Sequence[Example], done: Callable[[int], None]) -> list[Prepared | Refused]:
        """Prepare all; `done` is told of each picture's bytes. Errors of S3, but a missing object, pass through."""

        def prepare(numbered: tuple[int, Example]) -> Prepared | Refused:
            outcome = self._outcome(*numbered)
            done(outcome.size if isinstance(outcome, Prepared) else 0)
            return outcome

        return list(each(prepare, list(enumerate(examples)), min(8, 2 * (os.cpu_count() or 1))))

    def close(self) -> None:
        """End the decoding processes."""
        for decoder in self._decoders:
            decoder.close()

    def _outcome(self, number: int, example: Example) -> Prepared | Refused:
        try:
            return self._prepared(number, example)
        except PermanentError as error:
            return Refused(example, error.message)
        except OSError as error:
            return Refused(example, f"The image cannot be read: {error}.")

    def _prepared(self, number: int, example: Example) -> Prepared:
        path = self._fetched(number, example.image) if isinstance(example.image, StoredImage) else example.image
        header = _header(path)
        original: tuple[int | None, int | None] = (header.width, header.height)
        changes: list[str] = []
        if not _is_taken(header, path.stat().st_size):
            copy, original, changes = self._converted(number, path, header.format)
            path, header = copy, _header(copy)
        assert header.width and header.height and original[0] and original[1]  # noqa: PT018 - of one header
        measured = example.measured or (float(original[0]), float(original[1]))
        _check_shape(measured, header)
        with path.open("rb") as file:
            likeness = fingerprint(file)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:32]
        return Prepared(
            example=example,
            path=path,
            digest=digest,
            format=header.format,
            size=path.stat().st_size,
            width=header.width,
            height=header.height,
            measured=measured,
            fingerprint=likeness,
            changes=tuple(changes),
        )

    def _fetched(self, number: int, image: StoredImage) -> Path:
        path = self._folder / f"{number}.original"
        try:
            with self._s3.get_object(Bucket=image.bucket, Key=image.key)["Body"] as body, path.open("wb") as file:
                shutil.copyfileobj(body, file)
        except ClientError as error:
            if error_code(error) not in ("NoSuchKey", "404"):
                raise
            raise PermanentError(ErrorCode.OBJECT_GONE, "There is no such object.") from error
        return path

    def _converted(self, number: int, path: Path, file_format: str) -> tuple[Path, tuple[int, int], list[str]]:
        """Convert a picture; return the copy's path, the original's size and what was changed."""
        if not hasattr(self._mine, "decoder"):
            self._mine.decoder = Decoder(memory_bytes=_DECODER_BYTES, seconds=_DECODER_SECONDS)
            self._decoders.append(self._mine.decoder)
        with path.open("rb") as file:
            picture = self._mine.decoder.normalise(file, file_format)
        copy = self._folder / f"{number}.jpg"
        copy.write_bytes(picture.content)
        return copy, (picture.width, picture.height), picture.changes


def _header(path: Path) -> Header:
    """Read a picture's header; raise PermanentError where neither Rekognition nor a decoder can help."""
    with path.open("rb") as file:
        found = identify(file)
    header = found or Header(format="")
    check_source(
        Source(
            size=path.stat().st_size,
            format=header.format or None,
            width=header.width,
            height=header.height,
            plain=header.plain,
        )
    )
    return header


def _is_taken(header: Header, size: int) -> bool:
    """Tell whether training takes a picture as it is, and sees what people see."""
    known = header.width is not None and header.height is not None
    return known and header.plain and max(header.width or 0, header.height or 0) <= MAX_SIDE and size <= MAX_IMAGE_BYTES


def _check_shape(measured: tuple[float, float], header: Header) -> None:
    """Raise PermanentError where boxes were drawn on a picture of another shape: they would be elsewhere."""
    assert header.width and header.height  # noqa: PT018 - of one header
    if measured == RATIOS:
        return
    aspect = (measured[0] / measured[1]) / (header.width / header.height)
    if abs(aspect - 1) > _SAME_SHAPE:
        raise PermanentError(
            ErrorCode.ASPECT_RATIO,
            f"Its boxes are for {measured[0]:g} x {measured[1]:g} pixels, and it has {header.width} x {header.height}. "
            "Was it turned or cut? Save it upright, as it was when it was labelled.",
        )
