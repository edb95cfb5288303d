"""What the guard keeps from one look to the next."""

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from lambdas.guard_models.memory import LONGEST_GAP_SECONDS, Memory, MemoryUnreadableError, from_text, key_of, to_text
from lambdas.guard_models.remembering import MemoryParameter
from lambdas.model_versions import VersionStatus
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.guarded import HOUR, MINUTE, NOW, Parameters, arn, billed

MIDNIGHT = NOW - NOW % 86_400
STARTING = billed(status=VersionStatus.STARTING)


def seen(memory, now, *versions, complete=True):
    return memory.after_look(versions, now, complete=complete)


def test_the_time_since_the_last_look_is_spent_by_each_unit_that_starts_or_runs():
    memory = seen(Memory(), NOW, billed(units=3), billed("v2"), billed("v1", "scenes"))
    assert memory.spent_by() == 0  # when they began, nobody has seen
    memory = seen(memory, NOW + 5 * MINUTE, billed(units=3), STARTING, billed("v1", "scenes", units=2))
    assert memory.spent_by("digits") == 4 * 5 * MINUTE
    assert memory.spent_by("scenes") == 2 * 5 * MINUTE
    assert memory.spent_by() == 6 * 5 * MINUTE
    assert seen(memory, NOW + 6 * MINUTE).spent_by() == 6 * 5 * MINUTE


def test_of_a_long_gap_ten_minutes_count():
    assert LONGEST_GAP_SECONDS == 10 * MINUTE
    memory = seen(seen(Memory(), NOW, billed()), NOW + HOUR, billed())
    assert memory.spent_by("digits") == 10 * MINUTE


def test_a_new_day_begins_at_midnight_utc_with_nothing_spent_and_nothing_told():
    memory = seen(Memory(), MIDNIGHT - 4 * MINUTE, billed())
    memory = seen(memory, MIDNIGHT - 2 * MINUTE, billed()).telling_budget("digits")
    assert (memory.spent_by(), memory.told) == (2 * MINUTE, {key_of("digits")})
    memory = seen(memory, MIDNIGHT + MINUTE, billed())
    assert (memory.spent_by(), memory.told) == (1 * MINUTE, frozenset())


def test_a_clock_that_goes_back_gives_nothing_back():
    memory = seen(seen(Memory(), NOW, billed()), NOW - HOUR, billed())
    assert memory.spent_by() == 0


def test_a_version_runs_from_the_first_look_that_finds_it_running():
    memory = seen(Memory(), NOW, STARTING)
    memory = seen(memory, NOW + 5 * MINUTE, billed())
    memory = seen(memory, NOW + 10 * MINUTE, billed())
    assert memory.ran_seconds(billed(), NOW + 10 * MINUTE) == 5 * MINUTE


@pytest.mark.parametrize("between", [[], [STARTING]])
def test_a_version_that_was_not_running_in_between_begins_anew(between):
    memory = seen(seen(Memory(), NOW, billed()), NOW + 5 * MINUTE, *between)
    memory = seen(memory, NOW + 10 * MINUTE, billed())
    assert memory.ran_seconds(billed(), NOW + 10 * MINUTE) == 0


def test_a_look_that_could_not_see_all_forgets_nothing():
    memory = seen(Memory(), NOW, billed()).noticing(billed(), NOW)
    memory = seen(memory, NOW + 5 * MINUTE, complete=False)
    memory = seen(memory, NOW + 10 * MINUTE, billed())
    assert memory.ran_seconds(billed(), NOW + 10 * MINUTE) == 10 * MINUTE
    assert memory.noticed_at == {key_of(arn("v1")): NOW}


def test_a_notice_is_forgotten_with_its_version_or_when_something_explains_it():
    memory = seen(Memory(), NOW, STARTING).noticing(STARTING, NOW)
    assert seen(memory, NOW + 1, STARTING).noticed_at
    assert not seen(memory, NOW + 1).noticed_at
    assert not memory.taking_back(STARTING).noticed_at


times = st.integers(1, 4_000_000_000).map(float)
keys = st.text("0123456789abcdef", min_size=8, max_size=8)
memories = st.builds(
    Memory,
    looked_at=times,
    running_since=st.dictionaries(keys, times, max_size=5),
    noticed_at=st.dictionaries(keys, times, max_size=5),
    day=st.dates().map(str),
    spent=st.dictionaries(keys, times, max_size=5),
    told=st.frozensets(keys, max_size=5),
    registry_told_at=times,
)


@given(memories)
def test_a_memory_is_read_as_it_was_written(memory):
    assert from_text(to_text(memory)) == memory


def test_the_stacks_empty_object_is_an_empty_memory():
    assert from_text("{}") == Memory()


def test_the_most_that_can_run_in_25_projects_fits_into_the_parameter():
    versions = [billed(f"v{n}", f"project-{p}", units=5) for p in range(25) for n in range(2)]
    memory = seen(seen(Memory(), MIDNIGHT, *versions), MIDNIGHT + 10 * MINUTE, *versions)
    for version in versions:
        memory = memory.noticing(version, NOW).telling_budget(version.project)
    memory = Memory(**{**vars(memory), "spent": dict.fromkeys(memory.spent, 5 * 24 * HOUR), "registry_told_at": NOW})
    assert len(to_text(memory)) < 4096


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", '{"versions": {"a": [1]}}', '{"spent": 3}', '{"at": null}', '{"at": "noon"}']
)
def test_what_the_guard_has_not_written_is_lost_for_ever(text):
    with pytest.raises(MemoryUnreadableError, match="begun anew") as raised:
        from_text(text)
    assert raised.value.lost


@pytest.fixture
def parameters():
    return Parameters({"memory": "{}"})


@pytest.fixture
def parameter(parameters):
    return MemoryParameter(client_of("ssm", parameters), "memory")


def test_what_is_saved_is_loaded(parameter):
    memory = seen(Memory(), NOW, billed())
    parameter.save(memory)
    assert parameter.load() == memory


def test_a_parameter_that_was_deleted_is_lost_and_made_anew(parameter, parameters):
    del parameters.values["memory"]
    with pytest.raises(MemoryUnreadableError, match=r"memory: .*ParameterNotFound") as raised:
        parameter.load()
    assert raised.value.lost
    parameter.save(Memory())
    assert parameter.load() == Memory()


def test_a_parameter_that_is_denied_is_not_lost(parameter, parameters):
    parameters.refuse_get = Refusal("AccessDeniedException")
    with pytest.raises(MemoryUnreadableError, match="AccessDenied") as raised:
        parameter.load()
    assert not raised.value.lost
    parameters.refuse_put = Refusal("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        parameter.save(Memory())
