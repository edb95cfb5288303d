"""What the workflows' JSONata makes of odd values, by the engine that the local cloud brings."""

import json
from typing import Any

import pytest

from stacks.parts.workflow import DEFINITIONS
from tests.infrastructure.jsonata import evaluated

MAX_TOLD = 4000  # characters of a cause that a notification and the registry carry


def states_of(name: str) -> dict[str, Any]:
    return json.loads((DEFINITIONS / f"{name}.asl.json").read_text(encoding="utf-8"))["States"]


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        pytest.param({}, True, id="no word"),
        pytest.param({"Wanted": {"S": "RUNNING"}, "WantedAt": {"N": "9"}}, True, id="a start, meanwhile"),
        pytest.param({"Wanted": {"S": "STOPPED"}, "WantedAt": {"N": "9"}}, False, id="a stop without end"),
        pytest.param({"Wanted": {"S": "STOPPED"}, "WantedUntil": {"N": "4102444800"}}, False, id="a stop"),
        pytest.param({"Wanted": {"S": "STOPPED"}, "WantedUntil": {"N": "1000"}}, True, id="a stop that is over"),
        pytest.param({"ActiveVersionArn": {"S": "other"}}, False, id="another version is active"),
    ],
)
def test_a_version_that_made_room_is_brought_back_unless_a_person_wants_it_stopped(item, wanted):
    expression = states_of("restore_version")["Read the registry"]["Assign"]["wanted"]
    result = {"Item": {"ActiveVersionArn": {"S": "arn"}} | item}
    assert evaluated(expression, states={"result": result}, plan={"Former": {"ProjectVersionArn": "arn"}}) is wanted


READERS = [
    (name, state)
    for name in sorted(file.name.removesuffix(".asl.json") for file in DEFINITIONS.glob("*.asl.json"))
    for state in states_of(name)
    if state.startswith("Read the failure")
]


def test_every_workflow_reads_its_failures():
    assert {name for name, _ in READERS} == {file.name.removesuffix(".asl.json") for file in DEFINITIONS.iterdir()}


@pytest.mark.parametrize(("name", "state"), READERS)
@pytest.mark.parametrize(
    ("failure", "told"),
    [
        pytest.param({"Error": "StartFailed", "Cause": "v1 is FAILED: no units"}, "v1 is FAILED: no units", id="text"),
        pytest.param(
            {
                "Error": "DatasetError",
                "Cause": json.dumps({"errorMessage": "1 labels", "errorType": "DatasetError", "stackTrace": ["a"]}),
            },
            "1 labels",
            id="an error that a function raised",
        ),
        pytest.param(
            {
                "Error": "States.TaskFailed",
                "Cause": json.dumps({"Status": "FAILED", "Error": "NotPromoted", "Cause": "a person asked"}),
            },
            "a person asked",
            id="an execution that failed",
        ),
        pytest.param(
            {"Error": "States.TaskFailed", "Cause": '{"Status": "TIMED_OUT"}'},
            '{"Status": "TIMED_OUT"}',
            id="JSON that says no cause",
        ),
        pytest.param(
            {"Error": "E", "Cause": '{"errorMessage": "a {brace} and then th'},
            '{"errorMessage": "a {brace} and then th',
            id="JSON that was cut",
        ),
        pytest.param({"Error": "E", "Cause": "x" * 40_000}, "x" * MAX_TOLD, id="40,000 characters"),
        pytest.param(
            {"Error": "E", "Cause": json.dumps({"errorMessage": "x" * 40_000})},
            "x" * MAX_TOLD,
            id="JSON of 40,000 characters",
        ),
        pytest.param(
            {"Error": "E", "Cause": '{"errorMessage": "' + "x" * 40_000},
            '{"errorMessage": "' + "x" * (MAX_TOLD - 18),
            id="40,000 characters of JSON that was cut",
        ),
        pytest.param({"Error": "States.Timeout"}, "States.Timeout", id="no cause"),
        pytest.param({"Error": "E", "Cause": ""}, "", id="an empty cause"),
    ],
)
def test_a_failure_is_told_in_the_words_of_who_failed_however_they_are_wrapped(name, state, failure, told):
    expression = states_of(name)[state]["Assign"]["message"]
    assert evaluated(expression, failure=failure) == told


