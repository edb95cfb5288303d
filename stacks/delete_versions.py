"""The workflow delete_versions: the versions that a project need not keep."""

from aws_cdk import Stack

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import PickVersions
from stacks.parts.policy import allow
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.rekognition import allow_describing, allow_on_versions
from stacks.parts.workflow import Workflow
from stacks.storage import Storage


def delete_versions(stack: Stack, settings: DeploymentSettings, storage: Storage) -> Workflow:
    """Make the workflow, the function that picks, and what both may do."""
    pick_versions = PythonFunction(
        stack,
        "pick_versions",
        settings=settings,
        size=Size(seconds=60),
        environment=PickVersions(registry_table=storage.registry.table_name),
    )
    allow(pick_versions.role, "dynamodb:GetItem", "dynamodb:Query", on=[storage.registry.table_arn])
    allow_describing(pick_versions.role, settings.name)
    workflow = Workflow(
        stack,
        "delete_versions",
        settings=settings,
        placeholders={"PickVersionsArn": pick_versions.function.function_arn},
        alarms_to=storage.operations_topic.topic,
    )
    workflow.allow_to_call(pick_versions)
    allow_on_versions(workflow.role, settings.name, "rekognition:DeleteProjectVersion")
    return workflow
