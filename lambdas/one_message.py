"""What a function does that gets one message at a time."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from lambdas.jobs import Job
from lambdas.settling import attempt, settle
from lambdas.work_messages import Message, Queues, message_of, sent_back


def end_message(
    queues: Queues, event: Mapping[str, Any], work: Callable[[Message], Job | None]
) -> tuple[Job | None, dict[str, Any]]:
    """Do the work of Lambda's SQS event; return its job, and what to answer: whether the message goes back."""
    (record,) = event["Records"]
    ending = attempt(message_of(record), work)
    back = settle(queues, [ending], now=time.time())
    return ending.job, sent_back(*(each.message.id for each in back))
