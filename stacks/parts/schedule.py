"""A function that runs regularly, and the alarms that tell when it does not."""

from dataclasses import dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_sns as sns

from stacks.parts.alarms import alarm
from stacks.parts.dead_letter_queue import DeadLetterQueue


@dataclass(frozen=True, kw_only=True)
class Words:
    """What people read where runs fail."""

    holds: str  # what its dead-letter queue holds
    so: str  # what a run that failed or is missing means


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """How often it runs, and after how many minutes without a run a person hears of it."""

    minutes: int = 5
    silent_minutes: int = 15


def run_regularly(
    stack: Stack,
    function: lambda_.Function,
    *,
    name: str,
    words: Words,
    alarms_to: sns.ITopic,
    rhythm: Rhythm = Rhythm(),
    good_runs: cloudwatch.IMetric | None = None,
) -> None:
    """Run a stack's one function `name` regularly; ring where a run fails or several in a row are missing.

    `good_runs` counts the runs that did all their work, over as many minutes as lie between two; without it, a run that
    fails is not missing.
    """
    every = Duration.minutes(rhythm.minutes)
    dead = DeadLetterQueue(stack, "Dead", name=f"{name}_dead", holds=words.holds, alarms_to=alarms_to)
    lambda_.EventInvokeConfig(
        stack,
        "Invoked",
        function=function,
        retry_attempts=1,
        max_event_age=every,  # the next run is due by then
        on_failure=destinations.SqsDestination(dead.queue),
    )
    events.Rule(
        stack,
        "Regularly",
        rule_name=name,
        schedule=events.Schedule.rate(every),
        targets=[targets.LambdaFunction(function, dead_letter_queue=dead.queue)],
    )
    alarm(
        stack,
        "Errors",
        name=f"{name}-errors",
        says=f"{name} failed, so {words.so}. Its log says why.",
        metric=function.metric_errors(period=every, statistic="Sum"),
        at_least=1,
        to=alarms_to,
    )
    alarm(
        stack,
        "Silent",
        name=f"{name}-silent",
        says=(
            f"{name} has not {'done its work' if good_runs else 'run'} for {rhythm.silent_minutes} minutes, so "
            f"{words.so}. Is its rule enabled, and what does its log say?"
        ),
        metric=good_runs or function.metric_invocations(period=every, statistic="Sum"),
        below=1,
        periods=rhythm.silent_minutes // rhythm.minutes,
        silence_is_bad=True,
        to=alarms_to,
    )
