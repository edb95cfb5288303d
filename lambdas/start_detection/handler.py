"""start_detection: images that are in S3 already, after the manner of StartLabelDetection."""

from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import StartDetection, from_environment
from lambdas.listings import Listings
from lambdas.start_detection.start import Starter
from lambdas.start_jobs import StartJobs

logger: Final = Logger()


@logger.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001 - Lambda's signature
    """Answer {"JobId": ...}; docs/start-get.md has the request and the errors."""
    start_id = _starter().start(event)
    logger.info("started", job_id=start_id)
    return {"JobId": start_id}


@cache
def _starter() -> Starter:
    environment = from_environment(StartDetection)
    dynamodb = client("dynamodb")
    return Starter(
        s3=client("s3"),
        sqs=client("sqs"),
        settings=load_settings(),
        images_bucket=environment.images_bucket,
        queue_url=environment.queue_url,
        starts=StartJobs(dynamodb, environment.results_table),
        listings=Listings(dynamodb, environment.results_table),
    )
