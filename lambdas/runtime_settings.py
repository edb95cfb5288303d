"""When a project's model runs: the settings of its runtime."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from lambdas.setting_checks import Check, SettingsError, checked_object, list_of, or_null, over, whole

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = "|".join(_DAYS)
_TIME: Final = r"([01]\d|2[0-3]):[0-5]\d"
_WINDOW: Final = re.compile(rf"(?P<first>{_DAY})(-(?P<last>{_DAY}))? (?P<opens>{_TIME})-(?P<closes>{_TIME}|24:00)")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class Runtime(StrEnum):
    """When a project's model runs."""

    ON_DEMAND = "on_demand"  # when enough images wait, or have waited for long enough
    ALWAYS_ON = "always_on"
    SCHEDULED = "scheduled"  # in the windows of its schedule


@dataclass(frozen=True, kw_only=True)
class StartWhen:
    """What makes an on-demand model start sooner than its longest wait does; None: nothing."""

    backlog: int | None = None  # images that wait
    waiting_minutes: float | None = None  # for which the oldest has waited


@dataclass(frozen=True)
class Window:
    """Hours of some days of the week, local time; one that closes before it opens ends on the next day."""

    days: frozenset[int]  # 0: Monday
    opens: int  # minute of the day
    closes: int  # minute of the day, up to 1440


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When a scheduled model runs, as cdk.json spells it; `windows_of` reads it."""

    windows: tuple[str, ...]  # such as "mon-fri 08:00-18:00"
    time_zone: str = "UTC"  # a name of the IANA database
    holidays: tuple[str, ...] = ()  # dates on which no window opens


def windows_of(schedule: Schedule) -> tuple[Window, ...]:
    """Read a schedule's windows, which `parse_schedule` has checked."""
    return tuple(_window(said) for said in schedule.windows)


def parse_schedule(where: str, raw: Any) -> Schedule | None:
    """Check a schedule; raise SettingsError that names the key."""
    if raw is None:
        return None
    values = checked_object(where, raw, _SCHEDULE_CHECKS, Schedule)
    if not values.get("windows"):
        raise SettingsError(f'{where}.windows must name one window or more, such as "mon-fri 08:00-18:00"')
    lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    return Schedule(**values | lists)


def parse_start_when(where: str, raw: Any) -> StartWhen:
    """Check what starts an on-demand model; raise SettingsError that names the key."""
    return StartWhen(**checked_object(where, {} if raw is None else raw, _START_CHECKS, StartWhen))


def _window(said: str) -> Window:
    found = _WINDOW.fullmatch(said)
    assert found
    first = _DAYS.index(found["first"])
    last = _DAYS.index(found["last"] or found["first"])
    days = frozenset((first + number) % 7 for number in range((last - first) % 7 + 1))
    return Window(days, _minute(found["opens"]), _minute(found["closes"]))


def _minute(said: str) -> int:
    hours, _, minutes = said.partition(":")
    return int(hours) * 60 + int(minutes)


def _are_windows(value: Any) -> bool:
    return _LISTED_WINDOWS.passes(value) and all(window.opens != window.closes for window in map(_window, value))


def _is_zone(value: Any) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # here: detect_labels, which starts often, has no need of it

    try:
        return isinstance(value, str) and bool(ZoneInfo(value))
    except (ZoneInfoNotFoundError, ValueError):
        return False


def _are_dates(value: Any) -> bool:
    if not _LISTED_DATES.passes(value):
        return False
    try:
        return all(date.fromisoformat(said) for said in value)
    except ValueError:
        return False


_LISTED_WINDOWS: Final = list_of(_WINDOW, "windows")
_LISTED_DATES: Final = list_of(_DATE, "dates")

_SCHEDULE_CHECKS: Final[Mapping[str, Check]] = {
    "windows": Check(_are_windows, 'a list of different windows, such as "mon-fri 08:00-18:00" or "sat 22:00-04:00"'),
    "time_zone": Check(_is_zone, "the name of a time zone, such as Europe/Berlin"),
    "holidays": Check(_are_dates, "a list of different dates, such as 2026-12-25"),
}
_START_CHECKS: Final[Mapping[str, Check]] = {
    "backlog": or_null(whole(1, 1_000_000_000)),
    "waiting_minutes": or_null(over(10_080)),
}
