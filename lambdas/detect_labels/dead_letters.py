"""Sends a message that no retry can mend to its dead-letter queue, with the reason."""

from typing import Any, Final

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from lambdas.names import dead_letter_queue_of

_VERB_NOUN: Final = "detect_labels"
_MAX_DETAIL: Final = 1024  # characters of an error's text


def bury(sqs: Any, record: SQSRecord, reason: str, error: Exception) -> None:
    """Put a copy of the message, with reason and detail as attributes, into the dead-letter queue.

    SQS's own redrive policy says no reason, which is why the function does it. Raises boto3's error where that
    fails: then the message goes back to its queue.
    """
    source = record.event_source_arn.rpartition(":")[2]
    target = sqs.get_queue_url(QueueName=dead_letter_queue_of(source, _VERB_NOUN))["QueueUrl"]
    attributes = {"Reason": reason, "Detail": str(error)[:_MAX_DETAIL], "SourceQueue": source}
    sqs.send_message(
        QueueUrl=target,
        MessageBody=record.body,
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )
