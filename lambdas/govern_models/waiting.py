"""How long the images of a queue have waited, which SQS does not say: the waves in which they came.

A wave is some images and the look that first found them. The oldest are taken to be detected first, which is nearly
what a standard queue does.
"""

from itertools import pairwise
from typing import Final

Wave = tuple[float, int]  # when it was first seen, epoch seconds, and how many of its images wait still

_MOST_WAVES: Final = 40  # kept of a queue, which in the registry are a kilobyte
_LEAST_SECONDS: Final = 120.0  # between two waves
_PACE_WAVES: Final = 4
_PACE_SECONDS: Final = 600.0  # in which these must have come


def waves_now(waves: tuple[Wave, ...], images: int, detected: int, now: float) -> tuple[Wave, ...]:
    """Return the waves of so many images, where so many were detected since the last look."""
    left = _without_oldest(waves, detected)
    gone = sum(size for _, size in left) - images
    if gone > 0:  # what was not detected may be any: where nothing was, the oldest are there still as far as one knows
        left = _without_oldest(left, gone) if detected else _without_newest(left, gone)
    return _with_new(left, -gone, now) if gone < 0 else left


def work_before(waves: tuple[Wave, ...]) -> list[tuple[float, int]]:
    """Return for each wave when it was first seen, and how many images are to be detected until its last one is."""
    so_far = 0
    found = []
    for since, size in waves:
        so_far += size
        found.append((since, so_far))
    return found


def pace(waves: tuple[Wave, ...], now: float) -> float:
    """Return how many images a second have kept coming of late: the least of some waves in a row.

    A batch that was copied at once is no stream: it is one wave, or two.
    """
    late = [wave for wave in waves[-_PACE_WAVES:] if wave[0] > now - _PACE_SECONDS]
    if len(late) < _PACE_WAVES:
        return 0.0
    return min(size / (until - since) for (since, size), (until, _) in pairwise(late))


def _with_new(waves: tuple[Wave, ...], images: int, now: float) -> tuple[Wave, ...]:
    """Add images; those that come shortly after a wave are counted to it, as if they had come with it."""
    if waves and now - waves[-1][0] < _LEAST_SECONDS:
        return (*waves[:-1], (waves[-1][0], waves[-1][1] + images))
    grown = (*waves, (now, images))
    if len(grown) <= _MOST_WAVES:
        return grown
    nearest = min(range(len(grown) - 1), key=lambda place: grown[place + 1][0] - grown[place][0])
    (since, size), (_, more) = grown[nearest : nearest + 2]
    return (*grown[:nearest], (since, size + more), *grown[nearest + 2 :])


def _without_oldest(waves: tuple[Wave, ...], images: int) -> tuple[Wave, ...]:
    """Take images away from the beginning; the rest of their wave is taken to have come evenly until the next."""
    for place, (since, size) in enumerate(waves):
        if images < size:
            rest = waves[place + 1 :]
            lasted = rest[0][0] - since if rest else 0.0
            return ((since + lasted * images // size, size - images), *rest)
        images -= size
    return ()


def _without_newest(waves: tuple[Wave, ...], images: int) -> tuple[Wave, ...]:
    for place in range(len(waves) - 1, -1, -1):
        since, size = waves[place]
        if images < size:
            return (*waves[:place], (since, size - images))
        images -= size
    return ()
