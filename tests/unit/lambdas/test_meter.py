from datetime import date
from itertools import pairwise

import pytest

from lambdas.meter import DayMeter, Meter
from lambdas.names import MINUTE_ATTRIBUTES
from lambdas.registry import Registry

NOON = 1_795_262_400.0  # 2026-11-21T12:00:00Z
MINUTE = 60.0
DAY = 86_400.0
TODAY = date(2026, 11, 21)


@pytest.fixture
def meter(dynamodb):
    return Meter(dynamodb, "registry")


@pytest.fixture
def calls(dynamodb):
    """Return the operations that were called, in order."""
    names = []
    dynamodb.meta.events.register("before-call.dynamodb.*", lambda model, **_: names.append(model.name))
    return names


def run(meter, now, running=60.0, busy=15.5, images=40, starts=0):
    meter.add_day("digits", now, running_unit_seconds=running, busy_unit_seconds=busy, images=images, starts=starts)


def test_a_batch_is_one_write_to_its_minutes_item(meter, table, calls):
    meter.add_batch("digits", NOON + 59.9, images=10, throttles=2)
    assert calls == ["UpdateItem"]
    assert table.items == {
        ("PROJECT#digits", "METER#M#2026-11-21T12:00"): {
            "PK": {"S": "PROJECT#digits"},
            "SK": {"S": "METER#M#2026-11-21T12:00"},
            "Images": {"N": "10"},
            "Throttles": {"N": "2"},
            "DeleteAfter": {"N": str(int(NOON + 2 * DAY))},
        }
    }


def test_a_batch_writes_no_other_attributes_than_those_that_detecting_is_allowed_to(meter, table):
    meter.add_batch("digits", NOON, images=10, throttles=2)
    (item,) = table.items.values()
    assert set(item) == set(MINUTE_ATTRIBUTES)


def test_the_batches_of_a_minute_add_up(meter, table):
    for images, throttles in ((10, 0), (3, 2), (7, 1)):
        meter.add_batch("digits", NOON, images, throttles)
    item = table.items["PROJECT#digits", "METER#M#2026-11-21T12:00"]
    assert (item["Images"], item["Throttles"]) == ({"N": "20"}, {"N": "3"})


def test_looks_that_follow_each_other_count_each_minute_once(meter):
    for number in range(6):
        meter.add_batch("digits", NOON + number * MINUTE + 31, images=10**number, throttles=0)
    looks = [NOON + number * MINUTE + 30 for number in (0, 1, 2, 5)]
    found = [meter.images_since("digits", since, until) for since, until in pairwise(looks)]
    assert found == [1, 10, 11_100]


def test_a_minute_that_has_not_ended_is_not_counted_yet(meter):
    meter.add_batch("digits", NOON + 1, images=5, throttles=0)
    assert meter.images_since("digits", NOON, NOON + 59.9) == 0
    assert meter.images_since("digits", NOON, NOON + 60) == 5


def test_a_look_back_from_before_its_beginning_finds_nothing(meter):
    assert meter.images_since("digits", NOON, NOON - DAY) == 0


def test_images_of_other_projects_do_not_count(meter):
    meter.add_batch("scenes", NOON, images=5, throttles=0)
    assert meter.images_since("digits", NOON, NOON + MINUTE) == 0


def test_a_minute_of_throttles_alone_holds_no_images(meter):
    meter.add_batch("digits", NOON, images=0, throttles=3)
    assert meter.images_since("digits", NOON, NOON + MINUTE) == 0


def test_a_day_adds_up_in_one_write_a_minute(meter, calls):
    run(meter, NOON, starts=1)
    run(meter, NOON + MINUTE, running=120.0, busy=119.25, images=2)
    assert calls == ["UpdateItem", "UpdateItem"]
    assert meter.today("digits", NOON) == DayMeter(
        day=TODAY, running_unit_seconds=180.0, busy_unit_seconds=134.75, images=42, starts=1
    )


def test_a_days_item_is_kept_for_ever(meter, table):
    run(meter, NOON)
    assert "DeleteAfter" not in table.items["PROJECT#digits", "METER#D#2026-11-21"]


def test_a_day_that_nothing_ran_on_is_all_zeros(meter):
    assert meter.today("digits", NOON) == DayMeter(day=TODAY)


def test_a_day_begins_at_midnight_utc(meter):
    run(meter, NOON + DAY / 2 - 1, images=1)
    run(meter, NOON + DAY / 2, images=2)
    assert meter.today("digits", NOON).images == 1
    assert meter.today("digits", NOON + DAY).images == 2


def test_days_come_in_order_without_gaps_over_all_pages(meter):
    for number in (0, 1, 3, 6, 7):
        run(meter, NOON + number * DAY, images=number)
    days = meter.days("digits", date(2026, 11, 22), date(2026, 11, 27))
    assert [day.day for day in days] == [date(2026, 11, 22 + number) for number in range(6)]
    assert [day.images for day in days] == [1, 0, 3, 0, 0, 6]


def test_days_that_end_before_they_begin_are_none(meter):
    assert meter.days("digits", TODAY, date(2026, 11, 20)) == []


def test_what_ran_and_was_not_busy_was_idle():
    assert DayMeter(day=TODAY, running_unit_seconds=60.0, busy_unit_seconds=12.5).idle_unit_seconds == 47.5


def test_a_model_that_was_busier_than_it_ran_was_not_idle():
    assert DayMeter(day=TODAY, running_unit_seconds=60.0, busy_unit_seconds=61.0).idle_unit_seconds == 0.0


def test_a_part_of_a_second_is_kept_to_the_millisecond(meter):
    run(meter, NOON, running=0.1 + 0.2, busy=0.0)
    run(meter, NOON, running=0.1 + 0.2, busy=0.0)
    assert meter.today("digits", NOON).running_unit_seconds == 0.6


def test_the_meter_is_no_lease_and_no_attempt_of_the_registry(meter, dynamodb):
    meter.add_batch("digits", NOON, images=5, throttles=0)
    run(meter, NOON)
    registry = Registry(dynamodb, "registry")
    assert registry.leased_versions("digits", now=0) == frozenset()
    assert registry.attempts("digits") == []
