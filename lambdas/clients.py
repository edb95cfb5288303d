"""One boto3 client a service and process, made on first use."""

from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config

from lambdas.delivery import BATCH

_PATIENCE: Final = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=BATCH,  # a thread for each image
)
# For a caller that counts each throttle and waits by itself.
_ONCE: Final = Config(retries={"mode": "standard", "total_max_attempts": 1})


@cache
def client(service: str, *, once: bool = False) -> Any:
    """Return the process's client of an AWS service; with `once`, one that sends no call again by itself.

    Detection answers in a second or two: a call that takes longer is dead, and the queue brings the image back.
    """
    return boto3.client(service, config=_PATIENCE.merge(_ONCE) if once else _PATIENCE)
