"""Uploads an assembled data set: images, then test.manifest, then train.manifest, which starts the training."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cli.datasets.assembling import Assembled, Told
from cli.datasets.places import Place
from cli.datasets.stored import read_lines
from cli.datasets.uploading import Uploaded, upload_pictures

_CONTENT_TYPE: Final = "application/jsonlines"


@dataclass(frozen=True, kw_only=True)
class Put:
    """What a data set's upload did."""

    uploaded: Uploaded
    manifest: str  # s3:// address of the train manifest
    starts_training: bool  # written anew, where a rule watches
    unchanged: bool  # the very same was there: nothing was written, so no second training is paid for


def put_dataset(s3: Any, place: Place, assembled: Assembled, told: Told, *, train: bool) -> Put:
    """Upload a data set. Without `train`, its train manifest is held back under a name that starts nothing."""
    pictures = [*assembled.split.train, *assembled.split.test]
    uploaded = upload_pictures(s3, place, pictures, told("upload", len(pictures)))
    key = place.train if train else place.held
    there = read_lines(s3, place.bucket, key)
    test_there = read_lines(s3, place.bucket, place.test)
    created = _created(there)
    unchanged = created is not None and (there, test_there) == assembled.lines(place, created)
    if not unchanged:
        train_lines, test_lines = assembled.lines(place, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"))
        _write(s3, place, place.test, test_lines)
        _write(s3, place, key, train_lines)
    return Put(uploaded=uploaded, manifest=place.uri(key), starts_training=train and not unchanged, unchanged=unchanged)


def _write(s3: Any, place: Place, key: str, lines: list[str]) -> None:
    body = "".join(f"{line}\n" for line in lines).encode()
    s3.put_object(Bucket=place.bucket, Key=key, Body=body, ContentType=_CONTENT_TYPE)


def _created(lines: list[str] | None) -> str | None:
    """Return the creation-date of a manifest that `put_dataset` wrote, None of any other."""
    try:
        entry = json.loads(lines[0]) if lines else {}
    except ValueError:
        return None
    metadata = [value for name, value in entry.items() if name.endswith("-metadata")] if isinstance(entry, dict) else []
    said = metadata[0].get("creation-date") if metadata and isinstance(metadata[0], dict) else None
    return said if isinstance(said, str) else None
