"""What others would have paid."""

import numpy as np

from benchmarks.simulation.contestants import always_on, hourly_check
from benchmarks.simulation.sessions import Session
from benchmarks.simulation.traces import DAY, DAYS, Trace


def a_day(images, startup=12):
    arrivals = np.zeros(DAY, dtype=np.int64)
    for minute, number in images.items():
        arrivals[minute] = number
    return Trace("a day", arrivals, (startup,), 240, 1)


def test_always_on_is_billed_for_all_of_thirty_days():
    assert always_on(a_day({5: 1})).unit_hours == DAYS * 24


def test_the_hourly_check_starts_at_the_full_hour_and_stops_an_hour_after_the_queue_was_opened():
    month = hourly_check(a_day({70: 1}))
    assert month.sessions == (Session(120, 132, 120 + 15 + 59, 1),)  # RUNNING after 12 minutes, seen after 15
    assert month.done[134] == 0
    assert month.done[135] == 1


def test_the_hourly_check_goes_on_for_an_hour_at_a_time_while_images_wait():
    month = hourly_check(a_day({70: 300 * 60}))
    [session] = month.sessions
    assert session.stopped == 120 + 15 + 2 * 59
    assert month.done[-1] == 300 * 60


def test_the_hourly_check_does_not_start_for_an_empty_queue():
    assert hourly_check(a_day({})).sessions == ()
