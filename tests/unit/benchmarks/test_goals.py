"""Whether a report meets the goals."""

import pytest

from benchmarks.goals import Goal, verdicts


@pytest.mark.parametrize(("used", "met"), [(0.9499, False), (0.95, True), (1.0, True)])
def test_a_least_number_is_met_from_there_on(used, met):
    (verdict,) = verdicts({"drain": {"3": {"used": used}}})
    assert (verdict.number, verdict.met, verdict.goal.bound) == (used, met, "at least 0.95")


@pytest.mark.parametrize(("ratio", "met"), [(1.0, True), (1.3, True), (1.301, False)])
def test_a_most_number_is_met_up_to_there(ratio, met):
    (verdict,) = verdicts({"overhead": {"cold_ratio": ratio}})
    assert (verdict.number, verdict.met, verdict.goal.bound) == (ratio, met, "at most 1.3")


def test_what_was_not_measured_is_not_judged():
    assert list(verdicts({})) == []
    assert list(verdicts({"drain": {"5": {"used": 1.0}}, "overhead": 7})) == []


def test_nothing_lost_is_a_number_too():
    (verdict,) = verdicts({"faults": {"lost": 0}})
    assert verdict.met
    assert verdict.goal == Goal("faults: uploads lost", ("faults", "lost"), most=0)
