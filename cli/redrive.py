"""Sends dead letters back to the queue that they came from.

Only what a retry may mend lies in a dead-letter queue: a refused grant, a message that nobody understood, an event that
could not be delivered. A job that FAILED has its result, and is looked at again by `rerun` only.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lambdas.sending import send_all

UNDELIVERED: Final = "undelivered"  # EventBridge or SNS could not put it into the queue
RECEIVED_TOO_OFTEN: Final = "received too often"  # the function did not live to say why

_MOVED_FROM: Final = "DeadLetterQueueSourceArn"  # a system attribute: SQS itself moved the message

_BATCH: Final = 10  # messages that one call takes
# A message that was looked at stays hidden so long, or until the command shows it again at its end.
_HIDDEN_SECONDS: Final = 1800
_WAIT_SECONDS: Final = 2  # a long poll asks all servers of the queue: its empty answer is true


@dataclass(frozen=True)
class DeadLetter:
    """One message of a dead-letter queue."""

    id: str
    receipt: str
    body: str
    sent_at: float  # epoch seconds; where SQS itself moved the message, of its first arrival
    reason: str
    error_code: str | None
    project: str | None  # where the function knew it


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which dead letters to send back: those that match all that is said."""

    reason: str | None = None  # the letter's reason or error code
    since: float | None = None  # epoch seconds
    until: float | None = None
    project: str | None = None  # the letter's own

    def matches(self, letter: DeadLetter) -> bool:
        """Tell whether a letter is wanted."""
        return (
            (self.reason is None or self.reason.lower() in (letter.reason.lower(), (letter.error_code or "").lower()))
            and (self.since is None or letter.sent_at >= self.since)
            and (self.until is None or letter.sent_at < self.until)
            and self.project in (None, letter.project)
        )


@dataclass(frozen=True)
class Redriven:
    """What came of the letters of one dead-letter queue, counted by reason."""

    sent: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)  # they did not match
    failed: dict[str, str] = field(default_factory=dict)  # by message id; they are still there

    def to_json(self) -> dict[str, Any]:
        """Spell it for `--json`."""
        return {"Redriven": dict(self.sent), "Left": dict(self.left), "Failed": self.failed}


def together(parts: Iterable[Redriven]) -> Redriven:
    """Sum up what came of the letters of several queues."""
    whole = Redriven()
    for part in parts:
        whole.sent.update(part.sent)
        whole.left.update(part.left)
        whole.failed.update(part.failed)
    return whole


@dataclass(frozen=True)
class DeadLetterQueue:
    """A dead-letter queue and the queue that its letters came from."""

    sqs: Any
    url: str
    source_url: str
    clock: Callable[[], float] = time.time

    def redrive(self, wanted: Wanted, *, dry_run: bool = False) -> Redriven:
        """Send back what is wanted; look at each letter once, and at none that arrives meanwhile.

        A letter is deleted only after it was sent: an end in between leaves a duplicate, which the job's id makes
        harmless. With `dry_run` nothing is sent.
        """
        done = Redriven()
        hidden: dict[str, DeadLetter] = {}
        began = self.clock()
        try:
            while received := self._receive():
                # Hidden until the end, so that the queue runs empty. A letter that comes again keeps its last receipt.
                fresh = [letter for letter in received if letter.id not in hidden]
                hidden |= {letter.id: letter for letter in received}
                # What arrived after the start may be what was just sent back and failed again: it would never end.
                old = [letter for letter in fresh if letter.sent_at <= began]
                matching = [letter for letter in old if wanted.matches(letter)]
                done.left.update(letter.reason for letter in old if letter not in matching)
                sent = matching if dry_run else self._send_back(matching, done)
                done.sent.update(letter.reason for letter in sent)
                if not dry_run:
                    for letter in sent:
                        del hidden[letter.id]
        finally:
            self._show(list(hidden.values()))
        return done

    def _receive(self) -> list[DeadLetter]:
        answer = self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=_WAIT_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp", _MOVED_FROM],
        )
        return [_dead_letter(message) for message in answer.get("Messages", [])]

    def _send_back(self, letters: Sequence[DeadLetter], done: Redriven) -> list[DeadLetter]:
        """Send and delete letters; return those that were sent, and note why others could not be."""
        failed = send_all(self.sqs, self.source_url, [letter.body for letter in letters])
        done.failed.update({letters[place].id: why for place, why in failed.items()})
        sent = [letter for place, letter in enumerate(letters) if place not in failed]
        if sent:
            entries = [{"Id": str(place), "ReceiptHandle": letter.receipt} for place, letter in enumerate(sent)]
            self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)
        return sent

    def _show(self, letters: Sequence[DeadLetter]) -> None:
        for start in range(0, len(letters), _BATCH):
            entries = [
                {"Id": str(place), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                for place, letter in enumerate(letters[start : start + _BATCH])
            ]
            self.sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)


def _dead_letter(message: dict[str, Any]) -> DeadLetter:
    said = {name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()}
    # EventBridge names its error; SNS says nothing, and SQS's own redrive policy only where the message was.
    unsaid = RECEIVED_TOO_OFTEN if _MOVED_FROM in message["Attributes"] else UNDELIVERED
    return DeadLetter(
        id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        body=message["Body"],
        sent_at=int(message["Attributes"]["SentTimestamp"]) / 1000,
        reason=said.get("Reason", unsaid),
        error_code=said.get("ErrorCode") or said.get("ERROR_CODE"),
        project=said.get("Project"),
    )
