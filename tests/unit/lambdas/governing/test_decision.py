"""One look, one decision: who has the last word, and which step comes next."""

from dataclasses import replace

import pytest

from lambdas.deployment_settings import ProjectSettings
from lambdas.govern_models.decision import decide
from lambdas.govern_models.words import (
    Alarm,
    Clear,
    Close,
    Depth,
    EventSource,
    Memory,
    Open,
    Raise,
    Spending,
    Start,
    Stop,
)
from lambdas.model_versions import VersionStatus
from lambdas.registry import Lease, Registration, Wanted
from lambdas.runtime_settings import Schedule, StartWhen
from tests.unit.lambdas.governing.world import ACTIVE, BEGAN, REGISTERED, World, look, running

NOW = BEGAN
ON_DEMAND = ProjectSettings(max_wait_minutes=240)
ALWAYS_ON = ProjectSettings(runtime="always_on")
EAGER = replace(ON_DEMAND, start_when=StartWhen(backlog=1))
OPEN, CLOSED = EventSource.OPEN, EventSource.CLOSED

WORKED = Memory(revision=7, looked_at=NOW - 60, running_since=NOW - 900, open_since=NOW - 840, versions_at=NOW - 60)
QUIET = replace(WORKED, closing_since=NOW - 60, quiet_looks=1)
OLD = replace(WORKED, waves=((NOW - 600, 5),))
WAITING = replace(QUIET, waves=((NOW, 1),))
STOPPED_BY_A_PERSON = replace(REGISTERED, wanted=Wanted.STOPPED)
STARTED_BY_A_PERSON = replace(REGISTERED, wanted=Wanted.RUNNING, wanted_until=NOW + 60)
ROLLOUT = Lease("v3", "v3", NOW + 60)
SPENT = Spending(project=5.0, deployment=5.0)


def promoted(minutes_ago):
    return replace(REGISTERED, promoted_at=int(NOW - minutes_ago * 60) * 1000)


def step(settings, **said):
    return decide(look(**said), settings, NOW).step


def alarms(settings, **said):
    return {raised.alarm for raised in decide(look(**said), settings, NOW).alarms if isinstance(raised, Raise)}


def at(status):
    return (replace(ACTIVE, status=status),)


@pytest.mark.parametrize(
    ("settings", "said", "expected"),
    [
        # The runtime.
        (ALWAYS_ON, {}, Start(ACTIVE, 1)),
        (ON_DEMAND, {}, None),
        (EAGER, {"depth": Depth(visible=1), "memory": Memory(waves=((NOW, 1),))}, Start(ACTIVE, 1)),
        (EAGER, {"depth": Depth(delayed=1), "memory": Memory(waves=((NOW, 1),))}, Start(ACTIVE, 1)),
        (ON_DEMAND, {"depth": Depth(visible=1), "memory": Memory(waves=((NOW, 1),))}, None),
        (ON_DEMAND, {"depth": Depth(visible=1), "memory": Memory(waves=((NOW - 216 * 60, 1),))}, None),
        (ON_DEMAND, {"depth": Depth(visible=1), "memory": Memory(waves=((NOW - 217 * 60, 1),))}, Start(ACTIVE, 1)),
        # A person's word goes before the runtime.
        (ALWAYS_ON, {"registration": STOPPED_BY_A_PERSON}, None),
        (ON_DEMAND, {"registration": STARTED_BY_A_PERSON}, Start(ACTIVE, 1)),
        (ALWAYS_ON, {"registration": replace(STOPPED_BY_A_PERSON, wanted_until=NOW)}, Start(ACTIVE, 1)),
        (ON_DEMAND, {"registration": replace(STARTED_BY_A_PERSON, wanted_until=NOW)}, None),
        # A rollout's lease goes before the runtime and a word to run, and not before a word to stop.
        (ALWAYS_ON, {"leases": (ROLLOUT,)}, None),
        (ALWAYS_ON, {"leases": (ROLLOUT,), "registration": STARTED_BY_A_PERSON}, None),
        (ALWAYS_ON, {"leases": (ROLLOUT,), "versions": (running(),), "event_source": OPEN}, None),
        (
            ALWAYS_ON,
            {
                "leases": (ROLLOUT,),
                "versions": (running(),),
                "event_source": OPEN,
                "registration": STOPPED_BY_A_PERSON,
                "memory": WORKED,
            },
            Close(),
        ),
        # The budget goes before a person's word, the end of the deployment before all.
        (
            replace(ALWAYS_ON, daily_budget_unit_hours=5.0),
            {"spending": SPENT, "registration": STARTED_BY_A_PERSON},
            None,
        ),
        (ALWAYS_ON, {"spending": SPENT, "deployment_budget": 5.0}, None),
        (ALWAYS_ON, {"spending": SPENT, "deployment_budget": 5.4}, Start(ACTIVE, 1)),
        (ALWAYS_ON, {"spending": SPENT, "deployment_budget": 5.3}, None),  # a start alone takes a third of an hour
        (ALWAYS_ON, {"closing": True, "registration": STARTED_BY_A_PERSON}, None),
        # Nothing was promoted.
        (ALWAYS_ON, {"registration": Registration(), "versions": ()}, None),
    ],
)
def test_who_has_the_last_word_on_a_model_that_is_down(settings, said, expected):
    assert step(settings, **said) == expected


