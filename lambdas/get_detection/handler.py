"""get_detection: how far a start job is and what was found, after the manner of GetLabelDetection."""

from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.environment import GetDetection, from_environment
from lambdas.get_detection.get import Getter
from lambdas.queries import Queries
from lambdas.start_jobs import StartJobs

logger: Final = Logger()


@logger.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer a page of a start job; docs/start-get.md has the request and the answer."""
    return _getter().get(event)


@cache
def _getter() -> Getter:
    environment = from_environment(GetDetection)
    dynamodb = client("dynamodb")
    return Getter(
        starts=StartJobs(dynamodb, environment.results_table),
        queries=Queries(dynamodb, environment.results_table),
    )
