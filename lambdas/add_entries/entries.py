"""Which lines of a manifest a project's data set does not have yet, in parts that one call takes."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

MOST_BYTES: Final = 5_242_880  # of the lines of one UpdateDatasetEntries
_PAUSE_SECONDS: Final = 0.25  # between pages: the account's quota is five calls a second


@dataclass(frozen=True)
class Part:
    """The next lines to add."""

    lines: tuple[bytes, ...]
    offset: int  # lines of the manifest that are done with, these included
    kept: int  # lines passed over, since the data sets have their images already
    done: bool  # there are no more lines

    @property
    def body(self) -> bytes:
        """The lines as UpdateDatasetEntries takes them."""
        return b"\n".join(self.lines)


def next_part(manifest: Iterable[bytes], offset: int, known: Set[str], most_bytes: int = MOST_BYTES) -> Part:
    """Take the lines from `offset` on, as many as fit, without those of images that are `known`.

    Lines that name no image are left out: the check of the data set has told of them.
    """
    lines: list[bytes] = []
    size, kept = 0, 0
    for line in islice(manifest, offset, None):
        source = _source(line)
        if source is not None and source not in known:
            if size + len(line) > most_bytes:
                return Part(tuple(lines), offset, kept, done=False)
            lines.append(line)
            size += len(line) + 1
        kept += source in known
        offset += 1
    return Part(tuple(lines), offset, kept, done=True)


def images_of(
    rekognition: Any, dataset_arn: str, pause: Callable[[float], None] = time.sleep, **only: bool
) -> Iterator[str]:
    """Yield the source-ref of each entry of a data set; `only` are filters of ListDatasetEntries."""
    pages = rekognition.get_paginator("list_dataset_entries").paginate(DatasetArn=dataset_arn, **only)
    for number, page in enumerate(pages):
        if number:
            pause(_PAUSE_SECONDS)
        for entry in page["DatasetEntries"]:
            source = _source(entry)
            if source is not None:
                yield source


def _source(line: bytes | str) -> str | None:
    try:
        source = json.loads(line)["source-ref"]
    except (ValueError, TypeError, KeyError):
        return None
    return source if isinstance(source, str) else None
