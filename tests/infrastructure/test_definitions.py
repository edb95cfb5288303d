"""Laws of the workflow definitions, which neither CloudFormation nor the local cloud checks."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import pytest

from lambdas.delivery import TIMEOUT_SECONDS
from lambdas.deployment_settings import MAX_APPROVAL_HOURS
from lambdas.model_versions import LOOK_LIMITS, Goal
from lambdas.registry import CACHE_SECONDS
from stacks.parts.workflow import DEFINITIONS, PlaceholderError, definition
from tests.infrastructure.jsonata import evaluated

FILES = sorted(DEFINITIONS.glob("*.asl.json"))
NAMES = [file.name.removesuffix(".asl.json") for file in FILES]
HISTORY_LIMIT = 20_000  # events; the service stops an execution at 25,000

# A count that a Choice compares ends a loop that no look limit bounds: `$turns >= 96`, `$turns >= ($made ? 6 : 72)`.
COUNTED = re.compile(r"\$(\w+) >= (?:(\d+)|\(\$\w+ \? (\d+) : (\d+)\))")

# The services that tasks call, as Step Functions spells them before the name of an error.
SERVICES = {
    "dynamodb": "DynamoDB",
    "dynamodb by the SDK": "DynamoDb",  # which spells it so
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
    "dynamodb by the SDK": {
        "DynamoDb.InternalServerErrorException",
        "DynamoDb.ProvisionedThroughputExceededException",
        "DynamoDb.RequestLimitExceededException",
        "DynamoDb.SdkClientException",
        "DynamoDb.ThrottlingException",
        "Refused",  # a person's answer
        "States.Timeout",
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
    if "aws-sdk:dynamodb" in step["Resource"]:
        called[0] = "dynamodb by the SDK"
    return called[0], called[1].removesuffix(".sync").removesuffix(".waitForTaskToken")


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


def test_all_workflows_are_there():
    assert NAMES == ["delete_versions", "fill_datasets", "make_room", "restore_version", "run_model", "train_model"]


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
    states = states_of("run_model")
    renewed = loop_of(states, "Take the lease")  # in each round, before the start
    assert {"Wait for a place", "Make room", "Start the model"} <= renewed
    over = {"Bring the former version back", "Delete old versions"}  # the lease was renewed, or given back
    assert int(seconds) > sum(waits_of(states, state) for state in set(states) - renewed - over)
    assert int(seconds) > waits_of(states, "Make room")


def test_a_lease_is_kept_for_as_long_as_the_former_version_may_take_to_come_back():
    states = states_of("run_model")
    (before,) = (name for name, step in states.items() if step.get("Next") == "Bring the former version back")
    until = states[before]["Arguments"]["ExpressionAttributeValues"][":until"]["N"]
    (seconds,) = re.findall(r"\$millis\(\) / 1000\) \+ (\d+)", until)
    assert int(seconds) > waits_of(states, "Bring the former version back")


@pytest.mark.parametrize("name", NAMES)
def test_the_longest_execution_stays_under_the_history_limit(name):
    assert longest_history(definition_of(name)) < HISTORY_LIMIT


def longest_history(said: Mapping[str, Any]) -> int:
    """Count the events of an execution in which every loop runs out and every retry is used."""
    states = said["States"]
    loops = {frozenset(loop_of(states, state)) for state in states} - {frozenset()}
    once = sum(events_of(step) for state, step in states.items() if not loop_of(states, state))
    in_loops = sum(rounds_of(states, set(loop)) * longest_round(states, set(loop)) for loop in loops)
    return 2 + once + in_loops  # ExecutionStarted, and how it ended


def longest_round(states: Mapping[str, Any], loop: set[str]) -> int:
    """Count the events of the longest way from one count of a loop's rounds to the next."""
    counting = counting_in(states, loop)

    def longest_from(state: str) -> int:
        ways = [longest_from(other) for other in next_of(states[state]) if other in loop - counting]
        return events_of(states[state]) + max(ways, default=0)

    return max(longest_from(state) for state in counting)


