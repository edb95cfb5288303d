"""An object version in S3 as a file that is fetched in parts, as they are read."""

from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.errors import ErrorCode, PermanentError, error_code
from lambdas.images import UNVERSIONED, ImageRef
from lambdas.pictures.headers.reading import BrokenHeaderError

FIRST_BYTES: Final = 64 * 1024  # read of every object; most headers end in them, and small objects too
MAX_HEADER_BYTES: Final = 1024 * 1024  # read of one object in all, before it is downloaded or refused

GONE: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404"})  # what S3 says of an object that is not there


class ObjectFile:
    """The headers' file: the first 64 KiB are fetched at once, then what is asked for, each time twice as much."""

    def __init__(self, s3: Any, image: ImageRef, *, growth: int = 2) -> None:
        """Fetch the first part; each further one is `growth` times as long as the one before.

        Raises PermanentError where the object is gone, archived or empty; other errors of S3 pass through.
        """
        self._s3 = s3
        self._image = image
        self._position = 0
        self._fetched = 0
        answer, head = self._get(0, FIRST_BYTES)
        self._parts = [(0, head)]
        self._growth = growth
        self._next = growth * FIRST_BYTES
        self.metadata: dict[str, str] = answer["Metadata"]
        # Without a range in the answer, it is the whole object.
        said = answer.get("ContentRange")
        self.size = int(said.rpartition("/")[2]) if said else int(answer["ContentLength"])

    @property
    def whole(self) -> bytes | None:
        """The whole object, where the first part holds it."""
        head = self._parts[0][1]
        return head if len(head) == self.size else None

    def tell(self) -> int:
        return self._position

    def seek(self, position: int, /) -> int:
        self._position = position
        return position

    def read(self, size: int, /) -> bytes:
        """Return so many bytes, fewer only at the end of the object.

        Raises BrokenHeaderError where more than MAX_HEADER_BYTES would be fetched.
        """
        wanted = max(0, min(size, self.size - self._position))
        data = b""
        while len(data) < wanted:
            data += self._at(self._position + len(data), wanted - len(data))
        self._position += len(data)
        return data

    def _at(self, position: int, size: int) -> bytes:
        """Return at least one byte from a position, from what was fetched before where it can be."""
        for first, part in self._parts:
            if first <= position < first + len(part):
                return part[position - first : position - first + size]
        length = min(max(size, self._next), self.size - position)
        if self._fetched + size > MAX_HEADER_BYTES:
            raise BrokenHeaderError(f"a header of more than {MAX_HEADER_BYTES:,} bytes")
        _, part = self._get(position, min(length, MAX_HEADER_BYTES - self._fetched))
        if not part:
            raise BrokenHeaderError("the object ended before the size that S3 said")
        self._parts.append((position, part))
        self._next *= self._growth
        return part[:size]

    def _get(self, first: int, length: int) -> tuple[dict[str, Any], bytes]:
        answer = get_object(self._s3, self._image, Range=f"bytes={first}-{first + length - 1}")
        with answer["Body"] as body:
            if "ContentRange" not in answer:
                body.read(first)
            part: bytes = body.read(length)  # no more, should the answer be the whole object
        self._fetched += len(part)
        return answer, part


def get_object(s3: Any, image: ImageRef, **options: str) -> dict[str, Any]:
    """Return S3's answer; raise PermanentError where the object is gone, archived or empty.

    A missing permission is not the object's fault: like all other errors of S3, it passes through.
    """
    version = {} if image.version == UNVERSIONED else {"VersionId": image.version}
    try:
        answer: dict[str, Any] = s3.get_object(Bucket=image.bucket, Key=image.key, **version, **options)
        return answer
    except ClientError as error:
        raise _explained(error, image) from error


def _explained(error: ClientError, image: ImageRef) -> PermanentError | ClientError:
    code = error_code(error)
    where = f"s3://{image.bucket}/{image.key} (version {image.version})"
    if code in GONE:
        return PermanentError(ErrorCode.OBJECT_GONE, f"{where} was deleted before it was read.")
    if code == "InvalidObjectState":
        return PermanentError(
            ErrorCode.OBJECT_FORBIDDEN,
            f"{where} is archived. Restore it, or upload it again, in a class that is read at once.",
        )
    if code == "InvalidRange":
        return PermanentError(ErrorCode.EMPTY_OBJECT, "The object holds no bytes.")
    return error
