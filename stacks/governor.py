"""Models run when they are needed: a function that looks each minute, and starts or stops one step at a time."""

from typing import Any, Final

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import GovernModels
from lambdas.names import queue_name, resource_name, stack_name
from stacks.inference import Inference
from stacks.parts.event_sources import allow_to_switch
from stacks.parts.metrics import own_metric
from stacks.parts.policy import allow, named_arn
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.rekognition import allow_describing, allow_on_versions
from stacks.parts.schedule import Rhythm, Words, run_regularly
from stacks.parts.work_queue import WORKER
from stacks.storage import Storage

VERB_NOUN: Final = "govern_models"


class Governor(Stack):
    """The governor, its schedule and its alarms."""

    def __init__(
        self, scope: Construct, settings: DeploymentSettings, storage: Storage, inference: Inference, **kwargs: Any
    ) -> None:
        super().__init__(scope, stack_name(settings.name, "governor"), **kwargs)
        self.governor = PythonFunction(
            self,
            VERB_NOUN,
            settings=settings,
            # Less than a minute, so that rounds do not overlap: 25 projects take ten seconds where all are looked up.
            size=Size(seconds=55),
            environment=GovernModels(
                registry_table=storage.registry.table_name,
                operations_topic_arn=storage.operations_topic.arn,
            ),
        )
        self._allow_looking(settings, storage)
        self._allow_work(settings.name, storage, inference)
        run_regularly(
            self,
            self.governor.function,
            name=resource_name(settings.name, VERB_NOUN),
            words=Words(
                holds="rounds of the governor that did not happen or failed",
                so="models may not start or stop when they should",
            ),
            alarms_to=storage.operations_topic.topic,
            rhythm=Rhythm(minutes=1, silent_minutes=5),
            good_runs=own_metric(settings.name, VERB_NOUN, "GovernorRuns", minutes=1),
        )
        CfnOutput(self, "GovernModelsFunction", value=self.governor.function.function_name)

    def _allow_looking(self, settings: DeploymentSettings, storage: Storage) -> None:
        role = self.governor.role
        queues = [named_arn(self, "sqs", queue_name(settings.name, WORKER, project)) for project in settings.projects]
        allow(role, "sqs:GetQueueUrl", "sqs:GetQueueAttributes", on=queues)
        allow_describing(role, settings.name)
        allow(role, "dynamodb:GetItem", "dynamodb:Query", on=[storage.registry.table_arn])

    def _allow_work(self, deployment: str, storage: Storage, inference: Inference) -> None:
        role = self.governor.role
        allow_on_versions(role, deployment, "rekognition:StartProjectVersion", "rekognition:StopProjectVersion")
        allow_to_switch(role, inference.worker.function.function_arn)
        # Its memory, its lease, the meter of the day.
        writes = ("dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:UpdateItem")
        allow(role, *writes, on=[storage.registry.table_arn])
        storage.operations_topic.grant_publish(role)
