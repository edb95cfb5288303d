"""`customlabels start`: which version, for how long, and what becomes of one that runs already."""

import json

import pytest

from cli.deployment import find_deployment
from cli.models import ModelError
from cli.starting import give_back, start_model
from lambdas.registry import Registration, Wanted
from tests.unit.cli.services import RUN_MODEL

HOUR = 3600


@pytest.fixture
def runs(stacks):
    """Say when the model of digits runs."""

    def say(runtime: str) -> None:
        stacks.outputs["CustomLabels-demo-project-digits"]["Runtime"] = runtime

    return say


@pytest.fixture
def word(clients, deployment):
    """Return what the registry holds of a person's word."""

    def read() -> Registration:
        return deployment.registry(clients).registration("digits")

    return read


def started(executions):
    (given,) = executions.given.values()
    return json.loads(given)


def test_start_runs_the_active_version(clients, deployment, models, executions, activate):
    models.add("demo.digits", "v2", "TRAINING_COMPLETED")
    arn = models.add("demo.digits", "v1", "STOPPED")
    activate("digits", "v1")
    execution = start_model(clients, deployment, "digits").execution
    assert execution.startswith(RUN_MODEL.replace("stateMachine", "execution"))
    assert started(executions) == {
        "Project": "digits",
        "ProjectArn": "arn:aws:rekognition:eu-west-1:123456789012:project/demo.digits/1600000000000",
        "ProjectVersionArn": arn,
        "VersionName": "v1",
    }


def test_start_without_an_active_version_refuses_and_lists_the_versions(clients, deployment, models, executions):
    models.add("demo.digits", "v2", "TRAINING_COMPLETED")
    models.add("demo.digits", "v1", "TRAINING_FAILED")
    known = r"v2 \(TRAINING_COMPLETED, F1 0.9\), v1 \(TRAINING_FAILED, F1 0.9\)"
    with pytest.raises(ModelError, match=f"digits has no active version; name one with --version, of: {known}"):
        start_model(clients, deployment, "digits")
    assert executions.given == {}


def test_start_where_nothing_was_trained_says_so(clients, deployment):
    with pytest.raises(ModelError, match="of: none; train one"):
        start_model(clients, deployment, "digits")


@pytest.mark.parametrize("status", ["TRAINING_COMPLETED", "STOPPED", "COPYING_COMPLETED", "STARTING", "RUNNING"])
def test_a_version_can_be_named(clients, deployment, models, executions, activate, status):
    models.add("demo.digits", "v1", "RUNNING")
    models.add("demo.digits", "v2", status)
    activate("digits", "v1")
    start_model(clients, deployment, "digits", "v2")
    assert started(executions)["VersionName"] == "v2"


def test_a_version_that_does_not_exist_is_told(clients, deployment, models, executions):
    models.add("demo.digits", "v1", "STOPPED")
    models.add("demo.scenes", "v2", "STOPPED")
    with pytest.raises(ModelError, match="digits has no version 'v2'; `customlabels models` lists them"):
        start_model(clients, deployment, "digits", "v2")
    assert executions.given == {}


@pytest.mark.parametrize("status", ["TRAINING_IN_PROGRESS", "TRAINING_FAILED", "STOPPING", "DELETING"])
def test_a_version_that_cannot_start_is_told_with_its_status_and_is_not_wanted(
    clients, deployment, models, executions, activate, status, calls
):
    models.add("demo.digits", "v1", status)
    activate("digits", "v1")
    with pytest.raises(ModelError, match=f"v1 is {status} and cannot be started now"):
        start_model(clients, deployment, "digits")
    assert executions.given == {}
    assert calls == []


@pytest.mark.parametrize("runtime", ["on_demand", "scheduled"])
def test_a_model_that_its_runtime_would_stop_is_wanted_for_an_hour(
    clients, stacks, models, activate, runs, word, clock, runtime
):
    runs(runtime)
    models.add("demo.digits", "v1", "STOPPED")
    activate("digits", "v1")
    started = start_model(clients, find_deployment(clients), "digits")
    assert started.until == clock.now + HOUR
    assert word().asks_for(Wanted.RUNNING, clock.now + HOUR - 1)
    assert not word().asks_for(Wanted.RUNNING, clock.now + HOUR)


def test_a_start_of_an_always_on_model_ends_a_stop_and_has_no_end(clients, deployment, models, activate, word, clock):
    models.add("demo.digits", "v1", "STOPPED")
    activate("digits", "v1")
    deployment.registry(clients).want("digits", Wanted.STOPPED, clock.now, clock.now + HOUR)
    assert start_model(clients, deployment, "digits").until is None
    assert (word().wanted, word().wanted_until) == (Wanted.RUNNING, None)


def test_a_start_may_say_for_how_long(clients, deployment, models, activate, word, clock):
    models.add("demo.digits", "v1", "STOPPED")
    activate("digits", "v1")
    start_model(clients, deployment, "digits", seconds=2 * HOUR)
    assert word().wanted_until == clock.now + 2 * HOUR


def test_a_model_is_wanted_before_its_run_begins(clients, deployment, models, activate, executions, calls):
    models.add("demo.digits", "v1", "STOPPED")
    activate("digits", "v1")
    add = executions.add
    executions.add = lambda *given: calls.append("run") or add(*given)
    start_model(clients, deployment, "digits")
    assert calls == ["want RUNNING", "run"]


