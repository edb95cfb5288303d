"""What the models of a deployment ran for, day by day, and what that costs: by the meter in its registry.

The meter counts models alone. What Rekognition asks for trainings, for label detection of videos and for moderation is
left out, and said to be: to count it, each result of the days would have to be read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from cli.deployment import Clients, Deployment
from lambdas.meter import DayMeter, utc_day
from lambdas.prices import LABEL_DETECTION_MINUTE, MODERATED_IMAGE, TRAINING_HOUR
from lambdas.registry import Registration

_HOUR: Final = 3600.0  # seconds
_DAY: Final = 24 * _HOUR


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Unit-hours and images, of a day, a project or all."""

    running: float = 0.0
    busy: float = 0.0
    idle: float = 0.0
    images: int = 0
    starts: int = 0
    always_on: float = 0.0  # what would have run if nothing had ever stopped it

    @property
    def idle_share(self) -> float | None:
        """The share of the hours that ran for nothing; None where nothing ran."""
        return self.idle / self.running if self.running else None


@dataclass(frozen=True, kw_only=True)
class Costs:
    """The usage of some projects on some days, and the price of a unit's hour in US dollars."""

    price: float
    days: Sequence[date]
    projects: Mapping[str, Sequence[Usage]]  # of each of the days

    def of_day(self, number: int) -> Usage:
        """Sum up one of the days."""
        return total(usages[number] for usages in self.projects.values())

    def of_project(self, project: str) -> Usage:
        """Sum up one of the projects."""
        return total(self.projects[project])

    @property
    def whole(self) -> Usage:
        """Sum up all of it."""
        return total(usage for usages in self.projects.values() for usage in usages)

    def dollars(self, usage: Usage) -> float:
        """Say what the hours of a usage cost."""
        return usage.running * self.price

    def always_on(self, usage: Usage) -> float:
        """Say what it would have cost if nothing had ever stopped."""
        return usage.always_on * self.price

    def per_thousand(self, usage: Usage) -> float | None:
        """Say what 1,000 images cost; None where there were none."""
        return self.dollars(usage) / usage.images * 1000 if usage.images else None

    def to_json(self) -> dict[str, Any]:
        """Spell the costs for `--json`."""
        return {
            "UnitHourPrice": self.price,
            "Projects": {
                project: {
                    "Days": {
                        day.isoformat(): self._spelled(usage) for day, usage in zip(self.days, usages, strict=True)
                    },
                    "Total": self._spelled(total(usages)),
                }
                for project, usages in self.projects.items()
            },
            "Total": self._spelled(self.whole),
            "LeftOut": {
                "TrainingDollarsPerHour": TRAINING_HOUR,
                "LabelDetectionDollarsPerMinute": LABEL_DETECTION_MINUTE,
                "ModerationDollarsPer1000Images": MODERATED_IMAGE * 1000,
            },
        }

    def _spelled(self, usage: Usage) -> dict[str, float | int | None]:
        each = self.per_thousand(usage)
        return {
            "RunningUnitHours": round(usage.running, 4),
            "BusyUnitHours": round(usage.busy, 4),
            "IdleUnitHours": round(usage.idle, 4),
            "Images": usage.images,
            "Starts": usage.starts,
            "Dollars": round(self.dollars(usage), 4),
            "DollarsPer1000Images": None if each is None else round(each, 4),
            "AlwaysOnDollars": round(self.always_on(usage), 4),
        }


def total(usages: Iterable[Usage]) -> Usage:
    """Sum up."""
    all_ = list(usages)
    return Usage(
        running=sum(usage.running for usage in all_),
        busy=sum(usage.busy for usage in all_),
        idle=sum(usage.idle for usage in all_),
        images=sum(usage.images for usage in all_),
        starts=sum(usage.starts for usage in all_),
        always_on=sum(usage.always_on for usage in all_),
    )


def find_costs(clients: Clients, deployment: Deployment, project: str | None, days: int, now: float) -> Costs:
    """Read the meter of the last `days`, today included, of one project or of all; `now` is in epoch seconds.

    Raises UnknownProjectError, and DeploymentNotFoundError where no price was deployed.
    """
    names = [deployment.project(project).name] if project else sorted(deployment.projects)
    last = utc_day(now)
    first = last - timedelta(days=days - 1)
    meter, registry = deployment.meter(clients), deployment.registry(clients)
    return Costs(
        price=deployment.unit_hour_price,
        days=[first + timedelta(days=number) for number in range(days)],
        projects={
            name: _usages(
                meter.days(name, first, last),
                registry.registration(name),
                deployment.project(name).min_inference_units,
                now,
            )
            for name in names
        },
    )


def _usages(days: Sequence[DayMeter], registration: Registration, units: int, now: float) -> list[Usage]:
    since = _active_since(days, registration)
    return [
        Usage(
            running=day.running_unit_seconds / _HOUR,
            busy=day.busy_unit_seconds / _HOUR,
            idle=day.idle_unit_seconds / _HOUR,
            images=day.images,
            starts=day.starts,
            always_on=units * _passed(day.day, now) / _HOUR if since and since <= day.day else 0.0,
        )
        for day in days
    ]


def _active_since(days: Sequence[DayMeter], registration: Registration) -> date | None:
    """Return the day from which a version could have run for ever: the first that is known to have had one."""
    if registration.active_version_arn is None:
        return None
    ran = [day.day for day in days if day.running_unit_seconds]
    return min([utc_day(registration.promoted_at / 1000), *ran])


def _passed(day: date, now: float) -> float:
    """Return the seconds of a day that have passed."""
    begun = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    return min(_DAY, max(0.0, now - begun))
