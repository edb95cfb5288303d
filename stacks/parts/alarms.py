"""Alarms that reach the operations topic; the runbook has a section of the same name for each."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct


def alarm(
    scope: Construct,
    id: str,
    *,
    name: str,
    says: str,
    metric: cloudwatch.IMetric,
    at_least: float | None = None,
    below: float | None = None,
    periods: int = 1,
    silence_is_bad: bool = False,
    to: sns.ITopic,
) -> None:
    """Ring when a metric is `at_least` a value, or `below` one, in each of `periods` periods.

    `says` is what a person reads first: what happened and what to do. `silence_is_bad` rings for no data too.
    """
    threshold = at_least if at_least is not None else below
    assert threshold is not None
    made = cloudwatch.Alarm(
        scope,
        id,
        alarm_name=name,
        alarm_description=says,
        metric=metric,
        threshold=threshold,
        comparison_operator=(
            cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
            if at_least is not None
            else cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
        ),
        evaluation_periods=periods,
        treat_missing_data=(
            cloudwatch.TreatMissingData.BREACHING if silence_is_bad else cloudwatch.TreatMissingData.NOT_BREACHING
        ),
    )
    made.add_alarm_action(actions.SnsAction(to))


def alarm_errors(scope: Construct, id: str, *, name: str, function: lambda_.Function, to: sns.ITopic) -> None:
    """Ring when an invocation of the function `name` fails as a whole."""
    alarm(
        scope,
        id,
        name=f"{name}-errors",
        says=f"{name} failed as a whole: it was killed, ran out of time, or could not begin. Its log says why.",
        metric=function.metric_errors(period=Duration.minutes(5), statistic="Sum"),
        at_least=1,
        to=to,
    )
