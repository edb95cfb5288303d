"""Whether a scheduled model is to run at a time."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lambdas.runtime_settings import Schedule, Window, windows_of


def is_in_window(schedule: Schedule, now: float) -> bool:
    """Tell whether a time, in epoch seconds, lies in one of the schedule's windows.

    A window that ends on the next day belongs to the day on which it opens: so do its holidays. Hours are those of the
    zone's clocks, so that a window is an hour shorter or longer when these are put on or back.
    """
    local = datetime.fromtimestamp(now, ZoneInfo(schedule.time_zone))
    return any(_holds(window, local, schedule) for window in windows_of(schedule))


def _holds(window: Window, local: datetime, schedule: Schedule) -> bool:
    minute = local.hour * 60 + local.minute
    if window.opens < window.closes:
        return window.opens <= minute < window.closes and _opens_on(window, local, schedule)
    if minute >= window.opens:
        return _opens_on(window, local, schedule)
    return minute < window.closes and _opens_on(window, local - timedelta(days=1), schedule)


def _opens_on(window: Window, day: datetime, schedule: Schedule) -> bool:
    return day.weekday() in window.days and day.date().isoformat() not in schedule.holidays
