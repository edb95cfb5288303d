"""What Custom Labels costs in us-east-1. AWS changes prices, and other Regions have others: see its price list."""

from typing import Final

TRAINING_DOLLARS_AN_HOUR: Final = 1.0


def training_dollars(billable_seconds: int) -> float:
    """Return what a training cost, to the cent."""
    return round(billable_seconds / 3600 * TRAINING_DOLLARS_AN_HOUR, 2)
