"""The workflow run_model: a trained version to the project's active one."""

from aws_cdk import ArnFormat, Stack

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import PrepareRun
from stacks.inference import Inference
from stacks.parts.policy import FOUND_AT_RUN_TIME, NO_RESOURCES, allow, projects_arn, versions_arn
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.workflow import Workflow
from stacks.storage import Storage


def run_model(
    stack: Stack,
    settings: DeploymentSettings,
    storage: Storage,
    inference: Inference,
    assess_version: PythonFunction,
) -> Workflow:
    """Make the workflow, its first function, and what both may do."""
    registry = storage.registry
    prepare_run = PythonFunction(
        stack,
        "prepare_run",
        settings=settings,
        size=Size(seconds=30),
        environment=PrepareRun(registry_table=registry.table_name),
    )
    allow(prepare_run.role, "dynamodb:GetItem", on=[registry.table_arn])
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
        },
        alarms_to=storage.operations_topic.topic,
    )
    workflow.allow_to_call(prepare_run, assess_version)
    storage.training_topic.grant_publish(workflow.role)
    allow(
        workflow.role,
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        on=[registry.table_arn],
    )
    _allow_running(workflow, settings.name)
    _allow_opening(workflow, detect_labels)
    return workflow


def _allow_running(workflow: Workflow, deployment: str) -> None:
    allow(
        workflow.role,
        "rekognition:StartProjectVersion",
        "rekognition:StopProjectVersion",
        on=[versions_arn(workflow, deployment)],
        wide_because=FOUND_AT_RUN_TIME,
    )
    allow(
        workflow.role,
        "rekognition:DescribeProjectVersions",
        on=[projects_arn(workflow, deployment)],
        wide_because=FOUND_AT_RUN_TIME,
    )


def _allow_opening(workflow: Workflow, detect_labels: str) -> None:
    """Let a workflow open the event sources of detect_labels, which belong to the projects' stacks."""
    allow(workflow.role, "lambda:ListEventSourceMappings", on=["*"], wide_because=NO_RESOURCES)
    every_source = Stack.of(workflow).format_arn(
        service="lambda",
        resource="event-source-mapping",
        resource_name="*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    allow(
        workflow.role,
        "lambda:UpdateEventSourceMapping",
        on=[every_source],
        when={"ArnEquals": {"lambda:FunctionArn": detect_labels}},
        wide_because="An event source's ARN is a random UUID; the condition holds it to detect_labels",
    )
