"""S3 buckets in memory with the versions of their objects, as far as lists of versions and heads go."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

from datetime import UTC, datetime
from typing import Any

from tests.unit.aws import Refusal
from tests.unit.objects import Objects

_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Buckets(Objects):
    """Versions of objects, by bucket: (key, version, size, latest), the newest of a key first."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: dict[str, list[tuple[str, str, int, bool]]] = {}
        self.deleted: set[tuple[str, str]] = set()  # (bucket, key) whose latest version is a delete marker
        self.calls: list[str] = []

    def add(self, bucket: str, key: str, version: str = "v1", size: int = 7) -> None:
        """Add a version, which becomes the current one."""
        stored = self.versions.setdefault(bucket, [])
        stored[:] = [(k, v, s, latest and k != key) for k, v, s, latest in stored]
        stored.append((key, version, size, True))
        stored.sort(key=lambda one: (one[0].encode(), not one[3]))

    def list_object_versions(
        self,
        Bucket: str,
        Prefix: str,
        MaxKeys: int,
        KeyMarker: str | None = None,
        VersionIdMarker: str | None = None,
        EncodingType: str = "",
    ) -> dict[str, Any]:
        self.calls.append(f"list {Prefix} after {KeyMarker}")
        if Bucket not in self.versions:
            raise Refusal("NoSuchBucket", 404)
        found = [one for one in self.versions[Bucket] if one[0].startswith(Prefix)]
        after = [one[:2] for one in found].index((KeyMarker or "", VersionIdMarker or "")) + 1 if KeyMarker else 0
        page = found[after : after + MaxKeys]
        more = bool(found[after + MaxKeys :])
        return {
            "IsTruncated": more,
            "Versions": [
                {
                    "Key": key,
                    "VersionId": version,
                    "Size": size,
                    "IsLatest": latest and (Bucket, key) not in self.deleted,
                    "LastModified": _LONG_AGO,
                }
                for key, version, size, latest in page
            ],
            **({"NextKeyMarker": page[-1][0], "NextVersionIdMarker": page[-1][1]} if more else {}),
        }

    def head_object(self, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        self.calls.append(f"head {Key}")
        for key, version, size, latest in self.versions.get(Bucket, []):
            if key == Key and (VersionId == version or (VersionId is None and latest)):
                unversioned = version == "null"
                return {"ContentLength": size, **({} if unversioned else {"VersionId": version})}
        return super().head_object(Bucket, Key, VersionId)
