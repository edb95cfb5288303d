"""The meter: how many images each project's model looked at, and how long it ran for them.

In the registry table, PK `PROJECT#<name>`; all times are UTC:

    METER#M#2026-11-21T17:25   Images, Throttles, DeleteAfter (epoch seconds): of a minute, by detect_labels
    METER#D#2026-11-21         RunningUnitSeconds, BusyUnitSeconds, Images, Starts: of a day, by the governor

An inference unit that runs for a second is a unit-second. Each write is one ADD. An ADD is not idempotent: where the
answer to one is lost, the client sends it again and it may count twice. That is left so: it is a batch or a minute too
many, so a budget stops a model a minute early and not late.
"""

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from lambdas.items import from_item, to_item
from lambdas.names import DELETE_AFTER

_KEEP_MINUTES: Final = 2 * 24 * 60 * 60  # seconds: the governor looks back over hours at most
_MINUTE: Final = 60  # seconds


@dataclass(frozen=True, kw_only=True)
class DayMeter:
    """What one project's model did on one day, UTC."""

    day: date
    running_unit_seconds: float = 0.0
    busy_unit_seconds: float = 0.0  # of them, how many the images took
    images: int = 0
    starts: int = 0

    @property
    def idle_unit_seconds(self) -> float:
        """For how long units ran for nothing."""
        return max(0.0, self.running_unit_seconds - self.busy_unit_seconds)


@dataclass(frozen=True)
class Meter:
    """The meter in the registry table of a deployment, through a boto3 DynamoDB client; `now` is in epoch seconds."""

    dynamodb: Any
    name: str

    def add_batch(self, project: str, now: float, images: int, throttles: int) -> None:
        """Count a batch: images that the model answered for, and calls that were refused as too many."""
        values = {":images": images, ":throttles": throttles, ":gone": int(now) // _MINUTE * _MINUTE + _KEEP_MINUTES}
        self.dynamodb.update_item(
            TableName=self.name,
            Key=to_item(_key(project, _minute(now))),
            UpdateExpression=f"ADD Images :images, Throttles :throttles SET {DELETE_AFTER} = :gone",
            ExpressionAttributeValues=to_item(values),
        )

    def images_since(self, project: str, since: float, until: float) -> int:
        """Return the images of the minutes that begin from `since`'s minute on and have ended by `until`.

        So one look's `until` is the next one's `since`: each minute is counted by one look. Epoch seconds.
        """
        last = int(until) // _MINUTE * _MINUTE - _MINUTE
        if last < int(since) // _MINUTE * _MINUTE:
            return 0  # DynamoDB refuses a range that ends before it begins
        return sum(item.get("Images", 0) for item in self._between(project, _minute(since), _minute(last)))

    def add_day(
        self,
        project: str,
        now: float,
        *,
        running_unit_seconds: float,
        busy_unit_seconds: float,
        images: int,
        starts: int = 0,
    ) -> None:
        """Add to the day's sums; what began before midnight counts for the day of `now`, a minute at most."""
        values = {
            ":running": round(running_unit_seconds, 3),
            ":busy": round(busy_unit_seconds, 3),
            ":images": images,
            ":starts": starts,
        }
        self.dynamodb.update_item(
            TableName=self.name,
            Key=to_item(_key(project, _day(utc_day(now)))),
            UpdateExpression="ADD RunningUnitSeconds :running, BusyUnitSeconds :busy, Images :images, Starts :starts",
            ExpressionAttributeValues=to_item(values),
        )

    def days(self, project: str, first_day: date, last_day: date) -> list[DayMeter]:
        """Return every day from the first to the last, the oldest first; zeros where nothing ran."""
        if last_day < first_day:
            return []
        found = {item["SK"]: item for item in self._between(project, _day(first_day), _day(last_day))}
        days = [first_day + timedelta(days=number) for number in range((last_day - first_day).days + 1)]
        return [_day_meter(day, found.get(_day(day), {})) for day in days]

    def today(self, project: str, now: float) -> DayMeter:
        """Return the day's sums so far."""
        day = utc_day(now)
        answer = self.dynamodb.get_item(TableName=self.name, Key=to_item(_key(project, _day(day))), ConsistentRead=True)
        return _day_meter(day, from_item(answer.get("Item", {})))

    def _between(self, project: str, first: str, last: str) -> list[dict[str, Any]]:
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="PK = :project AND SK BETWEEN :first AND :last",
            ExpressionAttributeValues=to_item({":project": f"PROJECT#{project}", ":first": first, ":last": last}),
            ConsistentRead=True,
        )
        return [from_item(item) for page in pages for item in page["Items"]]


def utc_day(now: float) -> date:
    """Return the day that an epoch second belongs to."""
    return datetime.fromtimestamp(now, UTC).date()


def _key(project: str, counted: str) -> dict[str, str]:
    return {"PK": f"PROJECT#{project}", "SK": counted}


def _minute(now: float) -> str:
    return time.strftime("METER#M#%Y-%m-%dT%H:%M", time.gmtime(now))


def _day(day: date) -> str:
    return f"METER#D#{day.isoformat()}"


def _day_meter(day: date, item: dict[str, Any]) -> DayMeter:
    return DayMeter(
        day=day,
        running_unit_seconds=item.get("RunningUnitSeconds", 0.0),
        busy_unit_seconds=item.get("BusyUnitSeconds", 0.0),
        images=item.get("Images", 0),
        starts=item.get("Starts", 0),
    )
