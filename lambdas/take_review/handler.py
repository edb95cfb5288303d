"""take_review: a review by people that has ended, into the result of its image and on the results topic."""

from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import TakeReview, from_environment
from lambdas.results import JobOpenError
from lambdas.take_review.ended import ended_review
from lambdas.take_review.taking import ReviewTaker
from lambdas.wiring import teller_from
from lambdas.work_messages import sent_back

logger: Final = Logger()
metrics: Final = Metrics()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Take one review; answer whether its message goes back to the queue, because its image is not done yet.

    Whatever else is wrong is raised: it counts as an error, which rings, and the queue brings the message back.
    """
    (record,) = event["Records"]
    metrics.set_default_dimensions(Deployment=load_settings().name)
    ended = ended_review(record["body"])
    try:
        job = _taker().take(ended)
    except JobOpenError:
        logger.info("the image is not done yet", human_loop=ended.name)
        return sent_back(record["messageId"])
    if job is None:
        logger.info("the review is of no result of this deployment", human_loop=ended.name)
    else:
        metrics.add_metric("ReviewsTaken", MetricUnit.Count, 1)
        logger.info("taken", human_loop=ended.name, job_id=job.id, status=ended.status)
    return sent_back()


@cache
def _taker() -> ReviewTaker:
    teller = teller_from(from_environment(TakeReview))
    return ReviewTaker(s3=client("s3"), results=teller.results, teller=teller, deployment=load_settings().name)
