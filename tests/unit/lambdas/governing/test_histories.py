"""What holds of every history: random arrivals, runtimes, lost calls, deaths of the governor, stale looks."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.deployment_settings import ProjectSettings
from lambdas.govern_models.words import Close, EventSource, Open, Start, Stop
from lambdas.model_versions import VersionStatus
from lambdas.registry import Wanted
from lambdas.runtime_settings import Schedule, StartWhen
from tests.unit.lambdas.governing.world import REGISTERED, World

# Steps after which an unwanted model is down though one call or look was lost: close, two quiet looks, stop.
_STOPS_WITHIN = 6
_START_BOUND = 20

projects = st.one_of(
    st.builds(
        ProjectSettings,
        max_wait_minutes=st.sampled_from([30, 60, 240]),
        max_inference_units=st.integers(1, 3),
        start_when=st.builds(StartWhen, backlog=st.sampled_from([None, 1, 100])),
    ),
    st.just(ProjectSettings(runtime="always_on")),
    st.just(ProjectSettings(runtime="scheduled", schedule=Schedule(windows=("mon-sun 09:00-10:00",)))),
)
# Images that come in some of the minutes.
arrivals = st.dictionaries(st.integers(0, 300), st.sampled_from([1, 2, 30, 400]), max_size=40)
starts = st.lists(st.integers(10, 20), min_size=1, max_size=30)


def world_of(project: ProjectSettings, durations: list[int]) -> World:
    endless = iter(lambda: durations[0], None)
    queue = iter([*durations])
    return World(project, starting_minutes=lambda: next(queue, next(endless)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(projects, arrivals, starts)
def test_each_image_is_done_within_its_bound_and_an_on_demand_model_rests_afterwards(project, coming, durations):
    world = world_of(project, durations)
    world.pass_minutes(301, lambda minute: coming.get(minute, 0))
    world.pass_minutes(int(project.max_wait_minutes) + 120)
    if project.runtime == "on_demand":
        assert not world.waiting
        assert all(waited <= project.max_wait_minutes for waited in world.waits)
        assert (world.status, world.source) == (VersionStatus.STOPPED, EventSource.CLOSED)
    if project.runtime == "always_on":
        assert world.status is VersionStatus.RUNNING
        assert not world.waiting
        assert max(world.waits, default=0) <= _START_BOUND + 5


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    projects,
    arrivals,
    starts,
    st.dictionaries(st.integers(0, 300), st.sampled_from(["dies", "loses", "twice"]), max_size=60),
)
def test_no_step_contradicts_another_and_it_converges_whatever_is_lost_or_done_twice(
    project, coming, durations, mishaps
):
    world = world_of(project, durations)
    for _ in range(300):
        mishap = mishaps.get(world.minute)
        before = world.status
        decision = world.govern(dies=mishap == "dies", loses=mishap == "loses")
        if mishap == "twice" and decision.step is not None:
            world.take(decision.step)
        if isinstance(decision.step, Start):
            assert before in (VersionStatus.STOPPED, VersionStatus.FAILED), "it would start what runs"
            assert world.source is EventSource.CLOSED, "images would burn their receives while it starts"
        if isinstance(decision.step, Stop):
            assert before is VersionStatus.RUNNING
            assert world.source is EventSource.CLOSED, "images would find no model"
        if isinstance(decision.step, Open):
            assert before is VersionStatus.RUNNING
        world.tick(coming.get(world.minute, 0))
    world.pass_minutes(int(project.max_wait_minutes) + 200)
    if project.runtime == "on_demand":
        assert not world.waiting
        assert world.status is VersionStatus.STOPPED
    if project.runtime == "always_on":
        assert (world.status, world.source) == (VersionStatus.RUNNING, EventSource.OPEN)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(projects, arrivals, starts, st.integers(1, 250), st.integers(0, 50))
def test_what_a_person_stops_is_down_within_minutes_and_stays_down(project, coming, durations, at, lost):
    world = world_of(project, durations)
    world.pass_minutes(at, lambda minute: coming.get(minute, 0))
    world.registration = replace(REGISTERED, wanted=Wanted.STOPPED)
    for passed in range(300 - at):
        world.govern(loses=passed == lost)
        world.tick(coming.get(world.minute, 0))
        if passed > _START_BOUND + _STOPS_WITHIN:
            assert not world.billed
            assert world.source is EventSource.CLOSED


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(projects, arrivals, st.floats(0.5, 3), st.booleans())
def test_no_day_costs_more_than_its_budget_and_a_stop(project, coming, budget, whose):
    world = World(replace(project, daily_budget_unit_hours=budget)) if whose else World(project, budget=budget)
    world.pass_minutes(300, lambda minute: coming.get(minute, 0))
    spare = _STOPS_WITHIN * project.max_inference_units
    assert world.unit_minutes <= budget * 60 + spare


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(arrivals, st.integers(0, 200))
def test_a_wanted_model_that_somebody_stopped_is_up_again_within_a_start(coming, at):
    world = World(ProjectSettings(runtime="always_on"))
    world.pass_minutes(at, lambda minute: coming.get(minute, 0))
    world.status, world.left = VersionStatus.STOPPED, 0
    world.pass_minutes(25, lambda minute: coming.get(minute, 0))
    assert (world.status, world.source) == (VersionStatus.RUNNING, EventSource.OPEN)


def test_a_project_at_rest_costs_no_question_to_rekognition_most_minutes():
    world = World(ProjectSettings())
    world.pass_minutes(600)
    assert world.asked <= 600 / 15 + 2


def test_a_single_image_costs_its_start_and_two_minutes():
    world = World(ProjectSettings(max_wait_minutes=240))
    world.pass_minutes(600, lambda minute: int(minute == 5))
    assert world.unit_minutes == 15 + 2
    assert world.waits
    assert 200 < world.waits[0] <= 240
    assert [type(step) for _, step in world.steps] == [Start, Open, Close, Stop]


def test_while_it_is_down_its_event_source_is_closed_though_somebody_opens_it():
    world = World(ProjectSettings())
    world.pass_minutes(20)
    world.source = EventSource.OPEN
    world.pass_minutes(1)
    assert world.source is EventSource.CLOSED
