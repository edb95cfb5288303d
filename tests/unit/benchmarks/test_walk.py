"""Walks through small state machines."""

from typing import Any

import pytest

from benchmarks.walk import NESTED, Clock, Journey, WalkError


def machine(first: str, **states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": first, "States": states}


def journey(answer: Any = lambda resource, arguments: {}, **definitions: dict[str, Any]) -> Journey:
    return Journey(definitions, {"${OtherArn}": "other"}, answer, Clock())


END = {"Type": "Succeed"}
LOOP = machine(
    "Begin",
    Begin={"Type": "Pass", "Assign": {"looks": 0}, "Next": "Wait"},
    Wait={"Type": "Wait", "Seconds": "{% $looks < 2 ? 10 : 100 %}", "Next": "Look"},
    Look={
        "Type": "Task",
        "Resource": "look",
        "Arguments": {"Looks": ["{% $looks %}"]},
        "Assign": {"looks": "{% $looks + 1 %}", "before": "{% $looks %}", "done": "{% $states.result.Done %}"},
        "Next": "Done?",
    },
    **{
        "Done?": {"Type": "Choice", "Choices": [{"Condition": "{% $done %}", "Next": "End"}], "Default": "Wait"},
        "End": {"Type": "Succeed", "Output": {"Looks": "{% $looks %}", "Before": "{% $before %}"}},
    },
)


def done_after(looks: int) -> Any:
    return lambda resource, arguments: {"Done": arguments["Looks"][0] + 1 >= looks}


def test_each_state_counts_each_time_that_it_is_entered():
    walked = journey(done_after(3), it=LOOP)
    walked.walk("it", {})
    assert walked.entered == {
        ("it", "Begin"): 1,
        ("it", "Wait"): 3,
        ("it", "Look"): 3,
        ("it", "Done?"): 3,
        ("it", "End"): 1,
    }
    assert walked.transitions() == walked.transitions("it") == 11


def test_the_history_has_the_ends_of_the_execution_and_of_each_state_and_the_calls():
    walked = journey(done_after(3), it=LOOP)
    walked.walk("it", {})
    assert walked.events == {"it": 2 + 8 * 2 + 3 * 5}


def test_waits_move_the_clock_by_what_they_evaluate_to():
    walked = journey(done_after(3), it=LOOP)
    walked.walk("it", {})
    assert walked.clock.seconds == 10 + 10 + 100


def test_what_is_assigned_sees_the_variables_as_they_were_before():
    assert journey(done_after(2), it=LOOP).walk("it", {}) == {"Looks": 2, "Before": 1}


def test_a_task_hands_on_its_result_and_its_output_where_it_has_one():
    task = {"Type": "Task", "Resource": "r", "Arguments": {}, "Next": "End"}
    bare, with_output = machine("A", A=task, End=END), machine("A", A=task | {"Output": {"B": 1}}, End=END)
    walked = journey(lambda resource, arguments: {"A": 1}, bare=bare, with_output=with_output)
    assert (walked.walk("bare", {}), walked.walk("with_output", {})) == ({"A": 1}, {"B": 1})


def test_an_execution_that_is_started_counts_too():
    start = {
        "Type": "Task",
        "Resource": NESTED,
        "Arguments": {"StateMachineArn": "${OtherArn}", "Input": {"said": 1}},
        "Next": "End",
    }
    walked = journey(it=machine("Start", Start=start, End=END), other=machine("Alone", Alone=END))
    assert walked.walk("it", {}) == {"Status": "SUCCEEDED", "Output": {"said": 1}}
    assert (walked.transitions("it"), walked.transitions("other"), walked.transitions()) == (2, 1, 3)
    assert walked.events == {"it": 2 + 6 + 2, "other": 2 + 2}


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"Type": "Fail"}, "'A', a state of type Fail"),
        ({"Type": "Parallel"}, "'A', a state of type Parallel"),
        ({"Type": "Wait", "Timestamp": "t", "Next": "End"}, r"'A' has \['Timestamp'\]"),
        ({"Type": "Pass", "Assign": {"a": "{% $states.input.none %}"}, "Next": "End"}, r"'A' has .*none.* undefined"),
    ],
)
def test_a_walk_that_cannot_go_on_says_where_it_is(state, told):
    with pytest.raises(WalkError, match=f"it: .*{told}"):
        journey(it=machine("A", A=state, End=END)).walk("it", {})