def loop_of(states: Mapping[str, Any], state: str) -> set[str]:
    """Return the states of the loop that a state is in; none, where it is in no loop."""
    return {other for other in reachable(states, state) if state in reachable(states, other)}


def events_of(step: Mapping[str, Any]) -> int:
    """Count a state's events: entered, exited, and three for each try of a task, four where it then waits."""
    if step["Type"] != "Task":
        return 2
    tries = 1 + sum(retry["MaxAttempts"] for retry in step["Retry"])
    return 2 + tries * (4 if ".sync" in step["Resource"] or ".waitForTaskToken" in step["Resource"] else 3)


def rounds_of(states: Mapping[str, Any], loop: set[str]) -> int:
    """Return how often a loop goes round at most."""
    said = [states[state].get("Arguments") for state in loop]
    payloads = [arguments.get("Payload") for arguments in said if isinstance(arguments, dict)]
    goals = [
        LOOK_LIMITS[Goal(payload["Goal"])] for payload in payloads if isinstance(payload, dict) and "Goal" in payload
    ]
    counts = counts_of(states, loop)
    if counts:
        goals.append(sum(sum(limits) + 1 for limits in counts.values()))
    assert len(goals) == 1, f"nothing says how often the loop {sorted(loop)} goes round"
    return goals[0]


def counts_of(states: Mapping[str, Any], loop: set[str]) -> dict[str, list[int]]:
    """Return the variables that count a loop's rounds, with the numbers that a Choice in it compares them with."""
    counts: dict[str, list[int]] = {}
    for state in loop:
        for rule in states[state].get("Choices", []):
            for name, *limits in COUNTED.findall(rule["Condition"]):
                counts.setdefault(name, []).extend(int(limit) for limit in limits if limit)
    return counts


@pytest.mark.parametrize("name", NAMES)
def test_no_loop_goes_round_without_being_counted(name):
    """A way round that passes neither a count nor an assessed look could go on for ever."""
    states = states_of(name)
    for loop in {frozenset(loop_of(states, state)) for state in states} - {frozenset()}:
        counting = counting_in(states, set(loop))
        left = {state: step for state, step in states.items() if state in loop - counting}
        inside = {state: {"Next": [other for other in next_of(step) if other in left]} for state, step in left.items()}
        for state in inside:
            assert state not in reachable_by(inside, state), f"{state} can come back to itself uncounted"


def counting_in(states: Mapping[str, Any], loop: set[str]) -> set[str]:
    """Return the states of a loop that add to the count of its rounds, by themselves or where they catch an error."""
    counters = counts_of(states, loop).keys()
    return {
        state
        for state in loop
        for step in (states[state], *states[state].get("Catch", []))
        if counters & step.get("Assign", {}).keys() or "Assess" in state
    }


