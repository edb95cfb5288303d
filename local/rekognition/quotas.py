"""Limit what an account may have and how often it may ask; every limit can be switched off.

The numbers are the service's defaults (General Reference, "Rekognition endpoints and quotas"). None is no limit.
Every quota of things answers LimitExceededException: the model also declares ServiceQuotaExceededException for some
operations and does not say which of them a quota raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from local.rekognition.errors import ServiceError
from local.rekognition.validation import knows

_MANY: Final = frozenset({"us-east-1", "us-west-2", "eu-west-1"})  # Regions with the larger rates of other detections
_TAGGING: Final = frozenset({"TagResource", "UntagResource", "ListTagsForResource"})
_SYDNEY: Final = "ap-southeast-2"
_OFF: Final = "off"


class UnknownQuotaError(ValueError):
    """A text names no quota, or no value of one."""


@dataclass(frozen=True)
class Quotas:
    """The limits of one account in one Region.

    `tps` switches the service's own requests per second on; `tps_of` sets single operations, on or off.
    `detections_per_unit` is what one inference unit can look at in a second. AWS publishes no such number: measure.
    """

    projects: int | None = 100
    models_per_project: int | None = 100
    concurrent_trainings: int | None = 2
    running_models: int | None = 2
    inference_units: int | None = 5
    tags: int | None = 200  # of one thing; the model's bound of a TagMap
    policies_per_project: int | None = None  # no number is published
    detections_per_unit: float | None = None
    tps: bool = False
    tps_of: Mapping[str, float] = field(default_factory=dict)

    def rate(self, operation: str, region: str) -> float | None:
        """Return how many requests of the operation a second may bring."""
        return self.tps_of.get(operation, service_tps(operation, region) if self.tps else None)

    def trainings(self, region: str) -> int | None:
        """Return how many trainings may run at once: one of the service's two in Sydney."""
        default = self.concurrent_trainings == SERVICE_QUOTAS.concurrent_trainings
        return 1 if default and region == _SYDNEY else self.concurrent_trainings


SERVICE_QUOTAS: Final = Quotas()
NO_QUOTAS: Final = Quotas(
    projects=None,
    models_per_project=None,
    concurrent_trainings=None,
    running_models=None,
    inference_units=None,
    tags=None,
)


def service_tps(operation: str, region: str) -> float:
    """Return the service's default requests per second."""
    if operation in _TAGGING:
        return 10
    if operation == "DetectCustomLabels":
        return 50
    if operation in ("DetectLabels", "DetectModerationLabels"):
        return 50 if region in _MANY else 5
    if operation == "GetLabelDetection":
        return 20 if region in _MANY else 5
    return 5


def check_quota(quota: int | None, used: float, what: str) -> None:
    """Raise LimitExceededException when `used`, with what is asked for, is over the quota."""
    if quota is not None and used > quota:
        raise ServiceError("LimitExceededException", f"The account's quota of {quota} {what} is exceeded.")


def quotas_from(text: str) -> Quotas:
    """Read quotas: `service` or `off`, and changes to either, as in `service,running_models=off,tps=on`.

    A name is a field of Quotas, or an operation: `DetectCustomLabels=10` is its requests per second.
    Raises UnknownQuotaError.
    """
    quotas = SERVICE_QUOTAS
    for word in text.replace(" ", "").split(","):
        name, _, value = word.partition("=")
        if word in ("service", _OFF):
            quotas = SERVICE_QUOTAS if word == "service" else NO_QUOTAS
        elif name == "tps" and value in ("on", _OFF):
            quotas = replace(quotas, tps=value == "on")
        elif name in _NUMBERS:
            whole = name != "detections_per_unit"
            change: dict[str, Any] = {name: None if value == _OFF else _number(word, value, whole)}
            quotas = replace(quotas, **change)
        elif knows(name):
            quotas = replace(quotas, tps_of={**quotas.tps_of, name: _number(word, value, whole=False)})
        else:
            known = ", ".join(sorted(_NUMBERS))
            raise UnknownQuotaError(
                f"{word!r} is no quota: say service, off, tps=on, or NAME=NUMBER of an operation or {known}"
            )
    return quotas


_NUMBERS: Final = frozenset(each.name for each in fields(Quotas)) - {"tps", "tps_of"}


def _number(word: str, value: str, whole: bool) -> float:
    try:
        number = int(value) if whole else float(value)
    except ValueError:
        number = -1
    if not 0 <= number < float("inf"):
        raise UnknownQuotaError(f"{word!r}: give a number from 0 up, or off")
    return number
