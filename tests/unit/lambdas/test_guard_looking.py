"""One look of the guard at Rekognition and the registry."""

import pytest
from botocore.exceptions import ReadTimeoutError

from lambdas.guard_models.looking import PAUSE_SECONDS, Guard
from lambdas.guard_models.memory import Memory
from lambdas.guard_models.words import Why
from lambdas.model_versions import VersionStatus
from lambdas.registry import GOVERNOR, Registry, Wanted
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.guarded import HOUR, MINUTE, NOW, UNITS, Models, Writer, arn, deployment


@pytest.fixture
def models():
    return Models()


@pytest.fixture
def writer(table):
    return Writer(table)


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def guard(models, dynamodb, pauses):
    return Guard(
        rekognition=client_of("rekognition", models),
        registry=Registry(dynamodb, "registry"),
        settings=deployment(),
        pause=pauses.append,
    )


@pytest.fixture
def look(guard):
    return lambda memory=None, now=NOW: guard.look(memory or Memory(), now)


def test_an_active_version_under_the_governors_lease_goes_on(look, models, writer):
    models.run("v1")
    writer.activate("v1")
    writer.lease("v1", NOW + 1, GOVERNOR)
    assert look().done == []
    assert models.stopped == []


def test_an_active_version_that_is_wanted_stopped_is_stopped(guard, look, models, writer):
    models.run("v1")
    writer.activate("v1", UpdatedAt=int(NOW * 1000))
    guard.registry.want("digits", Wanted.STOPPED, NOW)
    look()
    assert models.stopped == [arn("v1")]


def test_a_version_under_an_expired_lease_is_stopped_at_once(look, models, writer):
    models.run("v1")
    writer.lease("v1", NOW)
    (done,) = look().done
    assert (done.version.name, done.version.inference_units, done.sentence.why) == ("v1", UNITS, Why.STOPPED)
    assert models.stopped == [arn("v1")]


def test_a_version_that_nobody_knows_is_noticed_and_runs_on(look, models):
    models.run("v1")
    looked = look()
    assert (looked.noticed, looked.stopped) == ([arn("v1")], [])
    assert models.stopped == []


def test_an_adopted_version_gets_a_new_notice_and_its_quarter_of_an_hour_when_its_lease_is_gone(look, models, writer):
    models.run("v1")
    looked = look()
    memory = looked.memory.noticing(looked.done[0].version, NOW)
    writer.lease("v1", NOW + HOUR, "person")
    memory = look(memory, NOW + 5 * MINUTE).memory
    writer.drop("LEASE#person")
    assert look(memory, NOW + 20 * MINUTE).noticed == [arn("v1")]
    assert models.stopped == []


def test_what_starts_and_should_not_is_stopped_as_soon_as_the_service_accepts_it(look, models, writer):
    models.run("v1", status="STARTING")
    writer.lease("v1", NOW)
    looked = look()
    assert (looked.done, looked.refused) == ([], [])
    models.run("v1")
    assert look(looked.memory, NOW + 5 * MINUTE).stopped == [arn("v1")]


def test_a_stop_that_the_service_takes_of_a_starting_version_counts(look, models, writer):
    models.run("v1", status="STARTING")
    writer.lease("v1", NOW)
    models.stop_project_version = lambda ProjectVersionArn: {"Status": "STOPPING"}  # noqa: N803
    assert look().stopped == [arn("v1")]


def test_what_is_at_rest_is_left_alone(look, models):
    for status in set(VersionStatus) - {VersionStatus.STARTING, VersionStatus.RUNNING}:
        models.run(f"v.{status}", status=status)
    looked = look()
    assert (looked.done, looked.refused, looked.memory.running_since) == ([], [], {})


def test_projects_of_other_deployments_are_not_touched(look, models):
    for project in ("dev-two.digits", "prod.digits", "digits", "devdigits", "adev.digits"):
        models.run("v1", project)
    assert look().done == []


def test_a_version_of_a_project_that_settings_have_forgotten_is_stopped_though_the_registry_wants_it(
    look, models, writer
):
    models.run("v1", "dev.forgotten")
    writer.activate("v1", "forgotten", Wanted="RUNNING")
    writer.lease("v1", NOW + HOUR, project="forgotten")
    assert look().stopped == [arn("v1", "forgotten")]


