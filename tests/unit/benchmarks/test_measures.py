"""The arithmetic of the benchmarks."""

import pytest

from benchmarks.measures import lost_and_twice, percentile, share, used_share


def test_a_capacity_is_used_whole_where_detections_come_at_its_rate():
    assert used_share([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], 5) == pytest.approx(1.0)


def test_a_pause_uses_nothing():
    assert used_share([0.0, 0.2, 0.4, 1.8, 2.0], 5) == pytest.approx(0.4)


def test_the_order_of_the_times_does_not_matter():
    assert used_share([1.0, 0.0, 0.5], 2) == pytest.approx(1.0)


@pytest.mark.parametrize("times", [[], [3.0]])
def test_fewer_than_two_detections_use_nothing(times):
    assert used_share(times, 5) == 0.0


def test_a_share_of_nothing_is_nothing():
    assert share(0, 0) == 0.0
    assert share(1, 4) == 0.25


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (1, 1), (50, 50), (99, 99), (99.5, 100), (100, 100)])
def test_a_percentile_is_the_nearest_rank(percent, value):
    assert percentile(range(100, 0, -1), percent) == value


def test_the_lost_are_those_without_a_result_and_twice_counts_every_result_beyond_the_first():
    assert lost_and_twice(["a", "b", "c", "d"], ["a", "c", "c", "c", "d", "d"]) == (1, 3)
    assert lost_and_twice(["a", "b"], ["b", "a"]) == (0, 0)
