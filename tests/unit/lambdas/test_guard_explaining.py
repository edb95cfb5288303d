"""Why a version runs."""

import pytest

from lambdas.deployment_settings import ProjectSettings
from lambdas.guard_models.explaining import (
    HANDOVER_SECONDS,
    Explanation,
    Records,
    explain,
    read_records,
)
from lambdas.registry import GOVERNOR, PERSON, Lease, Registration, Registry, Wanted
from lambdas.runtime_settings import Schedule
from tests.unit.lambdas.guarded import HOUR, NOW, Writer, arn, billed

ON_DEMAND = ProjectSettings()
ALWAYS_ON = ProjectSettings(runtime="always_on")
SCHEDULED = ProjectSettings(runtime="scheduled", schedule=Schedule(windows=("mon-sun 00:00-24:00",)))
LONG_AGO = int((NOW - HOUR) * 1000)


def of(version="v1", settings=ON_DEMAND, leases=(), tried=(), **registered):
    registration = Registration(**{"promoted_at": LONG_AGO, **registered})
    return explain(billed(version), settings, Records(registration, tuple(leases), frozenset(tried)), NOW)


def live(version, holder=None):
    return Lease(holder or version, version, NOW + 1)


def expired(version, holder=None):
    return Lease(holder or version, version, NOW)


ACTIVE = {"active_version_arn": arn("v1"), "active_version_name": "v1"}
REPLACED = {"active_version_arn": arn("v2"), "former_version_arn": arn("v1")}


@pytest.mark.parametrize("holder", ["v1", GOVERNOR, "rerun-second-look"])
def test_a_live_lease_explains_the_version_that_it_names(holder):
    assert of(leases=[live("v1", holder)]) is Explanation.WANTED
    assert of(leases=[live("v1", holder)], **ACTIVE, wanted=Wanted.STOPPED) is Explanation.WANTED


def test_a_lease_on_another_version_does_not_help():
    assert of(leases=[live("v2")]) is Explanation.UNKNOWN


def test_a_version_under_an_expired_lease_is_left_over():
    assert of(leases=[expired("v1", "rerun-x")]) is Explanation.LEFT_OVER


def test_what_a_person_adopted_is_chosen():
    assert of(leases=[live("v1", PERSON)]) is Explanation.CHOSEN
    assert of(leases=[expired("v1", PERSON)]) is Explanation.LEFT_OVER


def test_an_active_version_that_a_person_asked_for_until_later_is_chosen():
    assert of(**ACTIVE, wanted_until=NOW + 1) is Explanation.CHOSEN
    assert of(**ACTIVE, wanted_until=NOW) is Explanation.LEFT_OVER
    assert of(**REPLACED, wanted_until=NOW + 1) is Explanation.LEFT_OVER


@pytest.mark.parametrize("settings", [ON_DEMAND, SCHEDULED])
def test_an_active_version_without_the_governors_lease_is_left_over(settings):
    assert of(settings=settings, **ACTIVE) is Explanation.LEFT_OVER
    assert of(settings=settings, leases=[expired("v1", GOVERNOR)], **ACTIVE) is Explanation.LEFT_OVER


def test_an_active_version_that_is_always_on_needs_no_governor():
    assert of(settings=ALWAYS_ON, **ACTIVE) is Explanation.WANTED
    assert of(settings=ALWAYS_ON, leases=[expired("v1", GOVERNOR)], **ACTIVE) is Explanation.WANTED


def test_always_on_explains_the_active_version_only():
    assert of(settings=ALWAYS_ON, **REPLACED) is Explanation.LEFT_OVER
    assert of(settings=ALWAYS_ON) is Explanation.UNKNOWN


def test_a_persons_stop_overrides_always_on_until_its_end():
    assert of(settings=ALWAYS_ON, wanted=Wanted.STOPPED, **ACTIVE) is Explanation.LEFT_OVER
    until = {"wanted": Wanted.STOPPED, **ACTIVE}
    assert of(settings=ALWAYS_ON, wanted_until=NOW + 1, **until) is Explanation.LEFT_OVER
    assert of(settings=ALWAYS_ON, wanted_until=NOW, **until) is Explanation.WANTED