@pytest.mark.parametrize(
    ("settings", "said", "expected"),
    [
        (ALWAYS_ON, {"memory": WORKED}, None),
        (ALWAYS_ON, {"memory": WORKED, "event_source": CLOSED}, Open()),
        (ALWAYS_ON, {"memory": WORKED, "event_source": EventSource.CLOSING}, None),
        (ON_DEMAND, {"memory": WORKED}, Close()),
        (ON_DEMAND, {"memory": WORKED, "depth": Depth(visible=300)}, None),  # a minute's work
        (ON_DEMAND, {"memory": WORKED, "registration": STARTED_BY_A_PERSON}, None),
        (
            ON_DEMAND,
            {"memory": WORKED, "registration": replace(REGISTERED, promoted_at=NOW * 1000 - 14 * 60_000)},
            None,
        ),
        (
            ON_DEMAND,
            {"memory": WORKED, "registration": replace(REGISTERED, promoted_at=NOW * 1000 - 16 * 60_000)},
            Close(),
        ),
        (ON_DEMAND, {"memory": OLD, "depth": Depth(visible=1, in_flight=4)}, None),
        (ON_DEMAND, {"memory": OLD, "depth": Depth(in_flight=5), "detected": 1}, None),
        (ON_DEMAND, {"memory": OLD, "depth": Depth(in_flight=5)}, Close()),  # put off, all of them
        # Stopping: close, nothing in flight on two looks, stop.
        (ON_DEMAND, {"memory": WORKED, "event_source": CLOSED}, None),
        (ON_DEMAND, {"memory": QUIET, "event_source": EventSource.CLOSING}, None),
        (ON_DEMAND, {"memory": QUIET, "event_source": CLOSED}, Stop(running())),
        (ON_DEMAND, {"memory": QUIET, "event_source": CLOSED, "depth": Depth(in_flight=1)}, None),
        (
            ON_DEMAND,  # what is hidden for so long was put off, and comes back by itself
            {"memory": replace(QUIET, closing_since=NOW - 300), "event_source": CLOSED, "depth": Depth(in_flight=1)},
            Stop(running()),
        ),
        (
            EAGER,
            {"memory": replace(QUIET, waves=((NOW, 1),)), "event_source": CLOSED, "depth": Depth(visible=1)},
            Open(),
        ),
        (
            replace(ALWAYS_ON, daily_budget_unit_hours=5.0),
            {"memory": WORKED, "spending": SPENT, "registration": STARTED_BY_A_PERSON},
            Close(),
        ),
        (replace(ALWAYS_ON, max_run_hours=0.2), {"memory": WORKED}, Close()),
        (replace(ALWAYS_ON, max_run_hours=0.3), {"memory": WORKED}, None),
        (ON_DEMAND, {"memory": replace(WORKED, running_since=NOW - 86_500), "depth": Depth(visible=9000)}, Close()),
    ],
)
def test_who_has_the_last_word_on_a_model_that_runs(settings, said, expected):
    assert step(settings, **({"versions": (running(),), "event_source": OPEN} | said)) == expected


