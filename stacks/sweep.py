"""At least one notification: a function that looks every five minutes for results that nobody was told of."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import SweepResults
from lambdas.names import resource_name, stack_name
from stacks.parts.policy import allow
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.schedule import Words, run_regularly
from stacks.parts.telling import allow_results, results_environment
from stacks.storage import Storage

VERB_NOUN = "sweep_results"


class Sweep(Stack):
    """The sweeper, its schedule and its alarms."""

    def __init__(self, scope: Construct, settings: DeploymentSettings, storage: Storage, **kwargs: Any) -> None:
        super().__init__(scope, stack_name(settings.name, "sweep"), **kwargs)
        sweeper = PythonFunction(
            self,
            VERB_NOUN,
            settings=settings,
            size=Size(seconds=120),
            environment=SweepResults(**results_environment(storage)),
        )
        allow_results(sweeper.role, settings, storage)
        indexes = [f"{storage.results.table_arn}/index/{name}" for name in ("ByStatus", "Unnotified")]
        allow(sweeper.role, "dynamodb:Query", on=indexes)
        run_regularly(
            self,
            sweeper.function,
            name=resource_name(settings.name, VERB_NOUN),
            words=Words(
                holds="sweeps of the results that did not happen or failed",
                so="results may be there that nobody was told of",
            ),
            alarms_to=storage.operations_topic.topic,
        )
        CfnOutput(self, "SweepResultsFunction", value=sweeper.function.function_name)
