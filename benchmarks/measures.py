"""The arithmetic of the benchmarks: shares, percentiles, what was lost and what came twice."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence


def used_share(times: Sequence[float], per_second: float) -> float:
    """Return the share of a capacity that was used between the first and the last of these times, in seconds.

    The first opens the time that is measured, so it does not count as work of that time.
    """
    if len(times) < 2:
        return 0.0
    return (len(times) - 1) / (per_second * (max(times) - min(times)))


def share(part: int, whole: int) -> float:
    """Return a part of a whole; 0 of nothing is 0."""
    return part / whole if whole else 0.0


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the smallest value that so many percent of all do not pass (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def lost_and_twice(wanted: Iterable[Hashable], found: Iterable[Hashable]) -> tuple[int, int]:
    """Return how many of the wanted were not found, and how many were found once too often, each time counted."""
    counts = Counter(found)
    missing = sum(counts[each] == 0 for each in set(wanted))
    return missing, sum(count - 1 for count in counts.values())