def reachable_by(following: Mapping[str, Mapping[str, list[str]]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for other in following[waiting.pop()]["Next"]:
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def test_a_loop_without_a_limit_is_found():
    step = {"Type": "Wait", "Seconds": 30, "Next": "Wait"}
    with pytest.raises(AssertionError, match="nothing says how often"):
        longest_history({"States": {"Wait": step}})


def test_a_loop_is_as_long_as_its_longest_round():
    states = {
        "Count": {"Type": "Wait", "Seconds": 1, "Assign": {"turns": "{% $turns + 1 %}"}, "Next": "Where?"},
        "Where?": {"Type": "Choice", "Choices": [{"Condition": "{% $turns >= 3 %}", "Next": "End"}], "Default": "A"},
        "A": {"Type": "Choice", "Choices": [{"Condition": "{% $a %}", "Next": "B"}], "Default": "Count"},
        "B": {"Type": "Pass", "Next": "Count"},
        "End": {"Type": "Succeed"},
    }
    assert longest_history({"States": states}) == 2 + 2 + 4 * 8


def test_five_minute_looks_for_thirty_hours_would_nearly_be_too_many():
    """Why the looks at a training become rarer."""
    states = states_of("train_model")
    names = ["Wait for the training", "Look at the training", "Assess the training", "Is the model trained?"]
    a_round = sum(events_of(states[name]) for name in names)
    assert a_round * 30 * 12 > 0.85 * HISTORY_LIMIT


def test_a_training_is_waited_for_longer_than_the_service_says_that_it_takes():
    assert waits_of(states_of("train_model"), "Wait for the training") >= 30 * 3600


def test_the_former_version_runs_until_no_function_can_still_ask_it():
    wait = states_of("run_model")["Let the last images finish"]["Seconds"]
    assert wait >= CACHE_SECONDS + TIMEOUT_SECONDS


def test_a_version_that_makes_room_runs_until_the_functions_that_took_an_image_have_ended():
    assert states_of("make_room")["Let the last images finish"]["Seconds"] >= TIMEOUT_SECONDS


def test_a_training_that_ended_is_reported_before_anything_comes_of_it_with_or_without_a_report():
    states = states_of("train_model")
    asked = {"Judge the version", "Explain the failure"}
    assert {state for state, step in states.items() if "Report the training" in next_of(step)} == asked
    assert states["Judge the version"]["Next"] == states["Explain the failure"]["Next"] == "Report the training"
    assert set(next_of(states["Report the training"])) == {"Is the model good enough?"}


def test_a_report_that_never_gets_ready_holds_a_training_up_for_half_an_hour_at_most(deployment):
    (function,) = [
        function.properties
        for function in deployment.all("AWS::Lambda::Function")
        if function.properties["FunctionName"].endswith("-report_training")
    ]
    # Other errors come at once.
    slow = {"Lambda.Unknown", "Sandbox.Timedout", "States.Timeout"}
    retries = states_of("train_model")["Report the training"]["Retry"]
    again = max(rule["MaxAttempts"] for rule in retries if slow & set(rule["ErrorEquals"]))
    assert (1 + again) * function["Timeout"] <= 30 * 60


def test_a_workflow_gives_up_only_after_its_looks_have_run_out():
    for name in NAMES:
        assert definition_of(name)["TimeoutSeconds"] > longest_waits(name), name


def longest_waits(name: str) -> int:
    """Return the seconds that an execution waits where every loop runs out."""
    states = states_of(name)
    return sum(waits_of(states, state) for state in states)


def waits_of(states: Mapping[str, Any], state: str) -> float:
    """Return the seconds that one state waits in all rounds of its loop, or that the workflow that it runs may take."""
    step = states[state]
    loop = loop_of(states, state)
    rounds = rounds_of(states, loop) if loop else 1
    if step["Type"] == "Task" and ".sync" in step["Resource"]:
        (ran,) = re.findall(r"\$\{(\w+)Arn\}", step["Arguments"]["StateMachineArn"])
        return definition_of(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", ran).lower())["TimeoutSeconds"]
    if "TimeoutSeconds" in step:
        return MAX_APPROVAL_HOURS * 3600
    if step["Type"] != "Wait":
        return 0
    if isinstance(step["Seconds"], str):  # it depends on the number of looks
        return sum(evaluated(step["Seconds"], looks=looks) for looks in range(rounds))
    return step["Seconds"] * rounds


@pytest.mark.parametrize("name", NAMES)
def test_the_template_fills_every_placeholder_and_no_other(deployment, name):
    (machine,) = [
        machine.properties
        for machine in deployment.all("AWS::StepFunctions::StateMachine")
        if machine.properties["StateMachineName"].endswith(f"-{name}")
    ]
    placeholders = set(re.findall(r"\$\{(\w+)\}", machine["DefinitionString"]))
    assert set(machine["DefinitionSubstitutions"]) == placeholders
    assert machine["StateMachineName"] == f"custom-labels-{deployment.name}-{name}"


def test_a_placeholder_that_no_stack_fills_is_refused():
    with pytest.raises(PlaceholderError, match=r"does not fill: .*'RegistryTable'"):
        definition("run_model", {"PrepareRunArn": "arn"})


def test_a_value_for_no_placeholder_is_refused():
    names = re.findall(r"\$\{(\w+)\}", (DEFINITIONS / "run_model.asl.json").read_text(encoding="utf-8"))
    with pytest.raises(PlaceholderError, match="no placeholders \\['Misspelled'\\]"):
        definition("run_model", dict.fromkeys([*names, "Misspelled"], "arn"))
