"""collect_video: what Rekognition found in a video to its timeline, the results table and the results topic."""

import time
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.collect_video.collecting import Collector, Delivery, collect
from lambdas.collect_video.completions import completion_of
from lambdas.collect_video.progress import Shelf
from lambdas.deployment_settings import load_settings
from lambdas.environment import CollectVideo, from_environment
from lambdas.jobs import Job, JobStatus
from lambdas.label_objects import LabelObjects
from lambdas.queries import Queries
from lambdas.results import ResultsTable
from lambdas.settling import Ending, settle
from lambdas.telling import Teller
from lambdas.work_messages import Message, Queues, message_of

VERB_NOUN: Final = "collect_video"
_LEASE_SPARE_SECONDS: Final = 5.0  # seconds that Lambda may take to end an invocation that is out of time
_RESERVE_MILLIS: Final = 45_000  # for one page more, and to put what was read into S3

logger: Final = Logger()
metrics: Final = Metrics()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Collect the job that a message tells of; answer whether the message goes back to the queue."""
    collector = _collector()
    metrics.set_default_dimensions(Deployment=collector.settings.name)
    endings = [_ending(collector, message_of(record), context) for record in event["Records"]]
    back = settle(_queues(), endings, project="", now=time.time())
    for ending in endings:
        if ending.job:
            _count(ending.job)
    return {"batchItemFailures": [{"itemIdentifier": ending.message.id} for ending in back]}


def _ending(collector: Collector, message: Message, context: LambdaContext) -> Ending:
    try:
        delivery = Delivery(
            completion=completion_of(message.body),
            sent_at=message.sent_at,
            holder=f"{context.aws_request_id}/{message.id}",
            lease_seconds=context.get_remaining_time_in_millis() / 1000 + _LEASE_SPARE_SECONDS,
            has_time=lambda: context.get_remaining_time_in_millis() > _RESERVE_MILLIS,
        )
        return Ending(message, collect(collector, delivery), None)
    except Exception as error:  # noqa: BLE001 - settle decides what each means
        return Ending(message, None, error)


def _count(job: Job) -> None:
    logger.info("video", job_id=job.id, project=job.project, status=job.status.value)
    # A duplicate finds a job that was told of before: it has been counted.
    if job.unnotified and job.status is not JobStatus.IN_PROGRESS:
        name = "VideosDetected" if job.status is JobStatus.SUCCEEDED else "VideosFailed"
        metrics.add_metric(name, MetricUnit.Count, 1)


@cache
def _queues() -> Queues:
    return Queues(client("sqs"), VERB_NOUN)


@cache
def _collector() -> Collector:
    environment = from_environment(CollectVideo)
    dynamodb, s3, table = client("dynamodb"), client("s3"), environment.results_table
    results = ResultsTable(dynamodb, table, LabelObjects(s3, environment.results_bucket))
    return Collector(
        rekognition=client("rekognition"),
        results=results,
        queries=Queries(dynamodb, table),
        teller=Teller(sns=client("sns"), results=results, results_topic_arn=environment.results_topic_arn),
        shelf=Shelf(s3, environment.results_bucket),
        settings=load_settings(),
    )
