"""How fast one execution environment asks one project's model: as fast as it answers, hardly faster.

The environments do not know of each other, and the service says only yes or "too many". So each keeps a rate of its
own: additive increase with every answer, multiplicative decrease on a throttle (Chiu and Jain, 1989). The constants
were chosen with tests/unit/lambdas/drain.py, which drains backlogs in virtual time.
"""

import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lambdas.delivery import fair_rate, max_concurrency
from lambdas.deployment_settings import ProjectSettings
from lambdas.errors import LaterError

# Share of the calls that may be throttled: few enough to be polite, and enough to notice that there is room.
_THROTTLED: Final = 0.02
_DECREASE: Final = 0.94  # what a throttle leaves of the rate
_INCREASE: Final = (1 - _DECREASE) * _THROTTLED / (1 - _THROTTLED)  # of the rate, an answer: in balance at that share
_ROUND_TRIP: Final = 0.5  # seconds after a cut until the next: the answers till then are to the former rate
_HEARD: Final = 8  # calls: how many of the last ones were answered says how much too fast the rate is
_DEEPEST: Final = 0.25  # the least that one cut leaves

# So many answers without a throttle say that there must be more room: the steps grow with their number. Few suffice
# before the first throttle, while the rate is a guess.
_QUIET: Final = 1 / _THROTTLED
_QUIET_AT_FIRST: Final = 30
_PROBE: Final = 0.1  # calls a second: the largest step. So many answers a second double the rate in seven seconds

_START: Final = 0.5  # of the fair rate, in a cold environment
_CLIMB: Final = 0.5  # calls a second that an answer adds up to the fair rate: reaches it in a second or two
_LEAST: Final = 0.2  # calls a second: an environment that hears no answer still asks every five seconds
_CREDIT_SECONDS: Final = 1.0  # of the rate, that a gap between two batches may save up
_FIRST_RETRY: Final = 0.2  # seconds, at most
_LONGEST_RETRY: Final = 5.0
_ROUNDING: Final = 1e-9  # of a call: less is missing only by the arithmetic
_LOOK: Final = 0.1  # seconds: the rate may change while a thread waits for its turn


class OutOfTimeError(LaterError):
    """No turn comes before the deadline; the image goes back to the queue."""


@dataclass(frozen=True)
class Turn:
    """Leave to call once."""

    taken_at: float
    waited: bool  # the rate, and not a lack of images, held the call back


class Pace:
    """The rate and the credit; the caller brings the time, in seconds, and a lock."""

    def __init__(self, fair_rate: float, now: float) -> None:
        """Begin below `fair_rate`, the calls a second that this environment may expect."""
        self._fair = max(fair_rate, _LEAST)
        self.rate = max(fair_rate * _START, _LEAST)
        self._credit = 1.0
        self._counted_at = now
        self._cut_at: float | None = None  # None: no throttle yet
        self._quiet = 0  # answers since the last cut
        self._heard: deque[bool] = deque(maxlen=_HEARD)  # which of the last calls were answered

    def delay(self, now: float) -> float:
        """Return the seconds until a turn can be taken."""
        self._count(now)
        missing = 1 - self._credit
        return missing / self.rate if missing > _ROUNDING else 0.0

    def take(self, now: float, *, waited: bool) -> Turn:
        """Take a turn, which `delay` said there is."""
        self._count(now)
        self._credit -= 1
        return Turn(now, waited)

    def answered(self, turn: Turn) -> None:
        """Note that the service answered: a little faster, where the rate held the call back."""
        if self._is_stale(turn):
            return
        self._quiet += 1
        self._heard.append(True)
        if turn.waited:
            self.rate += self._step()

    def throttled(self, turn: Turn, now: float) -> None:
        """Note that the service refused: slower, at most once a round trip."""
        if self._is_stale(turn):
            return
        self._heard.append(False)
        if self._cut_at is not None and now - self._cut_at < _ROUND_TRIP:
            return
        self.rate = max(_LEAST, self.rate * self._left())
        self._credit = min(self._credit, 0.0)
        self._cut_at = now
        self._quiet = 0

    def _left(self) -> float:
        """Say what a cut leaves of the rate: most of it, or where several calls of late were refused, their share."""
        refused = self._heard.count(False)
        if refused < 2 or len(self._heard) < _HEARD:
            return _DECREASE
        self._heard.clear()
        return max(_DEEPEST, min(_DECREASE, 1 - (refused - 1) / _HEARD))

    def _is_stale(self, turn: Turn) -> bool:
        """Tell a call that was made at the rate before the last cut: it says nothing of the present one."""
        return self._cut_at is not None and turn.taken_at <= self._cut_at

    def _step(self) -> float:
        if self._cut_at is None and self.rate < self._fair:
            return _CLIMB
        # Half of the way between a step of one's own rate, which suits any capacity, and a step that all
        # environments share, by which unequal rates become equal.
        balanced = _INCREASE * math.sqrt(self.rate * self._fair)
        quiet = self._quiet / (_QUIET_AT_FIRST if self._cut_at is None else _QUIET)
        return min(balanced * max(quiet, 1.0) ** 3, _PROBE)

    def _count(self, now: float) -> None:
        most = max(1.0, self.rate * _CREDIT_SECONDS)
        self._credit = min(most, self._credit + (now - self._counted_at) * self.rate)
        self._counted_at = now


