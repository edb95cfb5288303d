"""What a training uses, by walks through the workflows as they are."""

import logging

import pytest

from benchmarks import prices
from benchmarks.training import Usage, compared, loop, sample, training, walked
from benchmarks.training_services import START_SECONDS, STOP_SECONDS
from benchmarks.training_table import HEAD, rows
from benchmarks.walk import WalkError
from lambdas.assess_version.handler import logger

MINUTE = 60
HOUR = 60 * MINUTE
# Each look is a Wait, a description, an assessment and a Choice.
LOOK = 4


@pytest.mark.parametrize(("hours", "looks"), [(1, 12), (3, 36), (4, 36 + 4), (24, 36 + 21 * 4)])
def test_a_training_is_looked_at_every_five_minutes_and_after_three_hours_every_fifteen(hours, looks):
    journey, _ = walked(hours * HOUR)
    assert journey.entered["train_model", "Look at the training"] == looks


def test_more_hours_are_more_looks_and_nothing_else():
    one, day = compared(1), compared(24)
    assert day.by_machine["train_model"] - one.by_machine["train_model"] == LOOK * (36 + 21 * 4 - 12)
    assert (day.by_machine["run_model"], day.by_machine["delete_versions"]) == (
        one.by_machine["run_model"],
        one.by_machine["delete_versions"],
    )


def test_a_training_takes_its_time_and_that_of_start_images_and_stop():
    journey, _ = walked(HOUR)
    assert journey.clock.seconds == HOUR + START_SECONDS + 2 * MINUTE + STOP_SECONDS


def test_the_version_that_ran_before_is_stopped_and_no_state_of_failure_is_entered():
    journey, _ = walked(HOUR)
    entered = {state for _, state in journey.entered}
    assert {"Stop the former version", "Trained and running", "Deleted"} <= entered
    assert not any("failure" in state for state in entered)


def test_every_look_at_training_start_and_stop_calls_the_function_that_assesses_it():
    _, called = walked(HOUR)
    assert called["${AssessVersionArn}"] == 12 + START_SECONDS // 30 + STOP_SECONDS // 30
    assert {called[name] for name in called if name != "${AssessVersionArn}"} == {1}


def test_a_training_without_end_is_given_up_by_the_product_itself():
    with pytest.raises(WalkError, match=r"nothing here answers .*ExplainFailureArn"):
        walked(48 * HOUR)


def test_all_that_is_used_has_its_price():
    used = Usage(transitions=1000, calls=100, gb_seconds=50.0, gb_second=0.00001, log_bytes=1_000_000)
    assert used.by_service == {
        "Step Functions": pytest.approx(0.025),
        "Lambda": pytest.approx(100 * 0.2e-6 + 50 * 0.00001),
        "CloudWatch Logs": pytest.approx(0.0005),
    }
    assert used.dollars == pytest.approx(sum(used.by_service.values()))


def test_the_walked_states_are_what_is_billed():
    found = compared(1)
    assert found.ours.transitions == sum(found.by_machine.values())
    assert found.ours.dollars > found.ours.transitions * prices.STATE_TRANSITION


def test_the_loop_takes_three_transitions_and_a_call_each_five_seconds_and_the_time_of_the_call():
    used = loop(HOUR)
    looks = 706 + 177  # of 5.1 s in an hour, and in the quarter of an hour in which the model starts
    assert (used.transitions, used.calls) == (3 * looks, looks)
    assert used.gb_seconds == pytest.approx(looks * 0.1 / 8)


def test_the_sample_looks_at_once_and_each_quarter_of_an_hour():
    assert sample(HOUR).transitions == 3 + 5 * 2 + 4
    assert sample(HOUR).dollars == pytest.approx(17 * 25e-6)


def test_the_report_has_the_hours_as_its_keys():
    numbers = training()["training"]
    assert list(numbers) == ["1", "24"]
    for number in numbers.values():
        assert {"transitions", "dollars", "baseline_dollars"} <= set(number)
        assert number["dollars"] < number["baseline_dollars"]


def test_the_table_has_each_sum_above_its_parts_and_ratios_of_ours_to_the_others():
    one = {
        "transitions": 30,
        "transitions_by_workflow": {"train_model": 20, "run_model": 10},
        "dollars": 0.3,
        "dollars_by_service": {"Lambda": 0.3},
        "baseline_transitions": 3000,
        "baseline_dollars": 0.6,
        "baseline_dollars_by_service": {"Lambda": 0.6},
        "sample_transitions": 20,
        "sample_dollars": 0.1,
    }
    found = rows({"1": one})
    assert found == [
        ["1 h: state transitions", "30", "3,000", "0.01", "20", "1.5"],
        ["- train_model", "20", "", "", "", ""],
        ["- run_model", "10", "", "", "", ""],
        ["1 h: dollars", "$0.3000", "$0.6000", "0.5", "$0.1000", "3"],
        ["- Lambda", "$0.3000", "$0.6000", "0.5", "", ""],
    ]
    assert {len(row) for row in found} == {len(HEAD)}


def test_no_line_of_a_function_s_log_comes_among_the_tables():
    lines: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = lines.append
    logger.addHandler(handler)
    try:
        walked(HOUR)
    finally:
        logger.removeHandler(handler)
    assert lines == []
