"""First come, first served: how far the images get that wait, and how long each of them waits.

Images are numbered as they come. `known` says how many have come by the end of each minute, `done` how many of them
are detected by then. An image waits from the beginning of the minute in which it comes to the end of the one in which
it is detected: a minute too long rather than too short.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdas.delivery import CALLS_PER_UNIT

Minutes = NDArray[np.int64]

PER_UNIT: Final = int(CALLS_PER_UNIT * 60)  # images that one unit detects in a minute


def cumulative(images: Minutes) -> Minutes:
    """Return the sum of all minutes so far, at the end of each."""
    return np.cumsum(images, dtype=np.int64)


def served_by(known: Minutes, units: Minutes) -> Minutes:
    """Return how many images are done at the end of each minute, where so many units run in it."""
    done = np.empty_like(known)
    so_far = 0
    for minute, (come, running) in enumerate(zip(known.tolist(), units.tolist(), strict=True)):
        so_far = min(come, so_far + PER_UNIT * running)
        done[minute] = so_far
    return done


def due_by(known: Minutes, max_wait: int) -> Minutes:
    """Return how many images must be done at the end of each minute so that none waits for longer."""
    due = np.zeros_like(known)
    due[max_wait - 1 :] = known[: len(known) - max_wait + 1]
    return due


def keeps_bound(known: Minutes, done: Minutes, max_wait: int) -> bool:
    """Tell whether no image waits for longer than so many minutes."""
    return bool((done >= due_by(known, max_wait)).all())


class Waits:
    """How long the images of a trace wait, in minutes; those not done at its end wait beyond any bound."""

    def __init__(self, known: Minutes, done: Minutes) -> None:
        """Follow groups of images that come in one minute and are done in one minute."""
        cuts = np.unique(np.concatenate([[0], known, done]))
        last = cuts[1:]
        came, left = np.searchsorted(known, last), np.searchsorted(done, last)
        self._minutes = np.where(left < len(done), left - came + 1, _NEVER)
        self._images = np.diff(cuts)

    def percentile(self, share: float) -> int:
        """Return the wait that this share of images (0-1) does not pass; 0 where there are none."""
        if not len(self._images):
            return 0
        order = np.argsort(self._minutes)
        reached = np.cumsum(self._images[order])
        return int(self._minutes[order][np.searchsorted(reached, share * reached[-1])])

    def beyond(self, bound: int) -> int:
        """Count the images that wait for longer."""
        return int(self._images[self._minutes > bound].sum())


_NEVER: Final = 10**9