def retry_delay(throttles: int, uniform: Callable[[float, float], float] = random.uniform) -> float:
    """Return the seconds until a call that was throttled so often asks for a turn again: full jitter."""
    return uniform(0, min(_LONGEST_RETRY, _FIRST_RETRY * 2 ** max(0, throttles - 1)))


class Pacer:
    """A Pace that threads share."""

    def __init__(
        self,
        fair_rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pace = Pace(fair_rate, clock())
        self._clock = clock
        self._sleep = sleep
        self._gate = threading.Lock()  # held by the one thread whose turn is next
        self._lock = threading.Lock()
        self._throttles = 0

    @property
    def rate(self) -> float:
        """Calls a second, now."""
        return self._pace.rate

    def turn(self, deadline: float) -> Turn:
        """Wait for a turn; raise OutOfTimeError where none comes before `deadline`, a time of the clock."""
        if not self._gate.acquire(timeout=max(0.0, deadline - self._clock())):
            raise OutOfTimeError("the turns until the deadline are all taken")
        try:
            waited = False
            while True:
                with self._lock:
                    now = self._clock()
                    delay = self._pace.delay(now)
                    if not delay and now < deadline:
                        return self._pace.take(now, waited=waited)
                if now + delay >= deadline:
                    raise OutOfTimeError(f"the next turn is {delay:.1f} s away")
                waited = True
                self._sleep(min(delay, _LOOK))
        finally:
            self._gate.release()

    def answered(self, turn: Turn) -> None:
        """Note that the service answered the call of a turn."""
        with self._lock:
            self._pace.answered(turn)

    def throttled(self, turn: Turn) -> None:
        """Note that the service refused the call of a turn as one too many."""
        with self._lock:
            self._throttles += 1
            self._pace.throttled(turn, self._clock())

    def take_throttles(self) -> int:
        """Return how many calls were refused since this was last asked."""
        with self._lock:
            throttles, self._throttles = self._throttles, 0
            return throttles


class Pacers:
    """The paces of an execution environment, one a project: they outlive its invocations."""

    def __init__(self) -> None:
        self._made: dict[str, Pacer] = {}
        self._lock = threading.Lock()

    def of(self, project: str, settings: ProjectSettings) -> Pacer:
        """Return a project's pace."""
        with self._lock:
            if project not in self._made:
                invocations = max_concurrency(settings.max_inference_units)
                self._made[project] = Pacer(fair_rate(settings.min_inference_units, invocations))
            return self._made[project]

    def take_throttles(self) -> int:
        """Return how many calls were refused since this was last asked."""
        return sum(pacer.take_throttles() for pacer in self._made.values())
