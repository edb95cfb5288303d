"""Refuse what comes too fast: for an account and Region, or for a running model's inference units."""

from __future__ import annotations

from local.rekognition.context import Context
from local.rekognition.errors import ServiceError
from local.rekognition.lifecycle import Version
from local.rekognition.state import Caller


def check_rate(context: Context, caller: Caller, operation: str) -> None:
    """Raise ProvisionedThroughputExceededException when the caller asks for the operation too often."""
    rate = context.quotas.rate(operation, caller.region)
    if rate is not None and not context.state.buckets.take((caller, operation), rate):
        raise _too_fast()


def use_capacity(context: Context, version: Version) -> None:
    """Count a detection by a running version.

    Raises ServiceError: ProvisionedThroughputExceededException when its inference units cannot look at so many.
    """
    per_unit = context.quotas.detections_per_unit
    if per_unit is None:
        return
    with context.state.lock:
        units = context.state.meter.asked(version.arn, context.state.now(), per_unit)
    if not context.state.buckets.take(version.arn, units * per_unit):
        raise _too_fast()


def _too_fast() -> ServiceError:
    return ServiceError("ProvisionedThroughputExceededException", "Provisioned Rate exceeded.")
