"""merge_video: the frames of a video are all done; their results become one timeline, result and notification."""

import json
import time
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import DeploymentSettings, load_settings
from lambdas.environment import MergeVideo, from_environment
from lambdas.events import MalformedEventError
from lambdas.frames import FrameStore
from lambdas.jobs import Job
from lambdas.label_objects import LabelObjects
from lambdas.merge_video.merging import Merger, merge
from lambdas.queries import Queries
from lambdas.results import ResultsTable
from lambdas.settling import Ending, settle
from lambdas.telling import Teller
from lambdas.work_messages import Message, Queues, message_of

VERB_NOUN: Final = "merge_video"

_LEASE_SPARE_SECONDS: Final = 5.0  # seconds that Lambda may take to end an invocation that is out of time

logger: Final = Logger()
metrics: Final = Metrics()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Merge one video; answer whether its message goes back to the queue."""
    (record,) = event["Records"]
    metrics.set_default_dimensions(Deployment=_settings().name)
    ending = _ending(message_of(record), context)
    if ending.job is not None:
        metrics.add_metric("VideosMerged", MetricUnit.Count, 1)
        logger.info("video", job_id=ending.job.id, project=ending.job.project, status=ending.job.status.value)
    project = ending.job.project if ending.job else ""
    back = settle(_queues(), [ending], project=project, now=time.time())
    return {"batchItemFailures": [{"itemIdentifier": each.message.id} for each in back]}


def _ending(message: Message, context: LambdaContext) -> Ending:
    try:
        return Ending(message, _merge(message, context), None)
    except Exception as error:  # noqa: BLE001 - settle decides what each means
        return Ending(message, None, error)


def _merge(message: Message, context: LambdaContext) -> Job | None:
    try:
        start_id = str(json.loads(message.body)["JobId"])
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedEventError(f"the message is not the end of a start job: {error!r}") from error
    left = context.get_remaining_time_in_millis() / 1000
    holder = f"{context.aws_request_id}/{message.id}"
    return merge(_merger(), start_id, holder=holder, lease_seconds=left + _LEASE_SPARE_SECONDS)


@cache
def _settings() -> DeploymentSettings:
    return load_settings()


@cache
def _queues() -> Queues:
    return Queues(client("sqs"), VERB_NOUN)


@cache
def _merger() -> Merger:
    environment = from_environment(MergeVideo)
    dynamodb, s3 = client("dynamodb"), client("s3")
    results = ResultsTable(dynamodb, environment.results_table, LabelObjects(s3, environment.results_bucket))
    return Merger(
        s3=s3,
        bucket=environment.results_bucket,
        results=results,
        queries=Queries(dynamodb, environment.results_table),
        frames=FrameStore(s3, environment.results_bucket),
        teller=Teller(sns=client("sns"), results=results, results_topic_arn=environment.results_topic_arn),
        projects=_settings().projects,
    )
