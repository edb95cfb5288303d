"""The workflow run_model: a trained version to the project's active one."""

from aws_cdk import Stack

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import PrepareRun
from stacks.delete_versions import delete_versions
from stacks.inference import Inference
from stacks.judging import allow_output
from stacks.parts.event_sources import allow_to_switch
from stacks.parts.policy import allow
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.rekognition import allow_describing, allow_on_versions
from stacks.parts.workflow import Workflow
from stacks.storage import Storage
from stacks.swap import make_room, restore_version


def run_model(
    stack: Stack,
    settings: DeploymentSettings,
    storage: Storage,
    inference: Inference,
    assess_version: PythonFunction,
) -> Workflow:
    """Make the workflow, its first function, the workflows that it runs, and what all may do."""
    registry = storage.registry
    room, restored = (
        make(stack, settings, storage, inference, assess_version) for make in (make_room, restore_version)
    )
    deleted = delete_versions(stack, settings, storage)
    prepare_run = PythonFunction(
        stack,
        "prepare_run",
        settings=settings,
        size=Size(seconds=30),
        environment=PrepareRun(registry_table=registry.table_name),
    )
    allow(prepare_run.role, "dynamodb:GetItem", on=[registry.table_arn])
    allow_describing(prepare_run.role, settings.name)
    allow_output(prepare_run, storage)
    detect_labels = inference.worker.function.function_arn
    workflow = Workflow(
        stack,
        "run_model",
        settings=settings,
        placeholders={
            "PrepareRunArn": prepare_run.function.function_arn,
            "AssessVersionArn": assess_version.function.function_arn,
            "RegistryTable": registry.table_name,
            "TrainingTopicArn": storage.training_topic.arn,
            "DetectLabelsArn": detect_labels,
            "MakeRoomArn": room.state_machine.state_machine_arn,
            "DeleteVersionsArn": deleted.state_machine.state_machine_arn,
            "RestoreVersionArn": restored.state_machine.state_machine_arn,
        },
        alarms_to=storage.operations_topic.topic,
    )
    workflow.allow_to_call(prepare_run, assess_version)
    workflow.allow_to_run(room, restored, deleted)
    storage.training_topic.grant_publish(workflow.role)
    allow(
        workflow.role,
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        on=[registry.table_arn],
    )
    allow_on_versions(workflow.role, settings.name, "rekognition:StartProjectVersion", "rekognition:StopProjectVersion")
    allow_describing(workflow.role, settings.name)
    allow_to_switch(workflow.role, detect_labels)
    return workflow
