"""Thirty days of arrivals: how many images come in each minute, and how long a start takes on each day.

All of it is drawn from recorded seeds: the same traces in every run, on every machine.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulation.serving import cumulative, keeps_bound, served_by

Minutes = NDArray[np.int64]

SEED: Final = 20_261_101
HOUR: Final = 60
DAY: Final = 24 * HOUR
DAYS: Final = 30
MAX_WAIT: Final = 240  # minutes
MAX_UNITS: Final = 5  # service quota for one model
_STARTUP: Final = (10, 20)  # minutes, both included
_TAIL: Final = HOUR  # beyond the last image's bound: time for everyone to finish and to stop


@dataclass(frozen=True, eq=False)
class Trace:
    """What happens to one project in a month, of which the first minute is a Monday's."""

    name: str
    arrivals: Minutes  # images in each minute; no more come after DAYS, then it runs on until all must be done
    startups: tuple[int, ...]  # minutes that a start takes, by the day on which it is asked for
    max_wait: int  # minutes from an image's arrival to the end of the minute in which it is detected
    max_units: int

    @property
    def minutes(self) -> int:
        """The length of the simulation."""
        return len(self.arrivals)

    @property
    def images(self) -> int:
        """How many come in all."""
        return int(self.arrivals.sum())

    def startup(self, minute: int) -> int:
        """Return for how many whole minutes the version is STARTING that is started in a minute."""
        return self.startups[minute // DAY]


def traces(max_wait: int = MAX_WAIT) -> list[Trace]:
    """Return all traces, each shape at the volumes where it means something."""
    return [trace(shape, volume, max_wait) for shape, volumes in _VOLUMES.items() for volume in volumes]


def trace(shape: str, volume: int, max_wait: int = MAX_WAIT) -> Trace:
    """Draw the month of a shape with about so many images, always the same."""
    name = f"{shape} {volume:,}"
    draws = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    arrivals = np.concatenate([_SHAPES[shape](draws, volume), np.zeros(max_wait + _TAIL, dtype=np.int64)])
    days = -(-len(arrivals) // DAY)
    startups = tuple(int(drawn) for drawn in draws.integers(*_STARTUP, size=days, endpoint=True))
    return Trace(name, arrivals, startups, max_wait, fewest_units(arrivals, max_wait // 2))


def fewest_units(arrivals: Minutes, max_wait: int) -> int:
    """Return the fewest units of a model that always runs with which no image waits for longer; all of the quota, else.

    A project's max_inference_units: with half of its max_wait, what starts late and must guess still has a chance.
    """
    known = cumulative(arrivals)
    for units in range(1, MAX_UNITS):
        if keeps_bound(known, served_by(known, np.full(len(arrivals), units)), max_wait):
            return units
    return MAX_UNITS


def _steady(draws: np.random.Generator, volume: int) -> Minutes:
    return _drawn(draws, volume, np.ones(DAYS * DAY))


def _office_hours(draws: np.random.Generator, volume: int) -> Minutes:
    """Monday to Friday, 8 to 18 o'clock, most in the middle of the day; one image in fifty at any other time."""
    minute = np.arange(DAYS * DAY)
    hour = minute % DAY / HOUR
    at_work = (minute // DAY % 7 < 5) & (hour >= 8) & (hour < 18)
    weights = np.where(at_work, np.sin(np.clip((hour - 8) / 10, 0, 1) * np.pi) + 0.3, 0.0)
    return _drawn(draws, volume, weights / weights.sum() * 0.98 + 0.02 / len(weights))


def _bursty(draws: np.random.Generator, volume: int) -> Minutes:
    """Five bursts a day at any time, each within five minutes to three hours; few are several times the others."""
    weights = np.zeros(DAYS * DAY)
    for _ in range(5 * DAYS):
        lasts = int(draws.integers(5, 3 * HOUR))
        begins = int(draws.integers(len(weights) - lasts))
        weights[begins : begins + lasts] += draws.lognormal(0, 0.5) / lasts
    return _drawn(draws, volume, weights)


def _nightly(draws: np.random.Generator, volume: int) -> Minutes:
    """One batch of much the same size each night, begun within half an hour of one o'clock, copied for an hour."""
    weights = np.zeros(DAYS * DAY)
    for day in range(DAYS):
        begins = day * DAY + HOUR + int(draws.integers(30))
        weights[begins : begins + HOUR] = draws.uniform(0.9, 1.1)
    return _drawn(draws, volume, weights)


def _singles(draws: np.random.Generator, volume: int) -> Minutes:
    """Exactly so many images, one by one, at any time."""
    alone: Minutes = np.bincount(draws.integers(DAYS * DAY, size=volume), minlength=DAYS * DAY).astype(np.int64)
    return alone


def _drawn(draws: np.random.Generator, volume: int, weights: NDArray[np.float64]) -> Minutes:
    """Let images come independently of each other, about so many in all, at least one, as weights say."""
    drawn: Minutes = draws.poisson(weights / weights.sum() * volume).astype(np.int64)
    if not drawn.any():
        drawn[int(draws.choice(len(weights), p=weights / weights.sum()))] = 1
    return drawn


_SHAPES: Final[Mapping[str, Callable[[np.random.Generator, int], Minutes]]] = {
    "steady": _steady,
    "office hours": _office_hours,
    "bursty": _bursty,
    "nightly batch": _nightly,
    "rare singles": _singles,
}
_VOLUMES: Final[Mapping[str, tuple[int, ...]]] = {
    "steady": (100, 10_000, 1_000_000, 10_000_000),
    "office hours": (100, 10_000, 1_000_000, 10_000_000),
    "bursty": (100, 10_000, 1_000_000, 10_000_000),
    "nightly batch": (100, 10_000, 1_000_000, 10_000_000),
    "rare singles": (1, 30, 100),
}
