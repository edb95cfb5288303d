"""sweep_videos: every quarter of an hour, ask about the jobs on videos whose completion never came."""

from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import SweepVideos, from_environment
from lambdas.queries import Queries
from lambdas.sweep_videos.overdue import Overdue

logger: Final = Logger()
metrics: Final = Metrics()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Ask about the overdue jobs of all projects; answer how many they are."""
    settings = load_settings()
    metrics.set_default_dimensions(Deployment=settings.name)
    environment = from_environment(SweepVideos)
    overdue = Overdue(
        queries=Queries(client("dynamodb"), environment.results_table),
        sqs=client("sqs"),
        queue_url=environment.queue_url,
    )
    # Those too that have no videos any more: jobs may be open from before.
    asked = sum(map(overdue.ask, settings.projects))
    metrics.add_metric("VideosOverdue", MetricUnit.Count, asked)
    return {"Asked": asked}
