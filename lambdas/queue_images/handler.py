"""queue_images: the images of a start job, from S3's listing into their project's queue.

What does not fit into one invocation goes on in the next: the message is given back and shown again at once, not sent
anew. So one message is one start job, SQS counts how often it came, and an end is certain.
"""

import json
import time
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import QueueImages, from_environment
from lambdas.errors import Meaning, meaning
from lambdas.listings import Listings
from lambdas.queue_images.queueing import ListedElsewhereError, PageUnsentError, Queuer
from lambdas.start_jobs import StartJobs
from lambdas.telling import tell_start
from lambdas.work_messages import sent_back

_RETRIED: Final = (Meaning.TRANSIENT, Meaning.THROTTLED)

logger: Final = Logger()


@logger.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Queue the images of one start job; give its message back where there is more to do."""
    (record,) = event["Records"]
    start_id = json.loads(record["body"])["JobId"]
    queuer = _queuer()
    try:
        done = queuer.queue(start_id, lambda: context.get_remaining_time_in_millis() / 1000)
    except (PageUnsentError, ListedElsewhereError) as error:
        logger.warning("the listing goes on later", job_id=start_id, reason=str(error))
        return sent_back(record["messageId"])
    except (ClientError, BotoCoreError) as error:
        if meaning(error) in _RETRIED:
            logger.warning("the listing goes on later", job_id=start_id, reason=str(error))
            return sent_back(record["messageId"])
        logger.exception("the images cannot be listed or queued", job_id=start_id)
        queuer.starts.fail(start_id, f"Not all images could be listed and queued: {error}", time.time())
    else:
        if not done:
            _show_again(record)
            return sent_back(record["messageId"])
    tell_start(client("sns"), queuer.starts, start_id, time.time())
    return sent_back()


def _show_again(record: dict[str, Any]) -> None:
    """Let the message come back at once, and not when its visibility timeout ends."""
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName=record["eventSourceARN"].rpartition(":")[2])["QueueUrl"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0)


@cache
def _queuer() -> Queuer:
    environment = from_environment(QueueImages)
    dynamodb = client("dynamodb")
    return Queuer(
        s3=client("s3"),
        sqs=client("sqs"),
        deployment=load_settings().name,
        starts=StartJobs(dynamodb, environment.results_table),
        listings=Listings(dynamodb, environment.results_table),
    )
