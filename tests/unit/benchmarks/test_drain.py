"""What a backlog came to, from the calls that the stand-in has seen and the results that stand there."""

import pytest

from benchmarks.drain import Drained, came_to, numbers_of
from local.rekognition.detection_log import ANSWERED

THROTTLED = "ThrottlingException"


def test_the_throttled_are_a_share_of_all_calls_and_use_no_capacity():
    calls = [(0.0, ANSWERED), (0.1, THROTTLED), (0.5, ANSWERED), (1.0, ANSWERED), (9.0, THROTTLED)]
    found = came_to(calls, 2, ["a", "b", "c"], ["a", "b", "c"])
    assert found == Drained(used=pytest.approx(1.0), throttled=0.4, lost=0, twice=0, detections=3, seconds=1.0)


def test_images_without_a_result_are_lost_and_further_results_came_twice():
    found = came_to([], 5, ["a", "b", "c"], ["a", "a"])
    assert (found.lost, found.twice) == (2, 1)


def test_a_backlog_that_no_call_answered_used_nothing_in_no_time():
    assert came_to([(1.0, THROTTLED)], 5, ["a"], []) == Drained(0.0, 1.0, lost=1, twice=0, detections=0, seconds=0.0)


def test_the_report_has_the_baseline_beside_ours():
    ours, theirs = Drained(0.98766, 0.02, 0, 0, 600, 120.04), Drained(0.5, 0.31234, 1, 2, 610, 240.0)
    assert numbers_of(ours, theirs) == {
        "used": 0.9877,
        "throttled": 0.02,
        "lost": 0,
        "twice": 0,
        "detections": 600,
        "seconds": 120.0,
        "baseline_used": 0.5,
        "baseline_throttled": 0.3123,
        "baseline_lost": 1,
        "baseline_twice": 2,
        "baseline_detections": 610,
        "baseline_seconds": 240.0,
    }
