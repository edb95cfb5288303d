"""merge_video: the frames of a video are all done; their results become one timeline, result and notification."""

import json
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import MergeVideo, from_environment
from lambdas.events import MalformedEventError
from lambdas.frames import FrameStore
from lambdas.jobs import Job
from lambdas.leases import holder, lease_seconds
from lambdas.merge_video.merging import Merger, merge
from lambdas.one_message import end_message
from lambdas.queries import Queries
from lambdas.wiring import queues_of, teller_from
from lambdas.work_messages import Message

VERB_NOUN: Final = "merge_video"

logger: Final = Logger()
metrics: Final = Metrics()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Merge one video; answer whether its message goes back to the queue."""
    metrics.set_default_dimensions(Deployment=load_settings().name)
    job, answer = end_message(queues_of(VERB_NOUN), event, lambda message: _merge(message, context))
    if job:
        _count(job)
    return answer


def _merge(message: Message, context: LambdaContext) -> Job | None:
    try:
        start_id = str(json.loads(message.body)["JobId"])
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedEventError(f"the message is not the end of a start job: {error!r}") from error
    return merge(_merger(), start_id, holder=holder(context, message), lease_seconds=lease_seconds(context))


def _count(job: Job) -> None:
    logger.info("video", job_id=job.id, project=job.project, status=job.status.value)
    # A duplicate finds a job that was told of before: it has been counted.
    if job.unnotified:
        metrics.add_metric("VideosMerged", MetricUnit.Count, 1)


@cache
def _merger() -> Merger:
    environment = from_environment(MergeVideo)
    s3, teller = client("s3"), teller_from(environment)
    return Merger(
        s3=s3,
        bucket=environment.results_bucket,
        results=teller.results,
        queries=Queries(client("dynamodb"), environment.results_table),
        frames=FrameStore(s3, environment.results_bucket),
        teller=teller,
        projects=load_settings().projects,
    )
