"""Nothing is left running: a function that looks every five minutes and stops what should not run."""

from typing import Any, Final

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import GuardModels
from lambdas.names import resource_name, stack_name
from stacks.parts.alarms import alarm
from stacks.parts.metrics import own_metric
from stacks.parts.policy import allow
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.rekognition import allow_stopping_all
from stacks.parts.schedule import Words, run_regularly
from stacks.storage import Storage

VERB_NOUN: Final = "guard_models"


class Guard(Stack):
    """The guard, its memory, its schedule and the alarms that guard the guard."""

    def __init__(self, scope: Construct, settings: DeploymentSettings, storage: Storage, **kwargs: Any) -> None:
        super().__init__(scope, stack_name(settings.name, "guard"), **kwargs)
        # The guard overwrites the value, and a deployment leaves it alone: the template's own never changes.
        self.memory = ssm.StringParameter(
            self,
            "Memory",
            parameter_name=resource_name(settings.name, VERB_NOUN),
            string_value="{}",
            description="What guard_models saw running, told and accounted for; of no use to anybody else",
        )
        self.guard = PythonFunction(
            self,
            VERB_NOUN,
            settings=settings,
            size=Size(seconds=280),  # it looks again each minute while a stop is refused, until the next run is due
            environment=GuardModels(
                registry_table=storage.registry.table_name,
                operations_topic_arn=storage.operations_topic.arn,
                memory_parameter=self.memory.parameter_name,
            ),
        )
        self._allow_work(settings.name, storage)
        run_regularly(
            self,
            self.guard.function,
            name=resource_name(settings.name, VERB_NOUN),
            words=Words(holds="looks of the guard that did not happen or failed", so="a model may run that should not"),
            alarms_to=storage.operations_topic.topic,
            good_runs=own_metric(settings.name, VERB_NOUN, "GuardRuns"),
        )
        self._ring_where_it_cannot_read(settings.name, storage)
        CfnOutput(self, "GuardModelsFunction", value=self.guard.function.function_name)

    def _ring_where_it_cannot_read(self, deployment: str, storage: Storage) -> None:
        for id_, metric, says in (
            (
                "registry-unreadable",
                "RegistryUnreadable",
                "The guard could not read the model registry, so it stops only what ran for too long or spent its "
                "budget. Its log says why; can its role read the table?",
            ),
            (
                "memory-unreadable",
                "GuardMemoryUnreadable",
                "The guard could not read or write its memory, so it does not know for how long models run and what "
                "they cost today. Its log says why.",
            ),
        ):
            alarm(
                self,
                metric,
                name=f"{resource_name(deployment, VERB_NOUN)}-{id_}",
                says=says,
                metric=own_metric(deployment, VERB_NOUN, metric),
                at_least=1,
                to=storage.operations_topic.topic,
            )

    def _allow_work(self, deployment: str, storage: Storage) -> None:
        """Let it describe and stop, and nothing that costs."""
        role = self.guard.role
        allow_stopping_all(role, deployment)
        allow(role, "dynamodb:GetItem", "dynamodb:Query", on=[storage.registry.table_arn])
        storage.operations_topic.grant_publish(role)
        allow(role, "ssm:GetParameter", "ssm:PutParameter", on=[self.memory.parameter_arn])
