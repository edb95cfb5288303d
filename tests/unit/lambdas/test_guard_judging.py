"""What is to be done about a version that is billed."""

import pytest

from lambdas.guard_models.explaining import Explanation
from lambdas.guard_models.judging import judge, max_run_hours, overspent
from lambdas.guard_models.memory import Memory, key_of
from lambdas.guard_models.words import Why
from lambdas.runtime_settings import Runtime
from tests.unit.lambdas.guarded import HOUR, MINUTE, NOW, arn, billed, deployment

ALWAYS_ON = {"runtime": "always_on"}
SCHEDULED = {"runtime": "scheduled", "schedule": {"windows": ["mon-sun 00:00-24:00"]}}
VERSION = billed()


def ran(hours):
    return Memory(running_since={key_of(arn("v1")): NOW - hours * HOUR})


def spent(**unit_hours):
    return Memory(spent={key_of(project): hours * HOUR for project, hours in unit_hours.items()})


def why(explanation, memory=None, settings=None, seen=(VERSION,), version=VERSION):
    memory, settings = memory or Memory(), settings or deployment()
    sentence = judge(version, explanation, memory, settings, overspent(memory, settings, seen), NOW)
    return sentence and sentence.why


@pytest.mark.parametrize("explanation", [Explanation.WANTED, Explanation.CHOSEN])
def test_what_is_explained_goes_on(explanation):
    assert why(explanation) is None


def test_what_is_left_over_is_stopped_at_once():
    assert why(Explanation.LEFT_OVER) is Why.STOPPED


def test_what_nobody_knows_gets_a_notice_that_says_how_to_keep_it():
    settings = deployment()
    sentence = judge(VERSION, Explanation.UNKNOWN, Memory(), settings, overspent(Memory(), settings, []), NOW)
    assert (sentence.why, sentence.is_notice) == (Why.UNEXPLAINED, True)
    assert "customlabels start digits --version v1 --for 2h" in sentence.says
    assert "15 minutes" in sentence.says


def test_what_nobody_knows_is_stopped_15_minutes_after_its_notice():
    assert why(Explanation.UNKNOWN, Memory().noticing(VERSION, NOW - 15 * MINUTE + 1)) is None
    assert why(Explanation.UNKNOWN, Memory().noticing(VERSION, NOW - 15 * MINUTE)) is Why.STOPPED


def test_where_the_registry_cannot_be_read_nothing_is_stopped_for_want_of_an_explanation():
    assert why(None) is None
    assert why(None, Memory().noticing(VERSION, NOW - HOUR)) is None


@pytest.mark.parametrize(
    ("digits", "hours"),
    [
        ({}, 24),
        (ALWAYS_ON, None),
        (SCHEDULED, None),
        ({"max_run_hours": 2}, 2),
        (ALWAYS_ON | {"max_run_hours": 30}, 30),
        (SCHEDULED | {"max_run_hours": 3.5}, 3.5),
    ],
)
@pytest.mark.parametrize("explanation", [Explanation.WANTED, None])
def test_the_maximum_run_time_is_the_projects_and_a_day_on_demand(digits, hours, explanation):
    assert max_run_hours(deployment(digits).projects["digits"], explanation) == hours


def test_what_nobody_knows_or_settings_have_forgotten_may_run_for_a_day():
    assert max_run_hours(deployment(ALWAYS_ON).projects["digits"], Explanation.UNKNOWN) == 24
    assert max_run_hours(None, None) == 24


def test_every_runtime_is_thought_of():
    assert set(Runtime) == {"on_demand", "always_on", "scheduled"}


@pytest.mark.parametrize("explanation", [Explanation.WANTED, None])
def test_what_ran_for_its_longest_time_and_the_governor_did_not_stop_is_stopped_explained_or_not(explanation):
    settings = deployment({"max_run_hours": 2})
    assert why(explanation, ran(2 + 4.99 / 60), settings) is None
    assert why(explanation, ran(2 + 5 / 60), settings) is Why.RAN_TOO_LONG


def test_what_a_person_chose_runs_for_as_long_as_chosen():
    assert why(Explanation.CHOSEN, ran(100), deployment({"max_run_hours": 2})) is None


def test_what_is_always_on_runs_for_ever():
    assert why(Explanation.WANTED, ran(10_000), deployment(ALWAYS_ON)) is None


BUDGET = deployment({"daily_budget_unit_hours": 10})


@pytest.mark.parametrize("explanation", [*Explanation, None])
def test_a_spent_budget_stops_whatever_explains_a_version(explanation):
    assert why(explanation, spent(digits=11), BUDGET) is Why.BUDGET_SPENT


def test_a_project_pays_for_its_own_budget_only():
    assert why(Explanation.WANTED, spent(scenes=11), BUDGET) is None
    assert why(Explanation.WANTED, spent(digits=11), BUDGET, version=billed(project="scenes")) is None


def test_a_budget_is_the_governors_to_keep_first():
    """So the guard waits for 2 % more, or for what one look more costs."""
    assert why(Explanation.WANTED, spent(digits=10.19), BUDGET) is None
    assert why(Explanation.WANTED, spent(digits=10.2), BUDGET) is Why.BUDGET_SPENT
    five = billed(units=5)  # five minutes of which are 0.42 unit-hours
    assert why(Explanation.WANTED, spent(digits=10.41), BUDGET, seen=[five], version=five) is None
    assert why(Explanation.WANTED, spent(digits=10.42), BUDGET, seen=[five], version=five) is Why.BUDGET_SPENT


def test_the_deployments_budget_stops_all_its_projects():
    settings = deployment(daily_budget_unit_hours=10)
    memory = spent(digits=6, forgotten=5)
    for project in ("digits", "scenes"):
        assert why(Explanation.WANTED, memory, settings, version=billed(project=project)) is Why.BUDGET_SPENT
    assert why(Explanation.WANTED, spent(digits=6, forgotten=4), settings) is None
    tolerated = spent(digits=10.41)
    many = [billed(units=3), billed("v2", "scenes", units=2)]
    assert why(Explanation.WANTED, tolerated, settings, seen=many) is None


def test_without_budgets_there_is_nothing_to_spend():
    assert why(Explanation.WANTED, spent(digits=120, scenes=120)) is None


def test_a_message_says_what_was_spent_and_what_was_allowed():
    over = overspent(spent(digits=11), BUDGET, [])
    said = judge(VERSION, Explanation.WANTED, spent(digits=11), BUDGET, over, NOW).says
    assert "11.00 unit-hours today; its daily budget is 10." in said