@pytest.mark.parametrize("status", list(VersionStatus))
@pytest.mark.parametrize("settings", [ALWAYS_ON, ON_DEMAND], ids=["wanted", "unwanted"])
def test_each_status_has_its_step(status, settings):
    startable = {
        VersionStatus.TRAINING_COMPLETED,
        VersionStatus.STOPPED,
        VersionStatus.COPYING_COMPLETED,
        VersionStatus.FAILED,
    }
    taken = step(settings, versions=at(status))
    wanted = settings is ALWAYS_ON
    if status is VersionStatus.RUNNING:
        assert taken == (Open() if wanted else None)  # its first quiet look
    else:
        assert isinstance(taken, Start) == (wanted and status in startable)
        assert taken is None or wanted


@pytest.mark.parametrize("status", [VersionStatus.STOPPED, VersionStatus.STARTING, VersionStatus.STOPPING])
@pytest.mark.parametrize("settings", [ALWAYS_ON, ON_DEMAND], ids=["wanted", "unwanted"])
def test_while_no_model_runs_the_event_source_is_closed_first(status, settings):
    assert step(settings, versions=at(status), event_source=OPEN) == Close()


def test_other_versions_are_the_guards_unless_everything_must_stop():
    others = (ACTIVE, replace(ACTIVE, arn="arn:v1", name="v1", status=VersionStatus.RUNNING))
    assert step(ON_DEMAND, versions=others, memory=QUIET) is None
    assert step(ON_DEMAND, versions=others, memory=QUIET, registration=STOPPED_BY_A_PERSON) == Stop(others[1])


@pytest.mark.parametrize(
    ("images", "settings", "units"),
    [
        (1, ProjectSettings(max_inference_units=5), 1),
        (150_000, ProjectSettings(max_inference_units=5), 3),  # 500 minutes of one unit's work, in 218
        (150_000, ProjectSettings(max_inference_units=2), 2),
        (1, ProjectSettings(min_inference_units=2, max_inference_units=5), 2),
        (9_000, ProjectSettings(max_inference_units=5, finish_within_minutes=10), 3),
    ],
)
def test_a_start_has_the_fewest_units_that_do_the_backlog_in_time(images, settings, units):
    settings = replace(settings, max_wait_minutes=240, start_when=StartWhen(backlog=1))
    started = step(settings, depth=Depth(visible=images), memory=Memory(waves=((NOW, 1),)))
    assert started == Start(ACTIVE, units)


def test_a_measured_rate_sizes_the_next_start():
    settings = replace(EAGER, max_inference_units=5)
    slow = Memory(waves=((NOW, 1),), rate=1.0)
    assert step(settings, depth=Depth(visible=26_160), memory=slow) == Start(ACTIVE, 2)


def test_a_quota_that_has_no_room_for_many_units_is_tried_with_the_fewest():
    settings = replace(EAGER, max_inference_units=5)
    refused = Memory(waves=((NOW, 1),), refused="LimitExceededException")
    assert step(settings, depth=Depth(visible=150_000), memory=refused) == Start(ACTIVE, 1)


def test_a_model_that_nobody_sizes_may_grow_by_itself():
    settings = ProjectSettings(runtime="always_on", min_inference_units=1, max_inference_units=4)
    assert step(settings) == Start(ACTIVE, 1, max_units=4)


def test_a_start_that_failed_is_tried_again_later_and_later():
    failed = Memory(failed_starts=3, start_failed_at=NOW - 1199)
    assert step(ALWAYS_ON, versions=at(VersionStatus.FAILED), memory=failed) is None
    failed = replace(failed, start_failed_at=NOW - 1200)
    assert isinstance(step(ALWAYS_ON, versions=at(VersionStatus.FAILED), memory=failed), Start)


