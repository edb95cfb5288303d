"""collect_video: what Rekognition found in a video to its timeline, the results table and the results topic."""

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
from lambdas.leases import holder, lease_seconds
from lambdas.one_message import end_message
from lambdas.queries import Queries
from lambdas.wiring import queues_of, teller_from
from lambdas.work_messages import Message

VERB_NOUN: Final = "collect_video"
_RESERVE_MILLIS: Final = 45_000  # for one page more, and to put what was read into S3

logger: Final = Logger()
metrics: Final = Metrics()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Collect the job that a message tells of; answer whether the message goes back to the queue."""
    collector = _collector()
    metrics.set_default_dimensions(Deployment=collector.settings.name)
    job, answer = end_message(queues_of(VERB_NOUN), event, lambda message: _collect(collector, message, context))
    if job:
        _count(job)
    return answer


def _collect(collector: Collector, message: Message, context: LambdaContext) -> Job:
    delivery = Delivery(
        completion=completion_of(message.body),
        sent_at=message.sent_at,
        holder=holder(context, message),
        lease_seconds=lease_seconds(context),
        has_time=lambda: context.get_remaining_time_in_millis() > _RESERVE_MILLIS,
    )
    return collect(collector, delivery)


def _count(job: Job) -> None:
    logger.info("video", job_id=job.id, project=job.project, status=job.status.value)
    # A duplicate finds a job that was told of before: it has been counted.
    if job.unnotified and job.status is not JobStatus.IN_PROGRESS:
        name = "VideosDetected" if job.status is JobStatus.SUCCEEDED else "VideosFailed"
        metrics.add_metric(name, MetricUnit.Count, 1)


@cache
def _collector() -> Collector:
    environment = from_environment(CollectVideo)
    teller = teller_from(environment)
    return Collector(
        rekognition=client("rekognition"),
        results=teller.results,
        queries=Queries(client("dynamodb"), environment.results_table),
        teller=teller,
        shelf=Shelf(client("s3"), environment.results_bucket),
        settings=load_settings(),
    )
