"""Prices of Rekognition in us-east-1, US dollars. Second-hand: check them before you rely on one."""

from typing import Final

# AWS's page of Rekognition prices as third parties told it, last on 2026-09-10; an AWS sample of 2024 says the same.
TRAINING_HOUR: Final = 1.00
# As price overviews of third parties have them.
LABEL_DETECTION_MINUTE: Final = 0.10  # of a stored video
MODERATED_IMAGE: Final = 0.001


def training_dollars(billable_seconds: int) -> float:
    """Return what a training cost, to the cent."""
    return round(billable_seconds / 3600 * TRAINING_HOUR, 2)
