"""The governor on a simulated clock."""

from itertools import pairwise

import numpy as np
import pytest

from benchmarks.simulation.service import STOPPING, govern
from benchmarks.simulation.sessions import Session
from benchmarks.simulation.traces import DAY, Trace, trace


def quiet_days(days, images=None):
    arrivals = np.zeros(days * DAY, dtype=np.int64)
    for minute, number in (images or {}).items():
        arrivals[minute] = number
    return Trace("quiet", arrivals, (15,) * (days + 1), 240, 1)


def test_a_project_at_rest_costs_no_question_to_rekognition_most_minutes():
    governed = govern(quiet_days(10), every_minute=True)
    assert governed.month.sessions == ()
    assert 0 < governed.looks <= 10 * DAY / 15 + 2


def test_an_image_is_done_by_one_session_that_pays_for_the_start_and_two_minutes():
    governed = govern(quiet_days(1, {100: 1}))
    [session] = governed.month.sessions
    assert session == Session(session.started, session.started + 15, session.started + 17, 1)
    assert np.searchsorted(governed.month.done, 1) == session.running
    assert session.running - 100 < 240


def test_a_model_is_not_started_before_its_stop_has_ended():
    sessions = govern(trace("office hours", 1_000_000)).month.sessions
    assert all(later.started >= earlier.stopped + STOPPING for earlier, later in pairwise(sessions))


@pytest.mark.parametrize(("shape", "volume"), [("rare singles", 100), ("nightly batch", 10_000)])
def test_looks_that_are_left_out_at_rest_would_have_changed_nothing(shape, volume):
    some, all_of_them = govern(trace(shape, volume)), govern(trace(shape, volume), every_minute=True)
    assert some.month.sessions == all_of_them.month.sessions
    assert some.looks == all_of_them.looks
    assert (some.month.done == all_of_them.month.done).all()


def test_what_was_in_flight_when_the_queue_was_closed_is_done():
    governed = govern(quiet_days(1, {100: 700, 101: 700}))
    assert governed.month.done[-1] == 1400
    assert governed.alarms == 0
