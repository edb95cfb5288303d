"""What the guard holds in any history of starts, leases and stops."""

import itertools
from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lambdas.guard_models.explaining import Explanation
from lambdas.guard_models.judging import judge, overspent
from lambdas.guard_models.looking import Guard
from lambdas.guard_models.memory import Memory, from_text, to_text
from lambdas.guard_models.telling import OperationsTopic, tell
from lambdas.registry import Registry
from tests.unit.aws import client_of
from tests.unit.dynamodb import Table
from tests.unit.lambdas.guarded import HOUR, MINUTE, NOW, UNITS, Models, Writer, arn, billed, deployment
from tests.unit.lambdas.services import Topic

LOOK = 5 * MINUTE
NOTICE = 15 * MINUTE
MIDNIGHT = NOW - NOW % 86_400
VERSIONS = ("v1", "v2", "v3")

versions = st.sampled_from(VERSIONS)
happenings = st.one_of(
    st.tuples(st.just("start"), versions, st.just(0)),
    st.tuples(st.just("lease"), versions, st.integers(1, 60)),  # minutes
    st.tuples(st.just("give back"), versions, st.just(0)),
    st.tuples(st.just("nothing"), versions, st.just(0)),
)
histories = st.lists(st.tuples(st.lists(happenings, max_size=2), st.integers(-20, 20)), max_size=30)


@dataclass
class World:
    """A deployment whose time goes by in looks of the guard."""

    models: Models = field(default_factory=Models)
    table: Table = field(default_factory=Table)
    memory: Memory = field(default_factory=Memory)
    now: float = NOW
    leases: dict[str, float] = field(default_factory=dict)  # by version: until when

    def is_running(self, version):
        return self.models.statuses.get("dev.digits", {}).get(version) == "RUNNING"

    def is_explained(self, version):
        return self.leases.get(version, 0) > self.now

    def happen(self, what, version, minutes):
        match what:
            case "start":
                self.models.run(version)
            case "lease":
                self.leases[version] = self.now + minutes * MINUTE
                Writer(self.table).lease(version, self.leases[version])
            case "give back":
                self.leases.pop(version, None)
                Writer(self.table).drop(f"LEASE#{version}")


def look(world, guard, topic):
    """Let the guard look, tell and remember as a run of it does."""
    looked = guard.look(world.memory, world.now)
    assert tell(topic, looked, set(), world.now) == []
    world.memory = from_text(to_text(looked.memory))
    return looked


def living():
    world = World()
    guard = Guard(
        rekognition=client_of("rekognition", world.models),
        registry=Registry(client_of("dynamodb", world.table), "registry"),
        settings=deployment(),
        pause=lambda _: None,
    )
    return world, guard, OperationsTopic(client_of("sns", Topic()), "arn:operations", "dev")


@settings(max_examples=40, deadline=None)
@given(histories)
@example(
    [
        ([("start", "v3", 0), ("lease", "v3", 32)], 0),
        *[([], 0)] * 6,
        ([("start", "v3", 0), ("give back", "v3", 0)], 0),
        *[([], 0)] * 4,
    ]
)
def test_nothing_unexplained_runs_past_its_notice_and_nothing_explained_is_stopped(history):
    world, guard, topic = living()
    unexplained_since = {}  # by version: the first look of a row that found it so
    for happening, jitter in history:
        for what in happening:
            world.happen(*what)
        world.now += LOOK + jitter
        before = {version for version in VERSIONS if world.is_running(version)}
        explained = {version for version in before if world.is_explained(version)}
        looked = look(world, guard, topic)
        assert not {arn(version) for version in explained} & set(looked.stopped)
        for version in VERSIONS:
            if version not in before - explained:
                unexplained_since.pop(version, None)
            since = unexplained_since.setdefault(version, world.now) if version in before - explained else world.now
            assert not world.is_running(version) or world.now - since < NOTICE
            if not world.is_running(version):
                unexplained_since.pop(version, None)  # who starts it anew is told anew


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 12).map(float),
    st.dictionaries(versions, st.integers(0, 40 * 60), min_size=1),
    st.lists(st.integers(-20, 20), min_size=1, max_size=7),
)
def test_a_day_costs_no_more_than_its_budget_with_the_tolerance_and_one_look_and_nothing_is_stopped_before(
    budget, starts, jitters
):
    """Of versions that something explains for ever, started at some second of the first forty minutes."""
    settings = deployment({"daily_budget_unit_hours": budget})
    memory, now = Memory().after_look([], MIDNIGHT, complete=True), MIDNIGHT
    spent = 0.0  # unit-seconds, as billed
    running = dict(starts)
    for jitter in itertools.islice(itertools.cycle(jitters), 250):
        until = now + LOOK + jitter
        spent += sum(UNITS * max(0.0, until - max(now, MIDNIGHT + second)) for second in running.values())
        now = until
        seen = [billed(version, units=UNITS) for version, second in running.items() if MIDNIGHT + second <= now]
        memory = from_text(to_text(memory.after_look(seen, now, complete=True)))
        over = overspent(memory, settings, seen)
        for version in seen:
            if judge(version, Explanation.WANTED, memory, settings, over, now) is not None:
                del running[version.name]
                # Each start is counted from the look before it.
                assert spent + len(starts) * UNITS * (LOOK + 20) >= budget * HOUR
            else:
                assert spent < budget * HOUR + max(0.02 * budget * HOUR, len(seen) * UNITS * LOOK)
    assert not running or spent < budget * HOUR * 1.02 + len(starts) * UNITS * LOOK
