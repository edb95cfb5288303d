"""Laws of the workflow definitions, which neither CloudFormation nor the local cloud checks."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import pytest

from lambdas.model_versions import LOOK_LIMITS, Goal
from lambdas.registry import CACHE_SECONDS
from stacks.parts.work_queue import WORKER_TIMEOUT
from stacks.parts.workflow import DEFINITIONS, PlaceholderError, definition

FILES = sorted(DEFINITIONS.glob("*.asl.json"))
NAMES = [file.name.removesuffix(".asl.json") for file in FILES]
HISTORY_LIMIT = 20_000  # events; the service stops an execution at 25,000

# Loops that no look limit bounds, by one of their states: how often they go round at most, and why.
OTHER_LOOPS = {"Create the project": 2}  # a flag ends it: the project is looked for once more after the create


def states_of(name: str) -> dict[str, Any]:
    return definition_of(name)["States"]


def definition_of(name: str) -> dict[str, Any]:
    return json.loads((DEFINITIONS / f"{name}.asl.json").read_text(encoding="utf-8"))


def next_of(state: Mapping[str, Any]) -> Iterator[str]:
    """Yield each state that may follow a state."""
    for step in (state, *state.get("Choices", []), *state.get("Catch", [])):
        if "Next" in step:
            yield step["Next"]
    if "Default" in state:
        yield state["Default"]


def reachable(states: Mapping[str, Any], start: str) -> set[str]:
    """Return the states that an execution can come to after `start`."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for following in next_of(states[waiting.pop()]):
            if following not in found:
                found.add(following)
                waiting.append(following)
    return found


def test_both_workflows_are_there():
    assert NAMES == ["run_model", "train_model"]


@pytest.mark.parametrize("name", NAMES)
def test_a_definition_is_jsonata_and_gives_up_in_time(name):
    said = definition_of(name)
    assert said["QueryLanguage"] == "JSONata"
    assert said["TimeoutSeconds"] > 0
    assert said["Comment"]


@pytest.mark.parametrize("name", NAMES)
def test_every_next_state_exists_and_every_state_can_be_reached(name):
    said = definition_of(name)
    states = said["States"]
    for state, step in states.items():
        assert set(next_of(step)) <= set(states), state
        assert step["Type"] in ("Succeed", "Fail") or list(next_of(step)) or step.get("End"), state
    assert reachable(states, said["StartAt"]) | {said["StartAt"]} == set(states)


@pytest.mark.parametrize("name", NAMES)
def test_every_task_retries_with_jitter_and_catches_all(name):
    for state, step in states_of(name).items():
        if step["Type"] == "Task":
            assert step["Retry"], state
            assert all(retry["JitterStrategy"] == "FULL" for retry in step["Retry"]), state
            assert step["Catch"][-1]["ErrorEquals"] == ["States.ALL"], state


@pytest.mark.parametrize("name", NAMES)
def test_every_rekognition_error_is_one_that_the_called_operation_has(name):
    model = botocore.session.get_session().get_service_model("rekognition")
    for state, step in states_of(name).items():
        service, _, operation = step.get("Resource", "").removeprefix("arn:aws:states:::aws-sdk:").partition(":")
        caught = [
            error
            for rule in (*step.get("Retry", []), *step.get("Catch", []))
            for error in rule["ErrorEquals"]
            if error.startswith("Rekognition.")
        ]
        if service != "rekognition":
            assert not caught, state
            continue
        shapes = model.operation_model(operation[0].upper() + operation[1:]).error_shapes
        # Step Functions ends each name so, whether or not the service does.
        known = {f"Rekognition.{shape.name.removesuffix('Exception')}Exception" for shape in shapes}
        assert set(caught) <= known, state


@pytest.mark.parametrize("name", NAMES)
def test_the_longest_execution_stays_under_the_history_limit(name):
    assert longest_history(definition_of(name)) < HISTORY_LIMIT


def longest_history(said: Mapping[str, Any]) -> int:
    """Count the events of an execution in which every loop runs out and every retry is used."""
    states = said["States"]
    loops = {state: reachable(states, state) for state in states}
    total = 2  # ExecutionStarted, and how it ended
    for state, step in states.items():
        loop = {other for other in loops[state] if state in loops[other]}
        total += events_of(step) * (rounds_of(states, loop) if loop else 1)
    return total


def events_of(step: Mapping[str, Any]) -> int:
    """Count a state's events: entered, exited, and three for each try of a task."""
    if step["Type"] != "Task":
        return 2
    tries = 1 + sum(retry["MaxAttempts"] for retry in step["Retry"])
    return 2 + 3 * tries


def rounds_of(states: Mapping[str, Any], loop: set[str]) -> int:
    """Return how often a loop goes round at most."""
    goals = [
        LOOK_LIMITS[Goal(payload["Goal"])]
        for state in loop
        if isinstance(payload := states[state].get("Arguments", {}).get("Payload"), dict) and "Goal" in payload
    ]
    goals += [rounds for state, rounds in OTHER_LOOPS.items() if state in loop]
    assert len(goals) == 1, f"nothing says how often the loop {sorted(loop)} goes round"
    return goals[0]


def test_a_loop_without_a_limit_is_found():
    step = {"Type": "Wait", "Seconds": 30, "Next": "Wait"}
    with pytest.raises(AssertionError, match="nothing says how often"):
        longest_history({"States": {"Wait": step}})


def test_thirty_second_looks_for_a_day_would_be_too_many():
    states = states_of("train_model")
    names = ["Wait for the training", "Look at the training", "Assess the training", "Is the model trained?"]
    a_round = sum(events_of(states[name]) for name in names)
    assert a_round * 24 * 120 > HISTORY_LIMIT


def test_the_former_version_runs_until_no_function_can_still_ask_it():
    wait = states_of("run_model")["Let the last images finish"]["Seconds"]
    assert wait >= CACHE_SECONDS + WORKER_TIMEOUT.to_seconds()


def test_a_workflow_gives_up_only_after_its_looks_have_run_out():
    for name in NAMES:
        states = states_of(name)
        waits = {state: step["Seconds"] for state, step in states.items() if step["Type"] == "Wait"}
        looking = 0
        for state, seconds in waits.items():
            loop = {other for other in reachable(states, state) if state in reachable(states, other)}
            looking += seconds * (rounds_of(states, loop) if loop else 1)
        assert definition_of(name)["TimeoutSeconds"] > looking, name


@pytest.mark.parametrize("name", NAMES)
def test_the_template_fills_every_placeholder_and_no_other(deployment, name):
    (machine,) = [
        machine.properties
        for machine in deployment.all("AWS::StepFunctions::StateMachine")
        if machine.properties["StateMachineName"].endswith(name)
    ]
    placeholders = set(re.findall(r"\$\{(\w+)\}", machine["DefinitionString"]))
    assert set(machine["DefinitionSubstitutions"]) == placeholders
    assert machine["StateMachineName"] == f"custom-labels-{deployment.name}-{name}"


def test_a_placeholder_that_no_stack_fills_is_refused():
    with pytest.raises(PlaceholderError, match=r"does not fill: .*'RegistryTable'"):
        definition("run_model", {"PrepareRunArn": "arn"})


def test_a_value_for_no_placeholder_is_refused():
    names = re.findall(r"\$\{(\w+)\}", FILES[0].read_text(encoding="utf-8"))
    with pytest.raises(PlaceholderError, match="no placeholders \\['Misspelled'\\]"):
        definition("run_model", dict.fromkeys([*names, "Misspelled"], "arn"))
