"""Thirty days of arrivals."""

import numpy as np
import pytest

from benchmarks.simulation.traces import DAY, DAYS, MAX_UNITS, fewest_units, trace, traces


def test_a_trace_is_the_same_each_time():
    assert (trace("bursty", 10_000).arrivals == trace("bursty", 10_000).arrivals).all()
    assert trace("bursty", 10_000).startups == trace("bursty", 10_000).startups


@pytest.fixture(scope="module")
def all_traces():
    return traces()


def test_the_five_shapes_go_from_one_image_a_month_to_ten_millions(all_traces):
    assert len({one.name.rstrip("0123456789,") for one in all_traces}) == 5
    assert min(one.images for one in all_traces) == 1
    assert max(one.images for one in all_traces) == pytest.approx(10_000_000, rel=0.01)


def test_all_images_come_within_the_month_and_can_be_done_after_it(all_traces):
    for one in all_traces:
        assert not one.arrivals[DAYS * DAY :].any()
        assert one.minutes >= DAYS * DAY + one.max_wait


def test_a_start_takes_ten_to_twenty_minutes(all_traces):
    drawn = {startup for one in all_traces for startup in one.startups}
    assert drawn == set(range(10, 21))


def test_units_are_the_fewest_that_keep_the_bound_when_always_on():
    arrivals = np.full(100, 301)
    assert fewest_units(arrivals, 1) == 2
    assert fewest_units(arrivals, 50) == 1
    assert fewest_units(arrivals * 100, 1) == MAX_UNITS