@pytest.mark.parametrize(
    ("given", "project"),
    [
        ({"detail": {"object": {"key": "digits/first/train.manifest"}}}, "digits"),
        ({"detail": {"object": {"key": "nowhere/first/train.manifest"}}}, "nowhere"),
        ({"detail": {"object": {"key": "/train.manifest"}}}, "unknown"),
        ({"detail": {"object": {}}}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_until_an_upload_is_claimed_its_project_is_the_first_part_of_the_key(given, project):
    """SNS refuses an empty attribute: a failure would not be told."""
    expression = states_of("train_model")["Remember the upload"]["Assign"]["plan"]["Project"]
    assert evaluated(expression, states={"input": given}) == project


LINK = "s3://output/digits/first/TrainingReport-demo.digits-first.html"


@pytest.mark.parametrize("state", ["Ask for approval", "Tell of the training", "Tell of the failure"])
@pytest.mark.parametrize(
    "report",
    [
        pytest.param({"Report": {"Link": LINK, "ConsoleLink": "https://..."}}, id="a report"),
        pytest.param({"ReportError": "no time"}, id="a report that could not be made"),
        pytest.param({}, id="a failure before there was anything to report"),
    ],
)
def test_every_message_of_a_training_names_its_report_or_why_there_is_none(state, report):
    expression = states_of("train_model")[state]["Arguments"]["Message"]
    said = json.loads(evaluated(expression, **of_a_training(), report=report))
    assert said["VersionName"] == "first"
    assert {name: value for name, value in said.items() if name.startswith("Report")} == report


@pytest.mark.parametrize(
    ("report", "told"), [({"Report": {"Link": LINK}}, {"Report": LINK}), ({"ReportError": "no time"},) * 2]
)
def test_the_output_of_a_training_names_its_report_or_why_there_is_none(report, told):
    expression = states_of("train_model")["Trained and running"]["Output"]
    said = evaluated(expression, **of_a_training(), report=report)
    assert {name: value for name, value in said.items() if name.startswith("Report")} == told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({"Error": "VersionGoneError", "Cause": json.dumps({"errorMessage": "no version v1"})}, "no version v1"),
        ({"Error": "Lambda.Unknown", "Cause": "it ran out of memory"}, "it ran out of memory"),
        ({"Error": "States.Timeout"}, "States.Timeout"),
        ({"Error": "E", "Cause": '{"Status": "TIMED_OUT"}'}, '{"Status": "TIMED_OUT"}'),
        ({"Error": "E", "Cause": "x" * 40_000}, "x" * 1000),
    ],
)
def test_why_there_is_no_report_is_kept_for_the_messages(error, told):
    (caught,) = states_of("train_model")["Report the training"]["Catch"]
    assert evaluated(caught["Assign"]["report"], states={"errorOutput": error}) == {"ReportError": told}


def of_a_training() -> dict[str, Any]:
    """Return the variables that a training has where it tells of itself."""
    return {
        "states": {"context": {"Execution": {"Id": "arn"}}},
        "plan": {"Project": "digits", "VersionName": "first", "ApprovalSeconds": 3600},
        "look": {"ProjectVersionArn": "arn", "F1Score": 0.9},
        "verdict": {"Accepted": True, "Reasons": [], "Notes": [], "BillableSeconds": 1, "Dollars": 0.1},
        "dataset": {"BadLines": 0},
        "kept": 0,
        "status": "REJECTED",
        "code": "ModelRejected",
        "message": "F1 is too low",
    }
