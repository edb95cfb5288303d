"""Nothing is left running: a function that looks every five minutes and stops what nobody wants."""

from typing import Any

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import GuardModels
from lambdas.names import resource_name, stack_name
from stacks.parts.alarms import alarm
from stacks.parts.dead_letter_queue import DeadLetterQueue
from stacks.parts.policy import FOUND_AT_RUN_TIME, NO_RESOURCES, allow, projects_arn, versions_arn
from stacks.parts.python_function import PythonFunction, Size
from stacks.storage import Storage

_EVERY = Duration.minutes(5)
_MISSED_LOOKS = 3  # in a row, before a person hears of it


class Guard(Stack):
    """The guard, its schedule and the alarms that guard the guard."""

    def __init__(self, scope: Construct, settings: DeploymentSettings, storage: Storage, **kwargs: Any) -> None:
        super().__init__(scope, stack_name(settings.name, "guard"), **kwargs)
        self.guard = PythonFunction(
            self,
            "guard_models",
            settings=settings,
            size=Size(seconds=120),
            environment=GuardModels(
                registry_table=storage.registry.table_name,
                operations_topic_arn=storage.operations_topic.arn,
            ),
        )
        self._allow_work(settings.name, storage)
        self._look_regularly(settings.name, storage)
        self._alarm(settings.name, storage)
        CfnOutput(self, "GuardModelsFunction", value=self.guard.function.function_name)

    def _allow_work(self, deployment: str, storage: Storage) -> None:
        """Let it describe and stop, and nothing that costs."""
        role = self.guard.role
        allow(role, "rekognition:DescribeProjects", on=["*"], wide_because=NO_RESOURCES)
        allow(
            role,
            "rekognition:DescribeProjectVersions",
            on=[projects_arn(self, deployment)],
            wide_because=FOUND_AT_RUN_TIME,
        )
        allow(
            role, "rekognition:StopProjectVersion", on=[versions_arn(self, deployment)], wide_because=FOUND_AT_RUN_TIME
        )
        allow(role, "dynamodb:GetItem", "dynamodb:Query", on=[storage.registry.table_arn])
        storage.operations_topic.grant_publish(role)

    def _look_regularly(self, deployment: str, storage: Storage) -> None:
        dead = DeadLetterQueue(
            self,
            "Dead",
            name=resource_name(deployment, "guard_models_dead"),
            holds="looks of the guard that did not happen or failed",
            alarms_to=storage.operations_topic.topic,
        )
        lambda_.EventInvokeConfig(
            self,
            "Invoked",
            function=self.guard.function,
            retry_attempts=1,
            max_event_age=_EVERY,  # the next look is due by then
            on_failure=destinations.SqsDestination(dead.queue),
        )
        events.Rule(
            self,
            "Regularly",
            rule_name=resource_name(deployment, "guard_models"),
            schedule=events.Schedule.rate(_EVERY),
            targets=[targets.LambdaFunction(self.guard.function, dead_letter_queue=dead.queue)],
        )

    def _alarm(self, deployment: str, storage: Storage) -> None:
        name = resource_name(deployment, "guard_models")
        function, operations = self.guard.function, storage.operations_topic.topic
        alarm(
            self,
            "Errors",
            name=f"{name}-errors",
            says=f"{name} failed, so a model may run that nobody wants. Its log says why.",
            metric=function.metric_errors(period=_EVERY, statistic="Sum"),
            at_least=1,
            to=operations,
        )
        alarm(
            self,
            "Silent",
            name=f"{name}-silent",
            says=f"{name} has not run for 15 minutes, so a model may run that nobody wants. Is its rule enabled?",
            metric=function.metric_invocations(period=_EVERY, statistic="Sum"),
            below=1,
            periods=_MISSED_LOOKS,
            silence_is_bad=True,
            to=operations,
        )
