import pytest

from cli.workflows import Ended, ExecutionNotFoundError, executions_running, find_execution, follow
from tests.unit.cli.services import RUN_MODEL, TRAIN_MODEL

RUNNING = {"status": "RUNNING"}


def upload(key):
    return {"detail": {"bucket": {"name": "datasets"}, "object": {"key": key}}}


def test_each_state_is_told_once_and_in_order_and_the_output_is_returned(clients, executions):
    arn = executions.add(
        RUN_MODEL,
        {},
        (["Prepare", "Start"], RUNNING),
        (["Prepare", "Start"], RUNNING),
        (["Prepare", "Start", "Wait", "Look"], RUNNING),
        (["Prepare", "Start", "Wait", "Look", "Wait", "Look"], {"status": "SUCCEEDED", "output": '{"Outcome": "X"}'}),
    )
    told = []
    assert follow(clients("stepfunctions"), arn, told.append) == Ended("SUCCEEDED", {"Outcome": "X"}, None, None)
    assert told == ["Prepare", "Start", "Wait", "Look", "Wait", "Look"]


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_an_execution_that_ended_badly_is_returned_with_error_and_cause(clients, executions, status):
    arn = executions.add(RUN_MODEL, {}, (["Fail"], {"status": status, "error": "NotPromoted", "cause": "a person"}))
    assert follow(clients("stepfunctions"), arn, [].append) == Ended(status, {}, "NotPromoted", "a person")


def test_following_looks_every_two_seconds(clients, executions, clock):
    arn = executions.add(RUN_MODEL, {}, ([], RUNNING), ([], RUNNING), ([], {"status": "SUCCEEDED"}))
    began = clock.now
    follow(clients("stepfunctions"), arn, [].append)
    assert clock.now - began == 4


def test_the_newest_execution_whose_input_mentions_the_mark_is_found(clients, executions):
    for key in ("digits/first/train.manifest", "digits/second/train.manifest", "digits/first/train.manifest"):
        newest = executions.add(TRAIN_MODEL, upload(key))
    executions.add(TRAIN_MODEL, upload("digits/third/train.manifest"))
    executions.add(RUN_MODEL, upload("digits/first/train.manifest"))
    assert find_execution(clients("stepfunctions"), TRAIN_MODEL, "digits/first/train.manifest", 5) == newest


def test_an_execution_that_begins_a_moment_later_is_found(clients, executions, clock, monkeypatch):
    sleep = clock.sleep
    made = []

    def begin(seconds):
        sleep(seconds)
        if not made:
            made.append(executions.add(TRAIN_MODEL, upload("digits/first/train.manifest")))

    monkeypatch.setattr(clock, "sleep", begin)
    assert [find_execution(clients("stepfunctions"), TRAIN_MODEL, "digits/first", 5)] == made


def test_an_execution_that_does_not_begin_in_time_is_told(clients, executions, clock):
    executions.add(TRAIN_MODEL, upload("digits/first/train.manifest"))
    began = clock.now
    with pytest.raises(ExecutionNotFoundError, match=r"no execution of .*train_model for digits/second began in 5 s"):
        find_execution(clients("stepfunctions"), TRAIN_MODEL, "digits/second", 5)
    assert 5 <= clock.now - began < 6


def test_executions_that_work_for_a_project_now_are_those_of_its_uploads_and_of_its_runs(
    clients, deployment, executions
):
    trainings = [executions.add(TRAIN_MODEL, upload(f"digits/{lot}/train.manifest")) for lot in "ab"]
    run = executions.add(RUN_MODEL, {"Project": "digits"})
    executions.add(TRAIN_MODEL, upload("scenes/digits/train.manifest"))
    executions.add(TRAIN_MODEL, {})
    executions.add(RUN_MODEL, {"Project": "scenes"})
    executions.add(RUN_MODEL, {"Project": "digits"}, ([], {"status": "SUCCEEDED"}))
    assert list(executions_running(clients, deployment, "digits")) == [*reversed(trainings), run]