def test_all_pages_of_projects_and_versions_are_looked_at(look, models):
    for project in ("dev.digits", "prod.digits", "dev.scenes"):
        for version in ("v1", "v2", "v3"):
            models.run(version, project)
    found = [(done.version.project, done.version.name) for done in look().done]
    assert found == [(project, version) for project in ("digits", "scenes") for version in ("v1", "v2", "v3")]


def test_projects_are_looked_at_no_faster_than_rekognition_answers(look, models, pauses):
    for number in range(25):
        models.run("v1", f"dev.project-{number}")
    look()
    assert pauses == [PAUSE_SECONDS] * 25
    assert 1 / PAUSE_SECONDS < 5


@pytest.mark.parametrize("code", ["ResourceInUseException", "ResourceNotFoundException"])
def test_a_version_that_somebody_else_stopped_meanwhile_is_no_refusal(look, models, writer, code):
    models.run("v1")
    writer.lease("v1", NOW)
    models.refusals[arn("v1")] = Refusal(code)
    looked = look()
    assert (looked.done, looked.refused) == ([], [])


def test_a_refused_stop_does_not_keep_the_others_running(look, models, writer):
    for project in ("digits", "scenes"):
        models.run("v1", f"dev.{project}")
        writer.lease("v1", NOW, project=project)
    models.refusals[arn("v1")] = Refusal("AccessDeniedException", message="no grant")
    looked = look()
    assert models.stopped == [arn("v1", "scenes")]
    (refusal,) = looked.refused
    assert (refusal.project, refusal.version.name) == ("digits", "v1")
    assert "no grant" in refusal.says


@pytest.mark.parametrize("fault", [Refusal("ThrottlingException"), ReadTimeoutError(endpoint_url="rekognition")])
def test_a_project_that_cannot_be_looked_at_does_not_keep_the_others_running(look, models, writer, fault):
    for project in ("digits", "scenes"):
        models.run("v1", f"dev.{project}")
        writer.lease("v1", NOW, project=project)
    memory = look().memory
    models.run("v1")
    models.run("v1", "dev.scenes")
    models.stopped.clear()
    models.unseen["dev.digits"] = fault
    looked = look(memory, NOW + 5 * MINUTE)
    assert models.stopped == [arn("v1", "scenes")]
    assert [(refusal.project, refusal.version) for refusal in looked.refused] == [("digits", None)]
    del models.unseen["dev.digits"]
    again = look(looked.memory, NOW + 10 * MINUTE).memory
    assert list(again.running_since.values()) == [NOW]  # what ran all the time is not forgotten


@pytest.mark.parametrize("operation", ["query", "get_item"])
def test_without_the_registry_only_the_longest_time_and_budgets_stop_anything(look, models, writer, table, operation):
    models.run("v1")
    models.run("v1", "dev.forgotten")
    writer.lease("v1", NOW)

    def denied(**_):
        raise Refusal("AccessDeniedException", message="no grant")

    setattr(table, operation, denied)
    looked = look()
    assert (looked.done, looked.refused) == ([], [])
    (fault,) = looked.registry_faults  # one for all projects: a registry that does not answer is asked once
    assert "no grant" in fault
    looked.memory.running_since.update(dict.fromkeys(looked.memory.running_since, NOW - 25 * HOUR))
    assert {done.sentence.why for done in look(looked.memory).done} == {Why.RAN_TOO_LONG}
    assert set(models.stopped) == {arn("v1"), arn("v1", "forgotten")}


def test_an_unreadable_registry_is_found_out_before_anything_runs(look, table):
    table.refuse_next["query"] = Refusal("AccessDeniedException", message="no grant")
    (fault,) = look().registry_faults
    assert "no grant" in fault
    assert look().registry_faults == []


@pytest.mark.parametrize("item", [{"SK": "LEASE#v1"}, {"SK": "STATE", "Wanted": "PERHAPS"}])
def test_a_broken_item_blinds_the_guard_to_its_own_project_only(look, models, writer, item):
    for project in ("digits", "scenes"):
        models.run("v1", f"dev.{project}")
    writer.put(item["SK"], "digits", **{name: value for name, value in item.items() if name != "SK"})
    writer.lease("v1", NOW, project="scenes")
    looked = look()
    assert models.stopped == [arn("v1", "scenes")]
    (fault,) = looked.registry_faults
    assert "PROJECT#digits is broken" in fault