def test_a_version_that_was_just_promoted_waits_for_the_governors_lease():
    def promoted(seconds_ago, **more):
        return of(**ACTIVE, promoted_at=int((NOW - seconds_ago) * 1000), **more)

    assert promoted(HANDOVER_SECONDS - 1) is Explanation.WANTED
    assert promoted(HANDOVER_SECONDS) is Explanation.LEFT_OVER
    assert promoted(1, wanted=Wanted.STOPPED) is Explanation.LEFT_OVER


def test_a_former_version_goes_on_while_the_rollout_that_replaced_it_holds_its_lease():
    assert of(leases=[live("v2")], **REPLACED) is Explanation.WANTED
    assert of(leases=[live("v2")], wanted=Wanted.STOPPED, **REPLACED) is Explanation.WANTED
    assert of(leases=[expired("v2")], **REPLACED) is Explanation.LEFT_OVER


@pytest.mark.parametrize("holder", [GOVERNOR, PERSON, "rerun-second-look"])
def test_no_other_lease_keeps_a_former_version_running(holder):
    assert of(leases=[live("v2", holder)], **REPLACED) is Explanation.LEFT_OVER


@pytest.mark.parametrize("holder", ["v2", PERSON, "rerun-second-look"])
def test_an_active_version_is_not_stopped_while_another_lease_keeps_the_governor_away(holder):
    assert of(leases=[live("v2", holder)], **ACTIVE) is Explanation.WANTED
    assert of(leases=[live("v2", holder)], wanted=Wanted.STOPPED, **ACTIVE) is Explanation.LEFT_OVER


def test_the_governors_lease_on_another_version_does_not_explain_the_active_one():
    assert of(leases=[live("v0", GOVERNOR)], **ACTIVE) is Explanation.LEFT_OVER


def test_nothing_explains_a_version_of_a_project_that_settings_have_forgotten():
    assert of(settings=None, leases=[live("v1")], **ACTIVE) is Explanation.LEFT_OVER


def test_a_version_of_an_execution_that_failed_is_left_over():
    assert of(tried=["v1"]) is Explanation.LEFT_OVER
    assert of(tried=["v2"]) is Explanation.UNKNOWN


@pytest.fixture
def writer(table):
    return Writer(table)


@pytest.fixture
def registry(dynamodb):
    return Registry(dynamodb, "registry")


def test_all_that_the_registry_holds_of_a_project_is_read_and_nothing_of_another(registry, writer):
    writer.activate("v1", FormerVersionArn=arn("v0"))
    for number in range(5):
        writer.lease(f"v{number}", NOW + number)
    writer.lease("v1", NOW, GOVERNOR)
    writer.lease("v9", NOW, project="scenes")
    writer.attempt("v8", "FAILED", project="scenes")
    records = read_records(registry, "digits")
    assert records.registration.former_version_arn == arn("v0")
    assert {(lease.holder, lease.version_name) for lease in records.leases} == {
        *((f"v{number}", f"v{number}") for number in range(5)),
        (GOVERNOR, "v1"),
    }
    assert records.tried == frozenset()


@pytest.mark.parametrize(
    ("status", "is_tried"),
    [("IN_PROGRESS", True), ("FAILED", True), ("SUCCEEDED", False), ("REJECTED", False), ("APPROVAL_ASKED", False)],
)
def test_an_attempt_counts_where_its_execution_may_have_started_the_version_and_left_it(
    registry, writer, status, is_tried
):
    writer.attempt("v1", status)
    assert read_records(registry, "digits").tried == ({"v1"} if is_tried else set())


def test_a_promotion_between_two_reads_of_the_registry_does_not_stop_the_new_version(registry, table, writer):
    """The workflow makes a version active, then gives back its lease: both can happen while the guard reads."""
    writer.activate("v1")
    writer.lease("v2", NOW + 9)
    for operation in ("get_item", "query"):
        read = getattr(table, operation)

        def promoted_after(read=read, **said):
            answer = read(**said)
            writer.activate("v2", UpdatedAt=int(NOW * 1000))
            writer.drop("LEASE#v2")
            return answer

        setattr(table, operation, promoted_after)
    assert explain(billed("v2"), ON_DEMAND, read_records(registry, "digits"), NOW) is Explanation.WANTED
