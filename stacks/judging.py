"""The functions that read what a training has left in the bucket for its output."""

from aws_cdk import Stack

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import ExplainFailure, JudgeVersion
from stacks.parts.policy import allow
from stacks.parts.python_function import PythonFunction, Size
from stacks.storage import Storage


def judging_function(
    stack: Stack,
    verb_noun: str,
    settings: DeploymentSettings,
    storage: Storage,
    environment: type[JudgeVersion] | type[ExplainFailure],
) -> PythonFunction:
    """Make a function that reads a training's output and notes in the registry what it finds."""
    function = PythonFunction(
        stack,
        verb_noun,
        settings=settings,
        size=Size(seconds=300, megabytes=1024),  # reads a snapshot of the test set line by line
        environment=environment(registry_table=storage.registry.table_name),
    )
    allow(function.role, "dynamodb:UpdateItem", on=[storage.registry.table_arn])
    allow_output(function, storage)
    return function


def allow_output(function: PythonFunction, storage: Storage) -> None:
    """Let a function read what trainings have left."""
    allow(
        function.role,
        "s3:GetObject",
        on=[storage.training_output.arn_for_objects("*")],
        wide_because="Each training writes under a folder of its own",
    )
