import pytest

from lambdas.items import to_item
from lambdas.model_versions import VersionStatus
from lambdas.pick_versions.picking import AT_ONCE, OldVersion, needed_versions, pick
from lambdas.registry import Registry


def versions(*names, status=VersionStatus.STOPPED):
    return [OldVersion(name, f"arn:{name}", status) for name in names]


def names(picked):
    return [version.name for version in picked]


def test_what_is_over_the_number_is_deleted_the_oldest_first():
    assert names(pick(versions("v5", "v4", "v3", "v2", "v1"), {"v5", "v4"}, keep=3)) == ["v1", "v2"]


def test_needed_versions_stay_however_old_and_count_among_the_kept():
    assert names(pick(versions("v4", "v3", "v2", "v1"), {"v1", "v2"}, keep=2)) == ["v3", "v4"]
    assert pick(versions("v4", "v1"), {"v1"}, keep=2) == []


@pytest.mark.parametrize(
    "status", [status for status in VersionStatus if status.endswith("ING") or "PROGRESS" in status]
)
def test_what_runs_trains_or_changes_is_never_deleted(status):
    assert pick(versions("v2", "v1", status=status), set(), keep=1) == []


def test_a_run_deletes_no_more_than_a_bounded_number():
    assert len(pick(versions(*(f"v{number}" for number in range(90))), set(), keep=2)) == AT_ONCE


def test_active_former_leased_and_undecided_versions_are_needed(table, dynamodb):
    def put(sort, **said):
        table.items["PROJECT#digits", sort] = to_item({"PK": "PROJECT#digits", "SK": sort, **said})

    put("STATE", ActiveVersionName="active", FormerVersionName="former")
    put("LEASE#leased", VersionName="leased", ExpiresAt=200)
    put("LEASE#expired", VersionName="expired", ExpiresAt=50)
    for status in ("IN_PROGRESS", "APPROVAL_ASKED", "REJECTED", "SUCCEEDED"):
        put(f"ATTEMPT#{status}", VersionName=status, Status=status)
    needed = needed_versions(Registry(dynamodb, "registry"), "digits", now=100)
    assert needed == {"active", "former", "leased", "IN_PROGRESS", "APPROVAL_ASKED"}
