"""Reason about places in an image: rectangles as (left, top, right, bottom), all in one unit."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from local.rekognition.learning.examples import Region

Rectangles = NDArray[np.float64]  # shape (number, 4)


def rectangles(regions: Iterable[Region], size: tuple[int, int] = (1, 1)) -> Rectangles:
    """Return the regions in pixels of an image of this width and height."""
    corners = [[r.left, r.top, r.left + r.width, r.top + r.height] for r in regions]
    shares = np.array(corners, dtype=np.float64).reshape(-1, 4)
    return np.asarray(shares * np.array([*size, *size]))


def region(rectangle: NDArray[np.float64], size: tuple[int, int]) -> Region:
    """Return the part of a rectangle that lies within an image of this width and height."""
    left, top, right, bottom = np.clip(rectangle / np.array([*size, *size]), 0.0, 1.0).tolist()
    return Region(left, top, right - left, bottom - top)


def overlaps(some: Rectangles, others: Rectangles) -> NDArray[np.float64]:
    """Return intersection over union of each of `some` with each of `others`: shape (some, others)."""
    corner = np.maximum(some[:, None, :2], others[None, :, :2])
    opposite = np.minimum(some[:, None, 2:], others[None, :, 2:])
    shared = np.prod(np.clip(opposite - corner, 0, None), axis=2)
    union = _areas(some)[:, None] + _areas(others)[None, :] - shared
    return np.asarray(shared / np.maximum(union, 1e-12))


def strongest(found: Rectangles, scores: NDArray[np.float64], most_overlap: float, count: int) -> list[int]:
    """Return up to `count` indices, best score first, none overlapping a better one more than allowed."""
    waiting = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while waiting.size and len(kept) < count:
        best, rest = waiting[0], waiting[1:]
        kept.append(int(best))
        waiting = rest[overlaps(found[best : best + 1], found[rest])[0] <= most_overlap]
    return kept


def _areas(some: Rectangles) -> NDArray[np.float64]:
    return np.asarray(np.prod(np.clip(some[:, 2:] - some[:, :2], 0, None), axis=1))
