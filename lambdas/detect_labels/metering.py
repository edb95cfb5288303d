"""Meters a batch: what the governor knows of a model's work is what is counted here."""

from collections.abc import Sequence
from typing import Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.jobs import JobStatus
from lambdas.meter import Meter
from lambdas.settling import Ending

logger: Final = Logger()
metrics: Final = Metrics()


def meter_batch(meter: Meter, endings: Sequence[Ending], *, project: str, throttles: int, now: float) -> None:
    """Add a batch that the project's model answered for to its meter; `now` is in epoch seconds.

    The images have their results already: where the meter takes nothing, that is logged and counted, and no more.
    """
    # As in counting.py, a duplicate finds a job that was told of before: its detection has been metered.
    images = sum(
        ending.job is not None and ending.job.unnotified and ending.job.status is JobStatus.SUCCEEDED
        for ending in endings
    )
    if not images:
        return
    try:
        meter.add_batch(project, now, images, throttles)
    except (ClientError, BotoCoreError):
        logger.exception("the batch is not on the meter", project=project, images=images)
        metrics.add_metric("MeterFailed", MetricUnit.Count, 1)
