"""How images come, as learned from the looks: the mean rate of each hour of the week, and of late."""

import math
from typing import Final

HOURS: Final = 168  # of a week, UTC; 0: Thursday 0:00, as the epoch began
_OF_LATE: Final = 3600.0  # seconds, in which the rate of late forgets two thirds
_WEEKS: Final = 0.5  # of an hour's rate, that a week later another one takes


def learned(arrivals: tuple[float, ...], arrived: float, since: float, now: float) -> tuple[float, ...]:
    """Add the images that arrived between two looks; return rates a minute: of late, then of each hour of the week."""
    known = list(arrivals) or [0.0] * (HOURS + 1)
    seconds = max(now - since, 1.0)
    rate = arrived * 60 / seconds
    late = 1 - math.exp(-seconds / _OF_LATE)
    known[0] += late * (rate - known[0])
    hour = 1 + hour_of_week(now)
    known[hour] += min(1.0, _WEEKS * seconds / 3600) * (rate - known[hour])
    return tuple(round(value, 6) for value in known)


def of_late(arrivals: tuple[float, ...]) -> float:
    """Return the images a minute of the last hour or so."""
    return arrivals[0] if arrivals else 0.0


def hour_of_week(now: float) -> int:
    """Return the hour of the week, 0 to 167."""
    return int(now // 3600) % HOURS
