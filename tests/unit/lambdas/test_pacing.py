"""The pace of detection: a backlog drains at the model's capacity, whoever else drains it."""

import statistics
import threading
import time

import pytest

from lambdas.detect_labels.pacing import OutOfTimeError, Pace, Pacer, retry_delay
from tests.unit.lambdas.drain import Drain, Model

SEEDS = range(12)
UNIT = 5.0  # detections a second


def drained(per_second: float, invocations: int, images: int, *, fair_rate: float | None = None) -> list[Model]:
    """Drain a backlog once for each seed; `fair_rate` is what the settings promise, by default the truth."""
    fair = per_second / invocations if fair_rate is None else fair_rate
    models = []
    for seed in SEEDS:
        model = Model(per_second)
        Drain(images=images, invocations=invocations, model=model, fair_rate=fair, seed=seed).run()
        assert len(model.answered_at) == images
        models.append(model)
    return models


@pytest.mark.parametrize(("units", "invocations"), [(1, 2), (1, 3), (3, 2), (3, 3), (3, 4)])
def test_600_images_use_the_models_capacity_and_hardly_more(units, invocations):
    models = drained(units * UNIT, invocations, 600)
    assert min(model.used() for model in models) >= 0.95
    assert statistics.mean(model.used() for model in models) >= 0.97
    assert max(model.refused() for model in models) <= 0.05
    assert statistics.mean(model.refused() for model in models) <= 0.03


@pytest.mark.parametrize("invocations", [2, 3, 4, 5, 6])
def test_a_long_backlog_is_drained_at_capacity_by_any_number_of_invocations(invocations):
    models = drained(5 * UNIT, invocations, 3000, fair_rate=UNIT)
    # A batch of ten takes a second and more, so that two or three at a time cannot hold 25 detections a second.
    goal = {2: 0.6, 3: 0.9}.get(invocations, 0.97)
    assert statistics.mean(model.used(until=110) for model in models) >= goal
    assert max(model.refused() for model in models) <= 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_a_model_that_is_ten_times_faster_than_promised_is_found_out(seed):
    drain = Drain(images=9000, invocations=8, model=Model(50.0), fair_rate=UNIT / 8, seed=seed).run(until=175)
    assert drain.model.used(since=135) >= 0.95
    assert drain.model.refused(since=135) <= 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_a_model_that_is_ten_times_slower_than_promised_is_not_hammered(seed):
    drain = Drain(images=10_000, invocations=2, model=Model(0.5), fair_rate=UNIT / 2, seed=seed).run(until=1000)
    calls = len(drain.model.answered_at) + len(drain.model.throttled_at)
    assert drain.model.used(since=30) >= 0.6
    assert calls / 1000 <= 1.0


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1)])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_rate_follows_when_the_units_change(before, after, seed):
    model = Model(before * UNIT)
    drain = Drain(images=9000, invocations=3, model=model, fair_rate=before * UNIT / 3, seed=seed).run(until=60)
    model.per_second = after * UNIT
    drain.run(until=260)
    assert model.used(since=160) >= 0.95
    assert model.refused(until=100) <= 0.10
    assert model.refused(since=100) <= 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cold_environment_does_not_hammer(seed):
    model = Model(UNIT)
    Drain(images=100, invocations=2, model=model, fair_rate=UNIT / 2, seed=seed).run(until=5)
    assert len(model.answered_at) + len(model.throttled_at) <= 5 * UNIT


@pytest.mark.parametrize("seed", range(3))
def test_no_invocation_starves_another_for_long(seed):
    drain = Drain(images=100_000, invocations=3, model=Model(3 * UNIT), fair_rate=UNIT, seed=seed)
    for hour in range(1, 3):
        drain.run(until=hour * 1800)
        assert all(UNIT / 4 < environment.pace.rate < UNIT * 2 for environment in drain.environments)


def test_images_that_trickle_in_do_not_raise_the_rate():
    pace = Pace(2.5, 0.0)
    before = pace.rate
    for second in range(0, 1000, 10):
        assert pace.delay(second) == 0.0
        pace.answered(pace.take(second, waited=False))
    assert pace.rate == before


def test_an_idle_environment_saves_up_a_second_and_no_more():
    pace = Pace(8.0, 0.0)
    taken = 0
    while pace.delay(3600.0) == 0.0:
        pace.take(3600.0, waited=False)
        taken += 1
    assert taken == int(pace.rate)


def test_throttles_of_one_round_trip_cut_the_rate_once():
    pace = Pace(10.0, 0.0)
    turns = [pace.take(1.0, waited=True) for _ in range(3)]
    before = pace.rate
    for turn in turns:
        pace.throttled(turn, 1.05)
    after = pace.rate
    pace.throttled(pace.take(1.1, waited=True), 1.2)  # asked after the cut, but the cut cannot have told yet
    assert before * 0.9 < after < before
    assert pace.rate == after


def test_many_throttles_cut_deeper_than_a_few():
    few, many = Pace(10.0, 0.0), Pace(10.0, 0.0)
    for pace, throttles in ((few, 1), (many, 20)):
        pace.throttled(pace.take(0.0, waited=True), 0.1)
        turns = [pace.take(0.2, waited=True) for _ in range(30)]
        for turn in turns[throttles:]:
            pace.answered(turn)
        for turn in turns[:throttles]:
            pace.throttled(turn, 0.3)
        pace.throttled(pace.take(1.0, waited=True), 1.1)
    assert many.rate < few.rate / 2


def test_a_retry_waits_at_most_twice_as_long_each_time_up_to_five_seconds():
    longest = [retry_delay(throttles, lambda low, high: high) for throttles in range(1, 8)]
    assert longest == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert retry_delay(3, lambda low, high: low) == 0.0


class Clock:
    """A time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_pacer_lets_threads_call_at_its_rate():
    clock = Clock()
    pacer = Pacer(4.0, clock, clock.sleep)
    turns = [pacer.turn(deadline=60.0) for _ in range(21)]
    assert turns[-1].taken_at == pytest.approx(20 / pacer.rate, rel=0.06)
    assert [turn.waited for turn in turns] == [False] + [True] * 20


def test_a_pacer_says_at_once_that_no_turn_comes_in_time():
    clock = Clock()
    pacer = Pacer(1.0, clock, clock.sleep)
    pacer.turn(deadline=1.0)
    with pytest.raises(OutOfTimeError, match="away"):
        pacer.turn(deadline=1.0)
    assert clock.now == 0.0


def test_a_pacer_gives_each_turn_to_one_thread():
    pacer = Pacer(200.0)
    turns = []

    deadline = time.monotonic() + 60

    def ask() -> None:
        for _ in range(10):
            turns.append(pacer.turn(deadline=deadline))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = max(turn.taken_at for turn in turns) - min(turn.taken_at for turn in turns)
    assert len(turns) == 50
    assert seconds >= 0.4  # 49 turns at 100 a second, the first of them at once