def test_a_start_that_ends_otherwise_than_running_is_counted():
    begun = Memory(starting_since=NOW - 60, looked_at=NOW - 60)
    assert decide(look(versions=at(VersionStatus.FAILED), memory=begun), ON_DEMAND, NOW).memory.failed_starts == 1
    assert decide(look(versions=at(VersionStatus.STOPPED), memory=begun), ON_DEMAND, NOW).memory.failed_starts == 0
    long_ago = replace(begun, starting_since=NOW - 151)
    assert decide(look(versions=at(VersionStatus.STOPPED), memory=long_ago), ON_DEMAND, NOW).memory.failed_starts == 1


def test_a_scheduled_model_runs_in_its_windows_and_images_wait_outside():
    settings = ProjectSettings(runtime="scheduled", schedule=Schedule(windows=("fri 08:00-09:00",)))
    waiting = {"depth": Depth(visible=5), "memory": Memory(waves=((NOW - 86_400, 1),))}
    assert isinstance(step(settings), Start)
    assert decide(look(**waiting), settings, NOW + 3600).step is None
    week_old = {"depth": Depth(visible=5), "memory": Memory(waves=((NOW - 8 * 86_400, 1),))}
    assert isinstance(decide(look(**week_old), settings, NOW + 3600).step, Start)


def test_the_longest_run_is_followed_by_an_hours_rest_and_told():
    done = Memory(exhausted_at=NOW - 3599)
    assert step(ALWAYS_ON, memory=done) is None
    assert Alarm.RAN_TOO_LONG in alarms(ALWAYS_ON, memory=done)
    assert isinstance(step(ALWAYS_ON, memory=replace(done, exhausted_at=NOW - 3600)), Start)


@pytest.mark.parametrize(
    ("settings", "said", "alarm"),
    [
        (ALWAYS_ON, {"spending": SPENT, "deployment_budget": 5.0}, Alarm.BUDGET_SPENT),
        (ALWAYS_ON, {"memory": Memory(refused="LimitExceededException")}, Alarm.NO_ROOM),
        (ALWAYS_ON, {"memory": Memory(refused="InvalidParameterException")}, Alarm.START_FAILED),
        (ALWAYS_ON, {"memory": Memory(failed_starts=1, start_failed_at=NOW)}, Alarm.START_FAILED),
        (ALWAYS_ON, {"versions": ()}, Alarm.MODEL_UNUSABLE),
        (ALWAYS_ON, {"versions": at(VersionStatus.EXPIRED)}, Alarm.MODEL_UNUSABLE),
        (
            ALWAYS_ON,
            {"versions": at(VersionStatus.STARTING), "memory": Memory(starting_since=NOW - 2401)},
            Alarm.START_SLOW,
        ),
        (
            ON_DEMAND,
            {"versions": (running(),), "memory": replace(QUIET, refused="InternalServerError")},
            Alarm.STOP_REFUSED,
        ),
        (
            ON_DEMAND,
            {"versions": at(VersionStatus.STOPPING), "memory": replace(QUIET, closing_since=NOW - 901)},
            Alarm.STOP_SLOW,
        ),
        (
            ON_DEMAND,
            {"depth": Depth(visible=1), "memory": Memory(waves=((NOW - 8 * 86_400, 1),))},
            Alarm.IMAGES_AGE,
        ),
        (
            ON_DEMAND,
            {"depth": Depth(visible=1), "memory": Memory(waves=((NOW - 241 * 60, 1),))},
            Alarm.BOUND_AT_RISK,
        ),
    ],
)
def test_what_is_wrong_is_told_once_and_taken_back_once(settings, said, alarm):
    first = decide(look(**said), settings, NOW)
    assert [raised.alarm for raised in first.alarms if raised.alarm is alarm and isinstance(raised, Raise)] == [alarm]
    remembered = replace(look(**said).memory, alarms=first.memory.alarms)
    again = decide(look(**(said | {"memory": remembered})), settings, NOW)
    assert alarm not in {raised.alarm for raised in again.alarms}
    well = decide(look(memory=Memory(alarms=frozenset({alarm}), empty_looks=2)), ON_DEMAND, NOW)
    assert well.alarms == (Clear(alarm),)


