"""The workflow fill_datasets: an upload into the data sets of a project."""

from typing import Final

from aws_cdk import Stack

from lambdas.deployment_settings import DeploymentSettings
from stacks.parts.policy import NO_RESOURCES, allow
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.rekognition import allow_on_projects
from stacks.parts.workflow import Workflow
from stacks.storage import Storage

MANIFESTS: Final = "A data set is in a folder of its own; only its manifests are read"


def fill_datasets(stack: Stack, settings: DeploymentSettings, storage: Storage) -> Workflow:
    """Make the workflow, the function that adds lines, and what both may do."""
    add_entries = PythonFunction(stack, "add_entries", settings=settings, size=Size(seconds=900, megabytes=1024))
    manifests = storage.datasets.arn_for_objects("*.manifest")
    allow(add_entries.role, "s3:GetObject", "s3:GetObjectVersion", on=[manifests], wide_because=MANIFESTS)
    entries = ("rekognition:ListDatasetEntries", "rekognition:UpdateDatasetEntries")
    allow_on_projects(add_entries.role, settings.name, *entries)
    workflow = Workflow(
        stack,
        "fill_datasets",
        settings=settings,
        placeholders={"AddEntriesArn": add_entries.function.function_arn},
        alarms_to=storage.operations_topic.topic,
    )
    workflow.allow_to_call(add_entries)
    allow(workflow.role, "rekognition:DescribeProjects", on=["*"], wide_because=NO_RESOURCES)
    allow_on_projects(
        workflow.role,
        settings.name,
        "rekognition:CreateDataset",
        "rekognition:DeleteDataset",
        "rekognition:DistributeDatasetEntries",
    )
    # CreateDataset reads the manifest with the caller's permissions.
    allow(workflow.role, "s3:GetObject", "s3:GetObjectVersion", on=[manifests], wide_because=MANIFESTS)
    return workflow
