"""Puts a part of the images aside for testing, the same part whenever it is asked to.

Which side an image is on follows from its content alone, so images that are added later move none. Images that are
nearly the same are on one side: a model that saw one of them would be tested with what it knows.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cli.datasets.fingerprints import Likenesses
from cli.datasets.preparing import Prepared


@dataclass(frozen=True)
class Split:
    """The two sides, and what is on neither because a frozen test set shows it already."""

    train: tuple[Prepared, ...]
    test: tuple[Prepared, ...] = ()
    in_frozen_test: tuple[Prepared, ...] = ()


def merged(prepared: Iterable[Prepared]) -> list[Prepared]:
    """Return one picture of each content, with all labels and boxes that were given to it, in the order of contents."""
    same: dict[str, list[Prepared]] = defaultdict(list)
    for one in prepared:
        same[one.digest].append(one)
    return [_merged(same[digest]) for digest in sorted(same)]


def split(pictures: Sequence[Prepared], test_share: float) -> Split:
    """Split by content; a label that this leaves without a test image, or without another, gets one where it can."""
    groups = _groups(pictures)
    ranks = {name: _rank(name) for name in groups}
    tested = {name for name in groups if ranks[name] < test_share}
    with_label: dict[str, list[str]] = defaultdict(list)
    for name in sorted(groups, key=ranks.__getitem__):
        for label in frozenset().union(*(labels_of(one) for one in groups[name])):
            with_label[label].append(name)
    # The rarest label first: it has the fewest to choose from.
    for label in sorted(with_label, key=lambda label: (len(with_label[label]), label)):
        names = with_label[label]
        if len(names) > 1 and not tested & set(names):
            tested.add(names[0])
        elif tested >= set(names):
            tested.discard(names[-1])
    return Split(
        train=tuple(one for name, group in groups.items() if name not in tested for one in group),
        test=tuple(one for name in groups if name in tested for one in groups[name]),
    )


def without_frozen(pictures: Sequence[Prepared], frozen: Mapping[str, int | None]) -> Split:
    """Return all as training pictures, but those that are, or look like, a test picture: digest -> fingerprint."""
    known = Likenesses()
    for digest, picture in frozen.items():
        if picture is not None:
            known.add(picture, digest)
    tested = [
        one
        for one in pictures
        if one.digest in frozen or (one.fingerprint is not None and known.find(one.fingerprint) is not None)
    ]
    digests = {one.digest for one in tested}
    return Split(train=tuple(one for one in pictures if one.digest not in digests), in_frozen_test=tuple(tested))


def labels_of(one: Prepared) -> frozenset[str]:
    """Return the labels of a picture and of its boxes."""
    return frozenset(one.example.labels) | {box.label for box in one.example.boxes}


def _groups(pictures: Sequence[Prepared]) -> dict[str, list[Prepared]]:
    """Group pictures that are nearly the same, under the least digest of each group."""
    known = Likenesses()
    groups: dict[str, list[Prepared]] = {}
    for one in sorted(pictures, key=lambda one: one.digest):
        name = known.find(one.fingerprint) if one.fingerprint is not None else None
        if name is None:
            name = one.digest
            if one.fingerprint is not None:
                known.add(one.fingerprint, name)
        groups.setdefault(name, []).append(one)
    return groups


def _rank(digest: str) -> float:
    """Return a number from 0 to 1 that says nothing but which picture it is."""
    return int.from_bytes(hashlib.sha256(f"split {digest}".encode()).digest()[:8]) / 2**64


def _merged(same: Sequence[Prepared]) -> Prepared:
    first = min(same, key=lambda one: str(one.example.image))
    if len(same) == 1:
        return first
    labels = sorted({label for one in same for label in one.example.labels})
    # Copies may be labelled on pictures of different sizes: their boxes are brought to one measure.
    boxes = {box for one in same for box in one.labelled("").boxes}
    example = replace(first.example, labels=tuple(labels), boxes=tuple(sorted(boxes, key=str)))
    return replace(first, example=example, measured=(float(first.width), float(first.height)))
