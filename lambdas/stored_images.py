"""Images that are in a bucket already: the current versions under a prefix, page by page."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from lambdas.images import ImageRef
from lambdas.names import VIDEOS

PAGE: Final = 1000  # versions that one ListObjectVersions answers at most


@dataclass(frozen=True)
class StoredImage:
    """One version of one object, and its size in bytes (0 where it is not known)."""

    image: ImageRef
    size: int


@dataclass(frozen=True)
class Position:
    """Where a listing goes on: S3's KeyMarker and VersionIdMarker."""

    key: str
    version: str


@dataclass(frozen=True)
class Page:
    """A part of a listing."""

    images: list[StoredImage]
    skipped: int  # folders of the console, and videos
    next: Position | None  # None: there is no more


def list_page(s3: Any, bucket: str, prefix: str, after: Position | None = None, limit: int = PAGE) -> Page:
    """List the current versions under a prefix, among the next `limit` versions.

    ListObjectVersions and not ListObjectsV2, which does not say the version: without it, the job of an upload and
    that of a request would be two.
    """
    markers = {"KeyMarker": after.key, "VersionIdMarker": after.version} if after else {}
    answer = s3.list_object_versions(Bucket=bucket, Prefix=prefix, MaxKeys=limit, **markers)
    current = [
        StoredImage(ImageRef(bucket, version["Key"], version["VersionId"]), version["Size"])
        for version in answer.get("Versions", [])
        if version["IsLatest"]
    ]
    images = [stored for stored in current if not is_skipped(stored)]
    more = Position(answer["NextKeyMarker"], answer["NextVersionIdMarker"]) if answer["IsTruncated"] else None
    return Page(images, len(current) - len(images), more)


def is_skipped(stored: StoredImage) -> bool:
    """Tell the zero-byte object that the S3 console makes for a folder, and what is in the folder of videos."""
    key = stored.image.key
    return (key.endswith("/") and stored.size == 0) or key.startswith(f"{VIDEOS}/")


@dataclass(frozen=True)
class Reach:
    """Which stored images a project may be asked to look at."""

    project: str
    images_bucket: str
    source_buckets: Collection[str]  # the project's setting

    def why_not(self, bucket: str, key: str) -> str | None:
        """Say why the project may not look at an object, or at all under a prefix; None where it may."""
        if bucket == self.images_bucket:
            if key.startswith(f"{self.project}/"):
                return None
            return f"in the images bucket, the images of {self.project} are under {self.project}/, not {key!r}"
        if bucket in self.source_buckets:
            return None
        return (
            f"bucket {bucket} is not among the source_buckets of project {self.project} "
            f"({', '.join(sorted(self.source_buckets)) or 'it has none'}); add it to the project's settings in "
            "cdk.json, deploy, and let detect_labels read it by the bucket's own policy where another account owns it"
        )
