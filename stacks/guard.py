"""Nothing is left running: a function that looks every five minutes and stops what nobody wants."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import GuardModels
from lambdas.names import resource_name, stack_name
from stacks.parts.policy import FOUND_AT_RUN_TIME, NO_RESOURCES, allow, projects_arn, versions_arn
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.schedule import Words, run_regularly
from stacks.storage import Storage


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
        run_regularly(
            self,
            self.guard.function,
            name=resource_name(settings.name, "guard_models"),
            words=Words(
                holds="looks of the guard that did not happen or failed", so="a model may run that nobody wants"
            ),
            alarms_to=storage.operations_topic.topic,
        )
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
