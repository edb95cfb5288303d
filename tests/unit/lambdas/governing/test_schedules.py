from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from lambdas.govern_models.schedules import is_in_window
from lambdas.runtime_settings import Schedule

OFFICE = Schedule(
    windows=("mon-fri 08:00-18:00", "sat 22:00-04:00"), time_zone="Europe/Berlin", holidays=("2026-12-25",)
)


@pytest.mark.parametrize(
    ("local", "runs"),
    [
        ("2026-11-23 07:59", False),  # a Monday
        ("2026-11-23 08:00", True),
        ("2026-11-23 17:59", True),
        ("2026-11-23 18:00", False),
        ("2026-11-22 12:00", False),  # a Sunday
        ("2026-11-21 22:00", True),  # a Saturday's window ends on Sunday
        ("2026-11-22 03:59", True),
        ("2026-11-22 04:00", False),
        ("2026-11-21 03:00", False),  # no window opened on Friday evening
        ("2026-12-25 12:00", False),  # a Friday
        ("2026-07-01 08:00", True),  # in summer
    ],
)
def test_windows_open_by_the_zones_clocks(local, runs):
    when = datetime.strptime(local, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    assert is_in_window(OFFICE, when.timestamp()) is runs


def test_a_window_that_opened_on_a_holiday_stays_closed_on_the_day_after():
    schedule = Schedule(windows=("mon-sun 22:00-04:00",), holidays=("2026-12-25",))
    assert not is_in_window(schedule, datetime.fromisoformat("2026-12-26T03:00+00:00").timestamp())
    assert is_in_window(schedule, datetime.fromisoformat("2026-12-26T23:00+00:00").timestamp())


def test_a_window_may_last_all_day():
    schedule = Schedule(windows=("wed 00:00-24:00",))
    assert is_in_window(schedule, datetime.fromisoformat("2026-11-25T23:59+00:00").timestamp())
    assert not is_in_window(schedule, datetime.fromisoformat("2026-11-26T00:00+00:00").timestamp())
