"""Counts a batch: metrics for people and alarms, one log line an image."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from lambdas.errors import ErrorCode
from lambdas.jobs import Job, JobStatus
from lambdas.names import METRICS_NAMESPACE
from lambdas.settling import Ending

logger: Final = Logger()
metrics: Final = Metrics()


def count(endings: Sequence[Ending], back: Sequence[Ending], *, deployment: str, throttles: int, now: float) -> None:
    """Count what a batch has ended with; `throttles` is the number of refused calls, `now` in epoch seconds."""
    for ending in endings:
        # A duplicate finds a job that was told of before: its image has been counted.
        if ending.job and ending.job.unnotified:
            _count_image(ending.job)
            metrics.add_metric("ImageAge", MetricUnit.Milliseconds, (now - ending.message.sent_at) * 1000)
    failures = Counter(
        str(ending.job.outcome["ErrorCode"])
        for ending in endings
        if ending.job and ending.job.unnotified and ending.job.status is JobStatus.FAILED
    )
    for reason, number in failures.items():
        with single_metric("ImagesFailed", MetricUnit.Count, number, namespace=METRICS_NAMESPACE) as metric:
            metric.add_dimension("Deployment", deployment)
            metric.add_dimension("ErrorCode", reason)
    if failures[ErrorCode.CRASHED]:
        # An alarm needs one dimension that it can know.
        metrics.add_metric("ImagesCrashed", MetricUnit.Count, failures[ErrorCode.CRASHED])
    folders = sum(ending.job is None and ending.error is None for ending in endings)
    for name, number in {"FoldersSkipped": folders, "ImagesPutOff": len(back), "CallsThrottled": throttles}.items():
        if number:
            metrics.add_metric(name, MetricUnit.Count, number)


def _count_image(job: Job) -> None:
    if job.status is JobStatus.SUCCEEDED:
        metrics.add_metric("ImagesDetected", MetricUnit.Count, 1)
        metrics.add_metric("DetectLatency", MetricUnit.Milliseconds, job.outcome["DetectMillis"])
        logger.info("detected", job_id=job.id, project=job.project)
    else:
        logger.warning("failed", job_id=job.id, project=job.project, error_code=job.outcome["ErrorCode"])
