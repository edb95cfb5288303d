"""The workflows make_room and restore_version: a swap where the quota does not fit both versions of a project."""

from aws_cdk import Stack

from lambdas.deployment_settings import DeploymentSettings
from stacks.inference import Inference
from stacks.parts.event_sources import allow_to_switch
from stacks.parts.policy import allow
from stacks.parts.python_function import PythonFunction
from stacks.parts.rekognition import allow_describing, allow_on_versions
from stacks.parts.workflow import Workflow
from stacks.storage import Storage


def make_room(
    stack: Stack,
    settings: DeploymentSettings,
    storage: Storage,
    inference: Inference,
    assess_version: PythonFunction,
) -> Workflow:
    """Make the workflow that stops the active version first."""
    detect_labels = inference.worker.function.function_arn
    workflow = Workflow(
        stack,
        "make_room",
        settings=settings,
        placeholders={
            "AssessVersionArn": assess_version.function.function_arn,
            "DetectLabelsArn": detect_labels,
        },
        alarms_to=storage.operations_topic.topic,
    )
    workflow.allow_to_call(assess_version)
    allow_to_switch(workflow.role, detect_labels)
    _allow_version(workflow, settings.name, "rekognition:StopProjectVersion")
    return workflow


def restore_version(
    stack: Stack,
    settings: DeploymentSettings,
    storage: Storage,
    inference: Inference,
    assess_version: PythonFunction,
) -> Workflow:
    """Make the workflow that starts the active version again where its successor failed."""
    detect_labels = inference.worker.function.function_arn
    workflow = Workflow(
        stack,
        "restore_version",
        settings=settings,
        placeholders={
            "AssessVersionArn": assess_version.function.function_arn,
            "DetectLabelsArn": detect_labels,
            "RegistryTable": storage.registry.table_name,
        },
        alarms_to=storage.operations_topic.topic,
    )
    workflow.allow_to_call(assess_version)
    allow_to_switch(workflow.role, detect_labels)
    allow(workflow.role, "dynamodb:GetItem", on=[storage.registry.table_arn])
    _allow_version(workflow, settings.name, "rekognition:StartProjectVersion")
    return workflow


def _allow_version(workflow: Workflow, deployment: str, action: str) -> None:
    """Let a workflow do one thing to versions, and look at them."""
    allow_on_versions(workflow.role, deployment, action)
    allow_describing(workflow.role, deployment)
