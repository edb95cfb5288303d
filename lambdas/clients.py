"""One boto3 client a service and process, made on first use."""

from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config

# Detection answers in a second or two: a call that takes longer is dead, and the queue brings the image back.
PATIENCE: Final = Config(
    connect_timeout=3,
    read_timeout=15,
    retries={"mode": "standard", "total_max_attempts": 3},
)


@cache
def client(service: str) -> Any:
    """Return the process's client of an AWS service."""
    return boto3.client(service, config=PATIENCE)
