"""Laws of the workflow definitions, which neither CloudFormation nor the local cloud checks."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import pytest

from lambdas.delivery import TIMEOUT_SECONDS
from lambdas.model_versions import LOOK_LIMITS, Goal
from lambdas.registry import CACHE_SECONDS
from stacks.parts.workflow import DEFINITIONS, PlaceholderError, definition

FILES = sorted(DEFINITIONS.glob("*.asl.json"))
NAMES = [file.name.removesuffix(".asl.json") for file in FILES]
HISTORY_LIMIT = 20_000  # events; the service stops an execution at 25,000

# Loops that no look limit bounds, by one of their states: how often they go round at most, and why.
OTHER_LOOPS = {"Create the project": 7}  # a count ends it: six creations, each after a look, and a last look

# The services that tasks call, as Step Functions spells them before the name of an error.
SERVICES = {
    "dynamodb": "DynamoDB",
    "lambda": "Lambda",
    "rekognition": "Rekognition",
    "sns": "SNS",
    "states": "StepFunctions",
}
NO_CONNECTION = "SdkClientException"  # Step Functions' own name for a call that did not reach a service
# The errors that rules may name beside those of Rekognition, which its model lists.
NAMED_ERRORS = {
    "dynamodb": {
        "DynamoDB.ConditionalCheckFailedException",
        "DynamoDB.InternalServerErrorException",
        "DynamoDB.ProvisionedThroughputExceededException",
        "DynamoDB.RequestLimitExceededException",
        "DynamoDB.SdkClientException",
        "DynamoDB.ThrottlingException",
    },
    "lambda": {
        "Lambda.AWSLambdaException",
        "Lambda.ResourceInUseException",
        "Lambda.SdkClientException",
        "Lambda.ServiceException",
        "Lambda.TooManyRequestsException",
        "Lambda.Unknown",
        "Sandbox.Timedout",
        "States.Timeout",
    },
    "sns": {
        "SNS.InternalErrorException",
        "SNS.KMSThrottlingException",
        "SNS.SdkClientException",
        "SNS.ThrottledException",
    },
    "states": {"StepFunctions.ExecutionLimitExceededException", "StepFunctions.SdkClientException"},
}
# A function that broke down or did not answer may do so when it is asked again; an error that it raised is its answer.
FUNCTION_BROKE_DOWN = {
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "States.Timeout",
}


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


def service_of(step: Mapping[str, Any]) -> tuple[str, str]:
    """Return the service that a task calls, and the operation: `("dynamodb", "putItem")`."""
    called = step["Resource"].removeprefix("arn:aws:states:::").removeprefix("aws-sdk:").split(":")
    return called[0], called[1].removesuffix(".sync")


def tasks_of(name: str) -> dict[str, Any]:
    return {state: step for state, step in states_of(name).items() if step["Type"] == "Task"}


def retried(step: Mapping[str, Any]) -> set[str]:
    return {error for rule in step["Retry"] for error in rule["ErrorEquals"]}


def caught(step: Mapping[str, Any]) -> set[str]:
    return {error for rule in step["Catch"] for error in rule["ErrorEquals"]}


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
    for state, step in tasks_of(name).items():
        service, operation = service_of(step)
        if service != "rekognition":
            continue
        shapes = model.operation_model(operation[0].upper() + operation[1:]).error_shapes
        # Step Functions ends each name so, whether or not the service does.
        known = {f"Rekognition.{shape.name.removesuffix('Exception')}Exception" for shape in shapes}
        assert retried(step) | caught(step) <= known | {f"Rekognition.{NO_CONNECTION}", "States.ALL"}, state


@pytest.mark.parametrize("name", NAMES)
def test_every_other_error_that_a_rule_names_is_in_the_list_of_the_service_that_its_task_calls(name):
    for state, step in tasks_of(name).items():
        service, _ = service_of(step)
        if service != "rekognition":
            assert retried(step) | caught(step) <= NAMED_ERRORS[service] | {"States.ALL"}, state


def test_the_list_of_errors_holds_none_that_no_rule_names():
    named: dict[str, set[str]] = {}
    for step in (step for name in NAMES for step in tasks_of(name).values()):
        named.setdefault(service_of(step)[0], set()).update(retried(step) | caught(step))
    assert {service: named[service] - {"States.ALL"} for service in NAMED_ERRORS} == NAMED_ERRORS


@pytest.mark.parametrize("name", NAMES)
def test_every_task_is_tried_again_where_its_call_did_not_reach_the_service(name):
    for state, step in tasks_of(name).items():
        service, _ = service_of(step)
        assert f"{SERVICES[service]}.{NO_CONNECTION}" in retried(step), state


@pytest.mark.parametrize("name", NAMES)
def test_a_function_that_broke_down_is_asked_again_and_one_that_raised_an_error_is_not(name):
    for state, step in tasks_of(name).items():
        if service_of(step) == ("lambda", "invoke"):
            assert retried(step) == FUNCTION_BROKE_DOWN, state


@pytest.mark.parametrize("name", NAMES)
def test_only_the_execution_that_took_a_lease_gives_it_back(name):
    for state, step in tasks_of(name).items():
        if service_of(step) == ("dynamodb", "deleteItem"):
            said = step["Arguments"]
            assert said["ConditionExpression"] == "#execution = :me", state
            assert said["ExpressionAttributeNames"] == {"#execution": "Execution"}, state
            assert said["ExpressionAttributeValues"] == {":me": {"S": "{% $states.context.Execution.Id %}"}}, state


def test_a_lease_outlasts_the_waits_of_the_run_that_took_it():
    expires = states_of("run_model")["Take the lease"]["Arguments"]["Item"]["ExpiresAt"]["N"]
    (seconds,) = re.findall(r"\$millis\(\) / 1000\) \+ (\d+)", expires)
    assert int(seconds) > longest_waits("run_model")


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
    assert wait >= CACHE_SECONDS + TIMEOUT_SECONDS


def test_a_workflow_gives_up_only_after_its_looks_have_run_out():
    for name in NAMES:
        assert definition_of(name)["TimeoutSeconds"] > longest_waits(name), name


def longest_waits(name: str) -> int:
    """Return the seconds that an execution waits where every loop runs out."""
    states = states_of(name)
    waits = {state: step["Seconds"] for state, step in states.items() if step["Type"] == "Wait"}
    total = 0
    for state, seconds in waits.items():
        loop = {other for other in reachable(states, state) if state in reachable(states, other)}
        total += seconds * (rounds_of(states, loop) if loop else 1)
    return total


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