def test_a_model_is_explained_to_the_guard_before_it_starts_and_until_it_has_stopped():
    assert decide(look(), ALWAYS_ON, NOW).explains
    assert not decide(look(), ON_DEMAND, NOW).explains
    stopping = look(versions=(running(),), event_source=OPEN, memory=WORKED)
    assert decide(stopping, ON_DEMAND, NOW).explains
    refuses = look(versions=(running(),), memory=replace(QUIET, closing_since=NOW - 901))
    assert not decide(refuses, ON_DEMAND, NOW).explains
    assert not decide(look(versions=(running(),), leases=(ROLLOUT,)), ON_DEMAND, NOW).explains


def test_the_versions_are_asked_for_before_anything_is_done():
    decision = decide(look(versions=None), ALWAYS_ON, NOW)
    assert (decision.asks, decision.step, decision.memory) == (True, None, Memory())
    rested = Memory(resting=True, versions_at=NOW - 60, looked_at=NOW - 60, empty_looks=2)
    assert not decide(look(versions=None, memory=rested), ON_DEMAND, NOW).asks
    for unsure in (
        {"memory": rested, "leases": (ROLLOUT,)},
        {"memory": rested, "event_source": OPEN},
        {"memory": replace(rested, versions_at=NOW - 900)},
        {"memory": replace(rested, resting=False)},
    ):
        assert decide(look(versions=None, **unsure), ON_DEMAND, NOW).asks


def test_a_look_at_rest_changes_nothing_that_must_be_written():
    rested = Memory(resting=True, versions_at=NOW - 60, looked_at=NOW - 60, empty_looks=2, revision=9)
    assert decide(look(versions=None, memory=rested), ON_DEMAND, NOW).memory == rested
    hour_ago = replace(rested, looked_at=NOW - 3600)
    assert decide(look(versions=None, memory=hour_ago), ON_DEMAND, NOW).memory.revision == 10


def test_the_rate_is_measured_in_minutes_that_were_busy_all_through():
    busy = replace(WORKED, waves=((NOW, 900),))
    seen = look(
        versions=(running(inference_units=2),), event_source=OPEN, memory=busy, detected=480, depth=Depth(visible=400)
    )
    assert decide(seen, ALWAYS_ON, NOW).memory.rate == 4.0
    drained = replace(seen, depth=Depth())
    assert decide(drained, ALWAYS_ON, NOW).memory.rate is None


def test_a_start_that_came_to_run_forgets_those_that_did_not():
    tried = Memory(failed_starts=3, start_failed_at=NOW - 60, starting_since=NOW - 60)
    after = decide(look(versions=(running(),), memory=tried), ALWAYS_ON, NOW).memory
    assert (after.failed_starts, after.start_failed_at, after.starting_since) == (0, None, None)


def test_each_stop_has_quiet_looks_of_its_own():
    after = decide(look(memory=QUIET), ON_DEMAND, NOW).memory
    assert (after.closing_since, after.quiet_looks) == (None, 0)


@pytest.mark.parametrize("asked", [False, True])
def test_the_longest_run_ends_in_a_stop_unless_a_person_asked_for_more(asked):
    world = World(replace(ALWAYS_ON, max_run_hours=0.5))
    if asked:
        world.registration = replace(REGISTERED, wanted=Wanted.RUNNING, wanted_until=NOW + 7200)
    world.pass_minutes(15 + 30 + 6)
    if asked:
        assert (world.status, world.source) == (VersionStatus.RUNNING, OPEN)
    else:
        assert (world.status, world.source) == (VersionStatus.STOPPED, CLOSED)