@pytest.mark.parametrize("status", ["STARTING", "RUNNING"])
def test_an_active_version_that_is_up_is_wanted_and_nothing_is_run(
    customlabels, models, activate, executions, word, clock, status
):
    models.add("demo.digits", "v1", status)
    activate("digits", "v1")
    code, said, _ = customlabels("start", "digits", "--for", "90m")
    assert code == 0
    assert f"v1 is {status} and active; its queue is open within a minute" in said
    assert word().wanted_until == clock.now + 5400
    assert executions.given == {}


@pytest.mark.parametrize("status", ["STARTING", "RUNNING"])
def test_a_version_that_a_person_has_started_is_leased_before_it_is_made_the_active_one(
    clients, deployment, models, activate, executions, clock, status
):
    models.add("demo.digits", "v1", "RUNNING")
    models.add("demo.digits", "v2", status)
    activate("digits", "v1")
    registry, leased = deployment.registry(clients), []
    add = executions.add
    executions.add = lambda *given: leased.append(registry.leased_versions("digits", clock.now + 899)) or add(*given)
    started = start_model(clients, deployment, "digits", "v2")
    assert leased == [{"v2"}]
    assert registry.leased_versions("digits", clock.now + 900) == set()
    give_back(clients, deployment, started)
    assert registry.leased_versions("digits", clock.now) == set()


def test_who_does_not_wait_lets_the_lease_of_an_adopted_version_expire(
    customlabels, clients, deployment, models, activate, clock
):
    models.add("demo.digits", "v1", "RUNNING")
    models.add("demo.digits", "v2", "RUNNING")
    activate("digits", "v1")
    assert customlabels("start", "digits", "--version", "v2", "--no-wait")[0] == 0
    assert deployment.registry(clients).leased_versions("digits", clock.now) == {"v2"}
    assert customlabels("start", "digits", "--version", "v2")[0] == 0
    assert deployment.registry(clients).leased_versions("digits", clock.now) == set()


def test_a_version_at_rest_needs_no_lease_of_a_person(clients, deployment, models, activate, clock):
    models.add("demo.digits", "v1", "STOPPED")
    activate("digits", "v1")
    start_model(clients, deployment, "digits")
    assert deployment.registry(clients).leased_versions("digits", clock.now) == set()


def test_nothing_is_started_in_a_deployment_that_is_being_destroyed(
    clients, deployment, models, activate, executions, clock, calls
):
    models.add("demo.digits", "v1", "STOPPED")
    activate("digits", "v1")
    deployment.registry(clients).close(clock.now)
    with pytest.raises(ModelError, match=r"demo is being destroyed, and starts nothing; .*`make deploy`"):
        start_model(clients, deployment, "digits")
    assert (executions.given, calls) == ({}, [])
    deployment.registry(clients).reopen()
    assert start_model(clients, deployment, "digits").execution


def test_start_says_until_when_it_runs_and_what_decides_then(customlabels, models, activate, runs):
    runs("on_demand")
    models.add("demo.digits", "v1", "STOPPED")
    activate("digits", "v1")
    _, _, said = customlabels("start", "digits", "--for", "2h")
    assert "it runs until 1970-01-01 02:16:40Z; then its runtime, on_demand, decides" in said


def test_stop_says_until_when_it_rests_and_what_decides_then(customlabels, models, word, clock):
    models.add("demo.digits", "v1", "RUNNING")
    began = clock.now
    _, said, _ = customlabels("stop", "digits", "--for", "1d")
    assert "it stays so until 1970-01-02 00:16:40Z; then its runtime, always_on, decides" in said
    assert word().wanted_until == began + 86_400
    _, said, _ = customlabels("stop", "digits")
    assert "until `customlabels start digits` or the end of a training" in said
    assert word().wanted_until is None


@pytest.mark.parametrize("said", ["0m", "2", "h", "-1h", "1.5h", "8d", "169h", "10081m", "2 h", "1w", "01h"])
def test_a_time_that_is_none_is_refused_with_those_that_are(customlabels, capsys, said):
    with pytest.raises(SystemExit) as ended:
        customlabels("start", "digits", f"--for={said}")
    assert ended.value.code == 2
    assert f"'{said}' is no time such as 90m, 2h or 1d, from 1m to 7d" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "seconds"), [("1m", 60), ("90m", 5400), ("2h", 7200), ("1d", 86_400), ("7d", 604_800)]
)
def test_times_are_said_in_minutes_hours_or_days(customlabels, models, word, clock, said, seconds):
    began = clock.now
    customlabels("stop", "digits", "--for", said)
    assert word().wanted_until == began + seconds


@pytest.mark.parametrize(
    ("runtime", "told"),
    [
        ("on_demand", "the model stops when no images wait; `customlabels start digits --for 2h` keeps it running"),
        ("scheduled", "the model stops where no window is open; `customlabels start digits --for 2h` keeps it running"),
    ],
)
def test_a_rollback_says_what_becomes_of_the_running_model(
    customlabels, models, table, runs, executions, runtime, told
):
    runs(runtime)
    models.add("demo.digits", "v1", "STOPPED")
    table.items["PROJECT#digits", "STATE"] = {"FormerVersionName": {"S": "v1"}}
    ended = {"status": "SUCCEEDED", "output": json.dumps({"Outcome": "RUNNING"})}
    add = executions.add
    executions.add = lambda workflow, given, *_: add(workflow, given, ([], ended))
    code, said, _ = customlabels("rollback", "digits")
    assert code == 0
    assert told in said
