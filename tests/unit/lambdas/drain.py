"""A backlog drained in virtual time: invocations that do not know of each other, and a model with a limit."""

import heapq
import itertools
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from lambdas.detect_labels.pacing import Pace, retry_delay

_MEDIAN: Final = 0.3  # seconds of a detection
_SIGMA: Final = math.log(0.8 / 0.3) / 2.326  # 99 of 100 are faster than 0.8 s
_BATCH: Final = 10


@dataclass
class Model:
    """A token bucket that holds a second's worth, full at the start; no grace."""

    per_second: float
    tokens: float = 0.0
    seen_at: float = 0.0
    answered_at: list[float] = field(default_factory=list)
    throttled_at: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tokens = self.size

    @property
    def size(self) -> float:
        return max(1.0, self.per_second)

    def admits(self, now: float) -> bool:
        self.tokens = min(self.size, self.tokens + (now - self.seen_at) * self.per_second)
        self.seen_at = now
        if self.tokens < 1:
            self.throttled_at.append(now)
            return False
        self.tokens -= 1
        return True

    def used(self, since: float = 0.0, until: float = math.inf) -> float:
        """Return the share of the capacity that was used between the first and the last answer of a time."""
        times = [time for time in self.answered_at if since <= time <= until]
        return (len(times) - 1) / (self.per_second * (max(times) - min(times)))

    def refused(self, since: float = 0.0, until: float = math.inf) -> float:
        """Return the share of the calls that were throttled in a time."""
        answered, throttled = (
            sum(since <= time <= until for time in times) for times in (self.answered_at, self.throttled_at)
        )
        return throttled / (throttled + answered)


class Drain:
    """A queue of images and the invocations that empty it."""

    def __init__(self, *, images: int, invocations: int, model: Model, fair_rate: float, seed: int) -> None:
        self.model = model
        self.left = images
        self.now = 0.0
        self.random = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order: Iterator[int] = itertools.count()
        self.environments = [Environment(self, Pace(fair_rate, 0.0)) for _ in range(invocations)]

        for environment in self.environments:
            self.after(self.random.uniform(0, 0.5), environment.receive)

    def run(self, until: float = math.inf) -> "Drain":
        """Let the time pass until all is done, or until then."""
        while self._events and self._events[0][0] <= until:
            self.now, _, do = heapq.heappop(self._events)
            do()
        return self

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._order), do))


class Environment:
    """One execution environment: a batch of ten at a time, all its images at once."""

    def __init__(self, drain: Drain, pace: Pace) -> None:
        self.drain = drain
        self.pace = pace
        self._open = 0
        self._waiting: list[tuple[float, int]] = []  # images: since when, and how often throttled
        self._asked = False  # to be woken when a turn comes

    def receive(self) -> None:
        self._open = min(_BATCH, self.drain.left)
        self.drain.left -= self._open
        for _ in range(self._open):
            # The header's read and the job item's write.
            self.drain.after(self.drain.random.uniform(0.03, 0.1), lambda: self._queue(0))

    def _queue(self, throttles: int) -> None:
        self._waiting.append((self.drain.now, throttles))
        self._serve()

    def _serve(self) -> None:
        if self._asked or not self._waiting:
            return
        delay = self.pace.delay(self.drain.now)
        if delay > 0:
            self._asked = True
            self.drain.after(delay + 1e-6, self._wake)
            return
        since, throttles = self._waiting.pop(0)
        self._call(throttles, waited=self.drain.now > since)
        self._serve()

    def _wake(self) -> None:
        self._asked = False
        self._serve()

    def _call(self, throttles: int, *, waited: bool) -> None:
        turn = self.pace.take(self.drain.now, waited=waited)
        chance = self.drain.random

        def answer() -> None:
            self.pace.answered(turn)
            self.drain.model.answered_at.append(self.drain.now)
            # The commit and the publish.
            self.drain.after(chance.uniform(0.03, 0.1), self._done)

        def refuse() -> None:
            self.pace.throttled(turn, self.drain.now)
            self.drain.after(retry_delay(throttles + 1, chance.uniform), lambda: self._queue(throttles + 1))

        if self.drain.model.admits(self.drain.now):
            self.drain.after(chance.lognormvariate(math.log(_MEDIAN), _SIGMA), answer)
        else:
            self.drain.after(chance.uniform(0.02, 0.06), refuse)

    def _done(self) -> None:
        self._open -= 1
        if not self._open and self.drain.left:
            self.drain.after(self.drain.random.uniform(0.02, 0.2), self.receive)
