"""Messages of work queues, and what is done with them beside answering: put off, or sent to the dead-letter queue."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from lambdas.delivery import KEPT_SECONDS
from lambdas.errors import ASLEEP_SECONDS
from lambdas.names import dead_letter_queue_of

PATIENT_RECEIVES: Final = 10  # after which a message that was put off waits for so long, whatever the cause
LAST_CHANCE_SECONDS: Final = KEPT_SECONDS - 3600  # of age: what is put off now may be gone before it comes back

_FIRST_SPREAD: Final = 4.0  # seconds, doubled at each receive: what was put off together does not come back together
_WIDEST_SPREAD: Final = ASLEEP_SECONDS / 2
_MAX_DETAIL: Final = 1024  # characters of an error's text


class Reason(StrEnum):
    """Why a message is a dead letter."""

    MALFORMED_EVENT = "MALFORMED_EVENT"  # neither an S3 event nor a request of ours
    CALL_REFUSED = "CALL_REFUSED"  # AWS refused a call of ours, not the image: a grant or a key is missing
    UNEXPECTED_ERROR = "UNEXPECTED_ERROR"  # a fault in the code, at each of several deliveries


@dataclass(frozen=True)
class Message:
    """A message of a work queue, as Lambda hands it over."""

    id: str
    receipt_handle: str
    body: str
    queue: str  # its name
    receives: int  # this one counted
    sent_at: float  # epoch seconds

    def is_last(self, now: float) -> bool:
        """Tell whether it would be gone before it comes back; `now` is in epoch seconds."""
        return now - self.sent_at > LAST_CHANCE_SECONDS


def message_of(record: Mapping[str, Any]) -> Message:
    """Read a record of Lambda's SQS event.

    Powertools' data classes are not used: their import takes as long as all of this function's own.
    """
    return Message(
        id=record["messageId"],
        receipt_handle=record["receiptHandle"],
        body=record["body"],
        queue=record["eventSourceARN"].rpartition(":")[2],
        receives=int(record["attributes"]["ApproximateReceiveCount"]),
        sent_at=int(record["attributes"]["SentTimestamp"]) / 1000,
    )


def sent_back(*ids: str) -> dict[str, Any]:
    """Spell what a function answers Lambda with: the ids of messages that go back to their queue."""
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in ids]}


def wait_seconds(
    message: Message, least: float = 0.0, uniform: Callable[[float, float], float] = random.uniform
) -> int:
    """Return for how long a message is put off: full jitter after `least` seconds, wider each time.

    Where `least` tells when it can end, the jitter stays narrow. One that comes back often waits at least as long as
    one whose model sleeps: so seldom that SQS, which counts receives, keeps it out of the dead-letter queue for as long
    as its queue keeps it.
    """
    receives = min(message.receives, PATIENT_RECEIVES) if not least else 1
    if message.receives > PATIENT_RECEIVES:
        least = max(least, ASLEEP_SECONDS)
    return math.ceil(least + uniform(0, min(_FIRST_SPREAD * 2**receives, _WIDEST_SPREAD)))


@dataclass
class Queues:
    """The queues of a function, through a boto3 SQS client; their URLs are remembered."""

    sqs: Any
    verb_noun: str  # of the function, which is part of its queues' names
    _urls: dict[str, str] = field(default_factory=dict)

    def put_off(self, waits: Sequence[tuple[Message, int]]) -> None:
        """Hide messages of one queue for so many seconds each.

        What SQS does not take comes back when its visibility timeout ends, which is later, and loses nothing.
        """
        entries = [
            {"Id": str(number), "ReceiptHandle": message.receipt_handle, "VisibilityTimeout": seconds}
            for number, (message, seconds) in enumerate(waits)
        ]
        if entries:
            self.sqs.change_message_visibility_batch(QueueUrl=self._url(waits[0][0].queue), Entries=entries)

    def bury(self, message: Message, reason: Reason, code: str, project: str, detail: str) -> None:
        """Put a copy of the message, with what is known of its death as attributes, into the dead-letter queue.

        SQS's own redrive policy says no reason, which is why the function does it. Raises boto3's error where that
        fails: then the message goes back to its queue.
        """
        attributes = {
            "Reason": reason.value,
            "ErrorCode": code,
            "Project": project,
            "Detail": detail[:_MAX_DETAIL],
            "SourceQueue": message.queue,
        }
        self.sqs.send_message(
            QueueUrl=self._url(dead_letter_queue_of(message.queue, self.verb_noun)),
            MessageBody=message.body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
            },
        )

    def depth(self, queue: str) -> int:
        """Return about how many messages a queue holds, those counted that are put off or being worked on."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self._url(queue), AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def _url(self, queue: str) -> str:
        if queue not in self._urls:
            self._urls[queue] = str(self.sqs.get_queue_url(QueueName=queue)["QueueUrl"])
        return self._urls[queue]
