"""What the function does with messages beside answering: puts off, or sends to the dead-letter queue."""

from typing import Any, Final

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from lambdas.names import dead_letter_queue_of

ASLEEP_SECONDS: Final = 900  # before an image whose model did not run comes back; a start takes 10 to 20 minutes

_VERB_NOUN: Final = "detect_labels"
_MAX_DETAIL: Final = 1024  # characters of an error's text


def let_sleep(sqs: Any, record: SQSRecord) -> None:
    """Put a message off, so that a model that does not run costs few receives."""
    sqs.change_message_visibility(
        QueueUrl=_url(sqs, _queue_of(record)), ReceiptHandle=record.receipt_handle, VisibilityTimeout=ASLEEP_SECONDS
    )


def bury(sqs: Any, record: SQSRecord, reason: str, error: Exception) -> None:
    """Put a copy of the message, with reason and detail as attributes, into the dead-letter queue.

    SQS's own redrive policy says no reason, which is why the function does it. Raises boto3's error where that
    fails: then the message goes back to its queue.
    """
    source = _queue_of(record)
    attributes = {"Reason": reason, "Detail": str(error)[:_MAX_DETAIL], "SourceQueue": source}
    sqs.send_message(
        QueueUrl=_url(sqs, dead_letter_queue_of(source, _VERB_NOUN)),
        MessageBody=record.body,
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )


def _queue_of(record: SQSRecord) -> str:
    return record.event_source_arn.rpartition(":")[2]


def _url(sqs: Any, queue: str) -> str:
    return str(sqs.get_queue_url(QueueName=queue)["QueueUrl"])
