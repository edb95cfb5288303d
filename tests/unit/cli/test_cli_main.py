import json
from datetime import UTC, datetime

import pytest

from tests.unit.aws import Refusal
from tests.unit.cli.services import RUN_MODEL


def test_models_are_listed_as_a_table(customlabels, models, activate):
    models.add("demo.digits", "v1", "RUNNING")
    activate("digits", "v1")
    code, out, err = customlabels("models")
    assert (code, err) == (0, "")
    assert [line.split() for line in out.splitlines()] == [
        ["PROJECT", "VERSION", "STATUS", "F1", "ACTIVE"],
        ["digits", "v1", "RUNNING", "0.900", "yes"],
    ]


def test_json_is_all_that_is_on_stdout(customlabels, models):
    arn = models.add("demo.digits", "v1", "RUNNING")
    code, out, err = customlabels("models", "--json")
    assert (code, err) == (0, "")
    (model,) = json.loads(out)
    assert (model["Project"], model["ProjectVersionArn"], model["F1Score"]) == ("digits", arn, 0.9)
    assert (model["Status"], model["Active"]) == ("RUNNING", False)


def test_models_that_cost_money_are_exit_code_1(customlabels, models):
    models.add("demo.digits", "v1", "STOPPED")
    models.add("demo.digits", "v2", "STARTING")
    models.add("demo.scenes", "v3", "RUNNING")
    code, out, _ = customlabels("models", "--billed", "--json")
    assert code == 1
    assert [model["VersionName"] for model in json.loads(out)] == ["v2", "v3"]


def test_where_no_model_costs_money_the_exit_code_is_0(customlabels, models):
    models.add("demo.digits", "v1", "STOPPED")
    code, out, _ = customlabels("models", "--billed", "--json")
    assert (code, json.loads(out)) == (0, [])


def test_without_billed_a_running_model_is_no_failure(customlabels, models):
    models.add("demo.digits", "v1", "RUNNING")
    assert customlabels("models")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["models", "--deployment", "other"], "no deployment 'other'"),
        (["models", "other"], "no project 'other'"),
        (["stop", "other"], "no project 'other'"),
        (["start", "digits"], "no active version"),
        (["start", "digits", "--version", "v9"], "no version 'v9'"),
    ],
)
def test_what_went_wrong_is_on_stderr_and_the_exit_code_is_1(customlabels, arguments, said):
    code, out, err = customlabels(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith("customlabels: ")
    assert said in err
    assert "Traceback" not in err


def test_what_aws_refuses_is_on_stderr_in_its_words(customlabels, models):
    models.add("demo.digits", "v1", "RUNNING")
    models.refuse_next = Refusal("AccessDeniedException", message="no grant")
    code, out, err = customlabels("stop", "digits")
    assert (code, out) == (1, "")
    assert "no grant" in err


@pytest.mark.parametrize("arguments", [[], ["dance"], ["start"], ["results"], ["models", "--colour"]])
def test_a_wrong_command_line_is_exit_code_2(customlabels, arguments):
    with pytest.raises(SystemExit) as ended:
        customlabels(*arguments)
    assert ended.value.code == 2


def test_start_follows_the_run_and_prints_how_it_ended(customlabels, models, activate, executions):
    models.add("demo.digits", "v1", "STOPPED")
    activate("digits", "v1")
    code, out, err = customlabels("start", "digits", "--json")
    (arn,) = executions.given
    assert (code, json.loads(out)) == (0, {"ExecutionArn": arn, "Status": "SUCCEEDED"})
    assert err.splitlines()[1:] == ["  0 s: Prepare the run"]


def test_a_run_that_fails_is_exit_code_1_and_its_cause_is_printed(
    customlabels, models, activate, executions, monkeypatch
):
    models.add("demo.digits", "v1", "STOPPED")
    activate("digits", "v1")
    failed = {"status": "FAILED", "error": "NotPromoted", "cause": "a person asked"}
    arn = executions.add(RUN_MODEL, {}, (["The run failed"], failed))
    begun = {"executionArn": arn, "startDate": datetime(2026, 1, 1, tzinfo=UTC)}
    monkeypatch.setattr(executions, "start_execution", lambda **_: begun)
    code, out, _ = customlabels("start", "digits")
    assert (code, out) == (1, "FAILED: NotPromoted: a person asked\n")


def test_without_waiting_start_prints_the_execution_only(customlabels, models, activate, executions):
    models.add("demo.digits", "v1", "STOPPED")
    activate("digits", "v1")
    code, out, err = customlabels("start", "digits", "--no-wait")
    assert (code, out.split()) == (0, list(executions.given))
    assert "Prepare the run" not in err


def test_stop_prints_what_was_stopped_and_says_on_stderr_what_it_does(customlabels, models):
    models.add("demo.digits", "v1", "RUNNING")
    code, out, err = customlabels("stop", "digits")
    assert (code, out.splitlines()[0]) == (0, "stopped v1")
    assert "closing the queue's event source" in err
    assert "may start a model" not in err


def test_stop_warns_of_executions_that_may_start_a_model_again(customlabels, models, executions):
    models.add("demo.digits", "v1", "RUNNING")
    running = executions.add(RUN_MODEL, {"Project": "digits"})
    code, out, err = customlabels("stop", "digits", "--json")
    assert code == 0
    assert [model["VersionName"] for model in json.loads(out)] == ["v1"]
    assert f"still running, and may start a model: {running}" in err


def test_stop_that_could_not_close_the_queue_is_exit_code_1_though_the_models_are_stopped(
    customlabels, models, event_sources, calls
):
    models.add("demo.digits", "v1", "RUNNING")
    event_sources.refusals = [Refusal("AccessDeniedException", 403)]
    code, _, err = customlabels("stop", "digits")
    assert code == 1
    assert "would not close" in err
    assert "stop v1" in calls
