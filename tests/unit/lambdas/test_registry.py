import pytest
from botocore.exceptions import ClientError

from lambdas.items import to_item
from lambdas.registry import CACHE_SECONDS, CachedRegistry, Registration, Registry, Wanted
from tests.unit.aws import Refusal

DETAILS = {"Execution": "arn:one", "VersionName": "lot.1"}


@pytest.fixture
def registry(dynamodb):
    return Registry(dynamodb, "registry")


def promote(table, project, arn, **more):
    key = {"PK": f"PROJECT#{project}", "SK": "STATE"}
    table.items[key["PK"], "STATE"] = to_item(key | {"ActiveVersionArn": arn, "ActiveVersionName": "lot.1"} | more)


def lease(table, project, version, expires_at):
    key = {"PK": f"PROJECT#{project}", "SK": f"LEASE#{version}"}
    table.items[key["PK"], key["SK"]] = to_item(key | {"VersionName": version, "ExpiresAt": expires_at})


def test_a_project_that_was_never_promoted_has_no_active_version(registry):
    assert registry.registration("digits") == Registration()


def test_a_registration_is_what_the_workflow_wrote(registry, table):
    promote(table, "digits", "arn:v2", FormerVersionArn="arn:v1", Wanted="RUNNING", UpdatedAt=5)
    assert registry.registration("digits") == Registration(
        active_version_arn="arn:v2", active_version_name="lot.1", former_version_arn="arn:v1", promoted_at=5
    )


def test_what_a_person_wants_and_when_is_kept_beside_the_active_version(registry, table):
    promote(table, "digits", "arn:v1")
    registry.want("digits", Wanted.STOPPED, now=1000.25)
    assert registry.registration("digits") == Registration(
        active_version_arn="arn:v1", active_version_name="lot.1", wanted=Wanted.STOPPED, wanted_at=1_000_250
    )
    assert table.items["PROJECT#digits", "STATE"]["WantedAt"] == {"N": "1000250"}


@pytest.mark.parametrize(
    ("wanted", "until", "asks"),
    [
        (Wanted.RUNNING, None, False),  # as the runtime says
        (Wanted.RUNNING, 101, True),
        (Wanted.RUNNING, 100, False),
        (Wanted.STOPPED, None, True),  # without an end
        (Wanted.STOPPED, 101, True),
        (Wanted.STOPPED, 100, False),
    ],
)
def test_a_persons_word_overrides_the_runtime_until_it_ends(registry, wanted, until, asks):
    registry.want("digits", wanted, now=50, until=until)
    registration = registry.registration("digits")
    assert registration.asks_for(wanted, now=100) is asks
    assert not any(registration.asks_for(other, now=100) for other in Wanted if other is not wanted)


def test_a_new_word_has_its_own_end(registry):
    registry.want("digits", Wanted.STOPPED, now=50, until=60)
    registry.want("digits", Wanted.STOPPED, now=51)
    assert registry.registration("digits").wanted_until is None


def test_only_live_leases_of_the_project_count(registry, table):
    for version, expires_at in (("a", 101), ("b", 100), ("c", 99), ("d", 500), ("e", 600)):
        lease(table, "digits", version, expires_at)
    lease(table, "scenes", "z", 500)
    promote(table, "digits", "arn:v1")
    assert registry.leased_versions("digits", now=100) == {"a", "d", "e"}


def test_an_upload_is_claimed_by_one_execution_only(registry):
    assert registry.claim("digits", "hash", DETAILS) == DETAILS
    assert registry.claim("digits", "hash", DETAILS | {"Execution": "arn:two"})["Execution"] == DETAILS["Execution"]


def test_an_execution_that_asks_again_still_holds_its_claim(registry, table):
    registry.claim("digits", "hash", DETAILS)
    before = dict(table.items)
    again = registry.claim("digits", "hash", DETAILS | {"VersionName": "other"})
    assert again["Execution"] == DETAILS["Execution"]
    assert table.items == before


def test_other_uploads_and_projects_have_claims_of_their_own(registry):
    for project, attempt, execution in (
        ("digits", "hash", "one"),
        ("digits", "other", "two"),
        ("scenes", "hash", "three"),
    ):
        assert registry.claim(project, attempt, DETAILS | {"Execution": execution})["Execution"] == execution


def test_what_is_noted_of_an_attempt_is_remembered_beside_what_was_known(registry):
    registry.claim("digits", "hash", DETAILS)
    registry.note("digits", "hash", {"Status": "REJECTED", "Reasons": ["F1 0.2"], "LineErrors": {"BAD": 3}})
    (attempt,) = registry.attempts("digits")
    assert attempt["VersionName"] == DETAILS["VersionName"]
    assert (attempt["Status"], attempt["Reasons"], attempt["LineErrors"]) == ("REJECTED", ["F1 0.2"], {"BAD": 3})


def test_nothing_is_noted_of_an_attempt_that_nobody_claimed(registry, table):
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        registry.note("digits", "hash", {"Status": "FAILED"})
    assert table.items == {}


def test_attempts_are_listed_the_newest_first_over_all_pages(registry):
    for number in range(5):
        registry.claim("digits", f"hash-{number}", DETAILS | {"CreatedAt": number})
    assert [attempt["CreatedAt"] for attempt in registry.attempts("digits")] == [4, 3, 2, 1, 0]


def test_another_refusal_is_no_lost_claim(registry, table):
    table.refuse_next["put_item"] = Refusal("ThrottlingException")
    with pytest.raises(ClientError, match="ThrottlingException"):
        registry.claim("digits", "hash", DETAILS)


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cached(registry, clock):
    return CachedRegistry(registry, clock=clock)


def test_a_pointer_is_remembered_for_thirty_seconds_and_no_longer(cached, table, clock):
    promote(table, "digits", "arn:v1")
    assert cached.active_version("digits") == "arn:v1"
    promote(table, "digits", "arn:v2")
    clock.now += CACHE_SECONDS
    assert cached.active_version("digits") == "arn:v1"
    clock.now += 0.1
    assert cached.active_version("digits") == "arn:v2"


def test_a_fresh_look_reads_the_table_and_renews_the_memory(cached, table):
    promote(table, "digits", "arn:v1")
    cached.active_version("digits")
    promote(table, "digits", "arn:v2")
    assert cached.active_version("digits", fresh=True) == "arn:v2"
    assert cached.active_version("digits") == "arn:v2"


def test_a_pointers_age_counts_from_the_question_and_not_from_a_late_answer(cached, table, clock):
    promote(table, "digits", "arn:v1")
    answer = table.get_item

    def late(**said):
        clock.now += 20
        return answer(**said)

    table.get_item = late
    cached.active_version("digits")
    promote(table, "digits", "arn:v2")
    clock.now += 10.1  # 30.1 s after the question
    assert cached.active_version("digits") == "arn:v2"


def test_projects_are_remembered_apart(cached, table):
    promote(table, "digits", "arn:d")
    assert cached.active_version("digits") == "arn:d"
    assert cached.active_version("scenes") is None
