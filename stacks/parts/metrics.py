"""Metrics that the functions count themselves, as CloudWatch knows them."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from lambdas.names import METRICS_NAMESPACE


def own_metric(deployment: str, verb_noun: str, name: str, *, minutes: int = 5) -> cloudwatch.Metric:
    """Return the sum of a metric that a function counts; Powertools adds the dimension `service` by itself."""
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=name,
        dimensions_map={"Deployment": deployment, "service": verb_noun},
        statistic="Sum",
        period=Duration.minutes(minutes),
    )
