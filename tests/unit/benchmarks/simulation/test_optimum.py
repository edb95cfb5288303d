"""The optimum, against every plan there is for a few minutes."""

from functools import cache

import numpy as np
import pytest

from benchmarks.simulation.optimum import NoPlanError, optimum
from benchmarks.simulation.serving import PER_UNIT, cumulative, due_by, keeps_bound
from benchmarks.simulation.traces import Trace, trace

IMPOSSIBLE = 10**6


class Minutes(Trace):
    """A trace whose starts take as long as is said for each minute, not for each day."""

    def startup(self, minute):
        return self.startups[minute]


def drawn(seed):
    draws = np.random.default_rng(seed)
    length = int(draws.integers(8, 15))
    wait, units = int(draws.integers(3, 8)), int(draws.integers(1, 4))
    arrivals = draws.choice([0, 0, 0, 1, 200, 500, 900], size=length)
    arrivals[-wait - 1 :] = 0
    return Minutes("tiny", arrivals.astype(np.int64), tuple(draws.integers(1, 4, size=length)), wait, units)


def with_long_gaps(seed):
    """Draw a trace in which nothing waits, and nothing comes, for longer than a start takes."""
    draws = np.random.default_rng(seed)
    wait = int(draws.integers(1, 4))
    arrivals = np.zeros(26, dtype=np.int64)
    arrivals[[6 + int(draws.integers(3)), 15 + int(draws.integers(4))]] = draws.integers(1, 500, size=2)
    return Minutes("gaps", arrivals, tuple(draws.integers(1, 4, size=26)), wait, 2)


def least_unit_minutes(tiny):
    """Try all plans, minute by minute."""
    known = cumulative(tiny.arrivals)
    due = due_by(known, tiny.max_wait)

    @cache
    def least(minute, starting, units, done):
        """Return what the rest costs at the least, with so many units (0: none) STARTING for so long still."""
        if minute == tiny.minutes:
            return 0 if done == known[-1] else IMPOSSIBLE
        choices = [units]
        if not starting:
            choices = [units, *range(tiny.max_units + 1)]  # a stop, or a stop and another start, or a start
        return min(lived(minute, starting, units, chosen, anew, done) for chosen in choices for anew in (True, False))

    def lived(minute, starting, units, chosen, anew, done):
        left = starting
        if not starting and chosen and (anew or chosen != units):
            left = tiny.startup(minute)
        served = done if left else min(int(known[minute]), done + PER_UNIT * chosen)
        if served < due[minute]:
            return IMPOSSIBLE
        return chosen + least(minute + 1, max(left - 1, 0), chosen, served)

    return least(0, 0, 0, 0)


@pytest.mark.parametrize("draw", [drawn, with_long_gaps])
@pytest.mark.parametrize("seed", range(60))
def test_no_plan_is_cheaper(draw, seed):
    tiny = draw(seed)
    least = least_unit_minutes(tiny)
    if least >= IMPOSSIBLE:
        with pytest.raises(NoPlanError, match="no plan keeps"):
            optimum(tiny)
    else:
        assert optimum(tiny).unit_hours * 60 == pytest.approx(least)


def test_most_of_the_drawn_minutes_can_be_done_and_some_cannot():
    possible = [least_unit_minutes(drawn(seed)) < IMPOSSIBLE for seed in range(60)]
    assert 20 < sum(possible) < 60


def test_the_plan_keeps_every_image_within_its_bound():
    bursty = trace("bursty", 10_000)
    month = optimum(bursty)
    assert keeps_bound(cumulative(bursty.arrivals), month.done, bursty.max_wait)
    assert month.done[-1] == bursty.images


def test_a_plan_starts_no_model_before_the_last_one_has_stopped():
    month = optimum(trace("bursty", 10_000))
    ends = [session.stopped for session in month.sessions]
    assert all(session.started >= end for session, end in zip(month.sessions[1:], ends, strict=False))
