"""Prices of Custom Labels in us-east-1, US dollars. Second-hand: check them before you rely on one."""

from typing import Final

# AWS's page of Rekognition prices as third parties told it, last on 2026-09-10; an AWS sample of 2024 says the same.
TRAINING_HOUR: Final = 1.00
