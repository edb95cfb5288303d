"""Sends many messages to a queue: ten in a call, several calls at once, single failures again."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

MAX_ENTRIES: Final = 10  # that one SendMessageBatch takes
MAX_BYTES: Final = 262_144  # of the bodies of one SendMessageBatch together
IN_FLIGHT: Final = 8  # calls at once: fewer than the connections that a boto3 client keeps

_ATTEMPTS: Final = 5
_FIRST_PAUSE: Final = 0.1  # seconds; doubled before each attempt but the first


def send_all(
    sqs: Any, queue_url: str, bodies: Sequence[str], *, pause: Callable[[float], None] = time.sleep
) -> dict[int, str]:
    """Send messages to a queue; return, by their place in `bodies`, why some could not be sent.

    An entry that SQS fails for its own reasons is sent up to five times, with full jitter. A refusal of a whole call
    is raised, once the calls in flight have ended.
    """
    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        answers = threads.map(lambda batch: _send(sqs, queue_url, batch, pause), list(batches(bodies)))
        return {place: reason for failed in answers for place, reason in failed.items()}


def batches(bodies: Sequence[str]) -> Iterator[dict[int, str]]:
    """Divide messages into calls, each message by its place."""
    batch: dict[int, str] = {}
    size = 0
    for place, body in enumerate(bodies):
        length = len(body.encode())
        if batch and (len(batch) == MAX_ENTRIES or size + length > MAX_BYTES):
            yield batch
            batch, size = {}, 0
        batch[place] = body
        size += length
    if batch:
        yield batch


def _send(sqs: Any, queue_url: str, batch: Mapping[int, str], pause: Callable[[float], None]) -> dict[int, str]:
    hopeless: dict[int, str] = {}
    passing: dict[int, str] = {}
    for attempt in range(_ATTEMPTS):
        if attempt:
            pause(_FIRST_PAUSE * 2**attempt * random.random())
        entries = [{"Id": str(place), "MessageBody": batch[place]} for place in passing or batch]
        failed = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries).get("Failed", [])
        reasons = {int(entry["Id"]): f"{entry['Code']}: {entry.get('Message', '')}" for entry in failed}
        faults = {int(entry["Id"]) for entry in failed if entry["SenderFault"]}
        hopeless |= {place: reasons[place] for place in faults}
        passing = {place: reason for place, reason in reasons.items() if place not in faults}
        if not passing:
            break
    return hopeless | passing
