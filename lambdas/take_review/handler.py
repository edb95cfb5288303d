"""take_review: a review by people that has ended, into the result of its image and on the results topic."""

from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import DeploymentSettings, load_settings
from lambdas.environment import TakeReview, from_environment
from lambdas.label_objects import LabelObjects
from lambdas.results import JobOpenError, ResultsTable
from lambdas.take_review.ended import ended_review
from lambdas.take_review.taking import ReviewTaker
from lambdas.telling import Teller

logger: Final = Logger()
metrics: Final = Metrics()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Take one review; answer whether its message goes back to the queue, because its image is not done yet.

    Whatever else is wrong is raised: it counts as an error, which rings, and the queue brings the message back.
    """
    (record,) = event["Records"]
    metrics.set_default_dimensions(Deployment=_settings().name)
    ended = ended_review(record["body"])
    try:
        job = _taker().take(ended)
    except JobOpenError:
        logger.info("the image is not done yet", human_loop=ended.name)
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    if job is None:
        logger.info("the review is of no result of this deployment", human_loop=ended.name)
    else:
        metrics.add_metric("ReviewsTaken", MetricUnit.Count, 1)
        logger.info("taken", human_loop=ended.name, job_id=job.id, status=ended.status)
    return {"batchItemFailures": []}


@cache
def _settings() -> DeploymentSettings:
    return load_settings()


@cache
def _taker() -> ReviewTaker:
    environment = from_environment(TakeReview)
    s3 = client("s3")
    results = ResultsTable(client("dynamodb"), environment.results_table, LabelObjects(s3, environment.results_bucket))
    return ReviewTaker(
        s3=s3,
        results=results,
        teller=Teller(sns=client("sns"), results=results, results_topic_arn=environment.results_topic_arn),
        deployment=_settings().name,
    )
