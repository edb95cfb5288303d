"""SQS queues in memory, with the few operations that are called here."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from tests.unit.aws import Refusal

_MAX_BATCH = 10
_LISTED = 3  # queues of one answer, so that readers must page


class Message:
    """One message and whether it is hidden."""

    def __init__(self, id_: str, body: str, attributes: Mapping[str, str], sent_at: float, moved: bool) -> None:
        self.id = id_
        self.body = body
        self.attributes = dict(attributes)
        self.sent_at = sent_at  # epoch seconds
        self.moved = moved  # by a redrive policy
        self.visible = True


class Queues:
    """Queues by URL. A message that was received stays hidden until it is deleted or made visible."""

    def __init__(self) -> None:
        self.messages: dict[str, list[Message]] = {}
        self.calls: list[str] = []
        self.fail_entries: dict[str, list[bool]] = {}  # by a part of the body: the SenderFault of the next failures
        self.refusals: dict[str, list[Refusal]] = {}  # by operation, the next answers
        self.put_into_too: dict[str, tuple[str, float]] = {}  # what is sent to a queue goes to another too, at a time
        self._ids = itertools.count()

    def add(self, url: str) -> None:
        """Make a queue, where it is not there."""
        self.messages.setdefault(url, [])

    def put(
        self,
        url: str,
        body: str,
        attributes: Mapping[str, str] | None = None,
        sent_at: float = 0.0,
        *,
        moved: bool = False,
    ) -> None:
        """Put a message into a queue; `moved` says that SQS's own redrive policy did."""
        self.add(url)
        self.messages[url].append(Message(f"m{next(self._ids)}", body, attributes or {}, sent_at, moved))

    def bodies(self, url: str) -> list[str]:
        """Return the bodies of a queue, hidden ones too."""
        return [message.body for message in self.messages.get(url, [])]

    def hidden(self, url: str) -> list[str]:
        """Return the bodies that are hidden."""
        return [message.body for message in self.messages.get(url, []) if not message.visible]

    def list_queues(self, QueueNamePrefix: str, MaxResults: int | None = None, NextToken: str = "0") -> dict[str, Any]:
        found = [url for url in self.messages if url.rpartition("/")[2].startswith(QueueNamePrefix)]
        start = int(NextToken)
        answer: dict[str, Any] = {"QueueUrls": found[start : start + _LISTED]} if found else {}
        # SQS tells that there are more only where a number was asked for.
        return answer | ({"NextToken": str(start + _LISTED)} if MaxResults and found[start + _LISTED :] else {})

    def get_queue_url(self, QueueName: str) -> dict[str, Any]:
        return {"QueueUrl": f"https://sqs.test/{QueueName}"}

    def send_message(self, QueueUrl: str, MessageBody: str) -> dict[str, Any]:
        self._called("send_message", "send")
        self.put(QueueUrl, MessageBody)
        return {"MessageId": "m"}

    def change_message_visibility(self, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> dict[str, Any]:
        self._called("change_message_visibility", f"show {ReceiptHandle} in {VisibilityTimeout}")
        return {}

    def send_message_batch(self, QueueUrl: str, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
        self._called("send_message_batch", f"send {len(Entries)}")
        _check_batch(Entries)
        failed = []
        for entry in Entries:
            fault = self._fault(entry["MessageBody"])
            if fault is None:
                self.put(QueueUrl, entry["MessageBody"])
                if QueueUrl in self.put_into_too:
                    other, sent_at = self.put_into_too[QueueUrl]
                    self.put(other, entry["MessageBody"], sent_at=sent_at)
            else:
                failed.append({"Id": entry["Id"], "SenderFault": fault, "Code": "Odd", "Message": "said"})
        sent = [
            {"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "m"}
            for entry in Entries
            if entry["Id"] not in {one["Id"] for one in failed}
        ]
        return {"Successful": sent, "Failed": failed}

    def receive_message(
        self,
        QueueUrl: str,
        MaxNumberOfMessages: int,
        VisibilityTimeout: int,
        WaitTimeSeconds: int,
        MessageAttributeNames: Sequence[str],
        MessageSystemAttributeNames: Sequence[str],
    ) -> dict[str, Any]:
        self._called("receive_message", "receive")
        assert list(MessageAttributeNames) == ["All"]
        assert list(MessageSystemAttributeNames) == ["SentTimestamp", "DeadLetterQueueSourceArn"]
        assert WaitTimeSeconds > 0, "a short poll asks few servers and may find nothing in a queue that holds some"
        found = [message for message in self.messages.get(QueueUrl, []) if message.visible][:MaxNumberOfMessages]
        for message in found:
            message.visible = False
        return {"Messages": [_received(message) for message in found]} if found else {}

    def delete_message_batch(self, QueueUrl: str, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
        self._called("delete_message_batch", f"delete {len(Entries)}")
        _check_batch(Entries)
        gone = {entry["ReceiptHandle"] for entry in Entries}
        self.messages[QueueUrl] = [message for message in self.messages[QueueUrl] if message.id not in gone]
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries], "Failed": []}

    def change_message_visibility_batch(self, QueueUrl: str, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
        self._called("change_message_visibility_batch", f"show {len(Entries)}")
        _check_batch(Entries)
        shown = {entry["ReceiptHandle"] for entry in Entries if entry["VisibilityTimeout"] == 0}
        for message in self.messages[QueueUrl]:
            message.visible = message.visible or message.id in shown
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries], "Failed": []}

    def _called(self, operation: str, says: str) -> None:
        self.calls.append(says)
        if self.refusals.get(operation):
            raise self.refusals[operation].pop(0)

    def _fault(self, body: str) -> bool | None:
        for part, faults in self.fail_entries.items():
            if part in body and faults:
                return faults.pop(0)
        return None


def _check_batch(entries: Sequence[dict[str, Any]]) -> None:
    assert 1 <= len(entries) <= _MAX_BATCH, "a batch has 1 to 10 entries"
    assert len({entry["Id"] for entry in entries}) == len(entries), "ids of a batch differ"


def _received(message: Message) -> dict[str, Any]:
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()}
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.id,
        "Body": message.body,
        "Attributes": {
            "SentTimestamp": str(int(message.sent_at * 1000)),
            **({"DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:123456789012:source"} if message.moved else {}),
        },
        **({"MessageAttributes": attributes} if attributes else {}),
    }
