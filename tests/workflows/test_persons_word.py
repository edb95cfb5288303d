"""What a person says of a model, and what run_model makes of it."""

import time
from collections.abc import Callable, Iterator

import pytest

from cli.starting import start_run
from lambdas.model_versions import VersionStatus
from lambdas.registry import Registration, Wanted
from tests.harness import Cloud
from tests.workflows.rollouts import active, await_state, models, stop

HOUR = 3600

Word = Callable[[Wanted, float | None], None]


@pytest.fixture
def run_of_stopped(trained: Cloud) -> Iterator[str]:
    """A run of the active version of `scenes`, which a person has stopped for two hours; its plan is made."""
    stop(trained, "scenes", until=time.time() + 2 * HOUR)
    run = start_run(trained.clients, trained.deployment, active(trained, "scenes"))
    await_state(trained, run, "Start the model")
    yield run
    assert active(trained, "scenes").status is VersionStatus.RUNNING


@pytest.fixture
def say(trained: Cloud) -> Word:
    """Say a word of `scenes` that ends so many seconds from now."""

    def want(wanted: Wanted, seconds: float | None) -> None:
        now = time.time()
        until = None if seconds is None else now + seconds
        trained.deployment.registry(trained.clients).want("scenes", wanted, now, until)

    return want


def _word(cloud: Cloud, project: str = "scenes") -> Registration:
    return cloud.deployment.registry(cloud.clients).registration(project)


def test_a_promotion_ends_a_stop_from_before_the_run(trained: Cloud, run_of_stopped: str) -> None:
    ended, _ = trained.end_of(run_of_stopped)
    assert ended.status == "SUCCEEDED", ended
    assert (_word(trained).wanted, _word(trained).wanted_until) == (Wanted.RUNNING, None)


def test_a_promotion_leaves_a_start_with_its_end(trained: Cloud, run_of_stopped: str, say: Word) -> None:
    say(Wanted.RUNNING, HOUR)
    ended, _ = trained.end_of(run_of_stopped)
    assert ended.status == "SUCCEEDED", ended
    assert _word(trained).asks_for(Wanted.RUNNING, time.time())


def test_a_stop_that_is_over_keeps_no_version_from_being_promoted(
    trained: Cloud, run_of_stopped: str, say: Word
) -> None:
    say(Wanted.STOPPED, -1)
    ended, _ = trained.end_of(run_of_stopped)
    assert ended.status == "SUCCEEDED", ended
    assert (_word(trained).wanted, _word(trained).wanted_until) == (Wanted.RUNNING, None)


def test_a_version_that_a_person_has_started_by_hand_is_adopted_for_the_time_that_is_said(trained: Cloud) -> None:
    before = active(trained, "digits")
    arn = trained.train_by_hand("adopted")
    trained.clients("rekognition").start_project_version(ProjectVersionArn=arn, MinInferenceUnits=1)
    trained.await_status(arn, VersionStatus.RUNNING)
    code, said = trained.customlabels("start", "digits", "--version", "adopted", "--for", "2h")
    assert code == 0, said
    assert active(trained, "digits").version == "adopted"
    assert models(trained, "digits")[before.version].status is VersionStatus.STOPPED
    assert _word(trained, "digits").asks_for(Wanted.RUNNING, time.time() + 1.9 * HOUR)
    leases = trained.deployment.registry(trained.clients).leases("digits")
    # What is left is the governor's, which may have looked already.
    assert {lease.holder for lease in leases if lease.expires_at > time.time()} <= {"govern_models"}
    answer = trained.clients("lambda").invoke(FunctionName=f"custom-labels-{trained.deployment.name}-guard_models")
    assert "FunctionError" not in answer, answer["Payload"].read()
    assert models(trained, "digits")["adopted"].status is VersionStatus.RUNNING
    code, said = trained.customlabels("rollback", "digits")
    assert code == 0, said
    assert active(trained, "digits").version == before.version
