"""From a labelled data set to a running model: two workflows, their functions, and the rule that starts them."""

from typing import Any

from aws_cdk import ArnFormat, CfnOutput, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import CheckDataset, ClaimTraining, PrepareRun
from lambdas.names import TRAIN_MANIFEST, resource_name, stack_name
from stacks.inference import Inference
from stacks.parts.dead_letter_queue import DeadLetterQueue
from stacks.parts.policy import allow, named_arn, projects_arn, service_role, versions_arn
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.workflow import Workflow
from stacks.storage import Storage

_VERSIONS = "Rekognition ends an ARN in the time of its creation; it is found at run time"
_NO_RESOURCES = "These actions know no resources"


class Training(Stack):
    """The workflows train_model and run_model."""

    def __init__(
        self,
        scope: Construct,
        settings: DeploymentSettings,
        storage: Storage,
        inference: Inference,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, stack_name(settings.name, "training"), **kwargs)
        self._settings = settings
        self._storage = storage
        self.assess_version = PythonFunction(self, "assess_version", settings=settings, size=Size(seconds=10))
        self.run_model = self._make_run_model(inference)
        self.train_model = self._make_train_model()
        self._start_when_uploaded()
        CfnOutput(self, "TrainModelArn", value=self.train_model.state_machine.state_machine_arn)
        CfnOutput(self, "RunModelArn", value=self.run_model.state_machine.state_machine_arn)

    def _make_run_model(self, inference: Inference) -> Workflow:
        registry = self._storage.registry
        prepare_run = PythonFunction(
            self,
            "prepare_run",
            settings=self._settings,
            size=Size(seconds=30),
            environment=PrepareRun(registry_table=registry.table_name),
        )
        allow(prepare_run.role, "dynamodb:GetItem", on=[registry.table_arn])
        detect_labels = inference.worker.function.function_arn
        workflow = Workflow(
            self,
            "run_model",
            settings=self._settings,
            placeholders={
                "PrepareRunArn": prepare_run.function.function_arn,
                "AssessVersionArn": self.assess_version.function.function_arn,
                "RegistryTable": registry.table_name,
                "TrainingTopicArn": self._storage.training_topic.arn,
                "DetectLabelsArn": detect_labels,
            },
            alarms_to=self._storage.operations_topic.topic,
        )
        self._allow_calls(workflow, prepare_run, self.assess_version)
        allow(
            workflow.role,
            "dynamodb:DeleteItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            on=[registry.table_arn],
        )
        self._allow_running(workflow)
        self._allow_opening(workflow, detect_labels)
        return workflow

    def _allow_running(self, workflow: Workflow) -> None:
        deployment = self._settings.name
        allow(
            workflow.role,
            "rekognition:StartProjectVersion",
            "rekognition:StopProjectVersion",
            on=[versions_arn(self, deployment)],
            wide_because=_VERSIONS,
        )
        allow(
            workflow.role,
            "rekognition:DescribeProjectVersions",
            on=[projects_arn(self, deployment)],
            wide_because=_VERSIONS,
        )

    def _allow_opening(self, workflow: Workflow, detect_labels: str) -> None:
        """Let a workflow open the event sources of detect_labels, which belong to the projects' stacks."""
        allow(workflow.role, "lambda:ListEventSourceMappings", on=["*"], wide_because=_NO_RESOURCES)
        allow(
            workflow.role,
            "lambda:UpdateEventSourceMapping",
            on=[
                self.format_arn(
                    service="lambda",
                    resource="event-source-mapping",
                    resource_name="*",
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
            when={"ArnEquals": {"lambda:FunctionArn": detect_labels}},
            wide_because="An event source's ARN is a random UUID; the condition holds it to detect_labels",
        )

    def _make_train_model(self) -> Workflow:
        storage = self._storage
        claim_training = PythonFunction(
            self,
            "claim_training",
            settings=self._settings,
            size=Size(seconds=30),
            environment=ClaimTraining(
                registry_table=storage.registry.table_name,
                datasets_bucket=storage.datasets.bucket_name,
                training_output_bucket=storage.training_output.bucket_name,
            ),
        )
        allow(claim_training.role, "dynamodb:GetItem", "dynamodb:PutItem", on=[storage.registry.table_arn])
        check_dataset = self._make_check_dataset()
        workflow = Workflow(
            self,
            "train_model",
            settings=self._settings,
            placeholders={
                "ClaimTrainingArn": claim_training.function.function_arn,
                "CheckDatasetArn": check_dataset.function.function_arn,
                "AssessVersionArn": self.assess_version.function.function_arn,
                "RunModelArn": self.run_model.state_machine.state_machine_arn,
                "RegistryTable": storage.registry.table_name,
                "TrainingTopicArn": storage.training_topic.arn,
            },
            alarms_to=storage.operations_topic.topic,
        )
        self._allow_calls(workflow, claim_training, check_dataset, self.assess_version)
        allow(workflow.role, "dynamodb:UpdateItem", on=[storage.registry.table_arn])
        self._allow_training(workflow)
        self._allow_data(workflow)
        self._allow_nesting(workflow, self.run_model.state_machine)
        return workflow

    def _make_check_dataset(self) -> PythonFunction:
        datasets = self._storage.datasets
        function = PythonFunction(
            self,
            "check_dataset",
            settings=self._settings,
            size=Size(seconds=300, megabytes=1024),  # holds a manifest's labels and the names of its images
            environment=CheckDataset(datasets_bucket=datasets.bucket_name),
        )
        allow(
            function.role,
            "s3:GetObject",
            "s3:GetObjectVersion",
            on=[datasets.arn_for_objects("*.manifest")],
            wide_because="A data set is in a folder of its own; only its manifests are read",
        )
        # Without it S3 says "forbidden" where there is no test manifest.
        allow(function.role, "s3:ListBucket", on=[datasets.bucket_arn])
        return function

    def _allow_calls(self, workflow: Workflow, *functions: PythonFunction) -> None:
        """Let a workflow call its functions and tell of its end."""
        allow(workflow.role, "lambda:InvokeFunction", on=[made.function.function_arn for made in functions])
        self._storage.training_topic.grant_publish(workflow.role)

    def _allow_training(self, workflow: Workflow) -> None:
        allow(
            workflow.role,
            "rekognition:CreateProject",
            "rekognition:DescribeProjects",
            on=["*"],
            wide_because=_NO_RESOURCES,
        )
        allow(
            workflow.role,
            "rekognition:CreateProjectVersion",
            "rekognition:DescribeProjectVersions",
            on=[projects_arn(self, self._settings.name)],
            wide_because=_VERSIONS,
        )

    def _allow_data(self, workflow: Workflow) -> None:
        """Let Rekognition train: it reads the data set and writes its output with the caller's permissions."""
        datasets, output = self._storage.datasets, self._storage.training_output
        allow(
            workflow.role,
            "s3:GetObject",
            "s3:GetObjectVersion",
            on=[datasets.arn_for_objects("*")],
            wide_because="A data set names its images itself",
        )
        allow(workflow.role, "s3:ListBucket", on=[datasets.bucket_arn])
        allow(
            workflow.role,
            "s3:PutObject",
            on=[output.arn_for_objects("*")],
            wide_because="Each training writes under a folder of its own",
        )
        allow(
            workflow.role,
            "s3:GetBucketAcl",
            "s3:GetBucketLocation",
            on=[datasets.bucket_arn, output.bucket_arn],
        )

    def _allow_nesting(self, workflow: Workflow, nested: sfn.StateMachine) -> None:
        """Let a workflow run another and wait for its end, which Step Functions hears of by a rule of its own."""
        allow(workflow.role, "states:StartExecution", on=[nested.state_machine_arn])
        executions = self.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{resource_name(self._settings.name, 'run_model')}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        allow(
            workflow.role,
            "states:DescribeExecution",
            "states:StopExecution",
            on=[executions],
            wide_because="An execution is named when it is started",
        )
        rule = named_arn(self, "events", "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")
        allow(workflow.role, "events:DescribeRule", "events:PutRule", "events:PutTargets", on=[rule])

    def _start_when_uploaded(self) -> None:
        deployment = self._settings.name
        dead = DeadLetterQueue(
            self,
            "TrainModelDead",
            name=resource_name(deployment, "train_model_dead"),
            holds="uploads of data sets that could not start a training",
            alarms_to=self._storage.operations_topic.topic,
        )
        events.Rule(
            self,
            "DatasetUploaded",
            rule_name=resource_name(deployment, "dataset-uploaded"),
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [self._storage.datasets.bucket_name]},
                    "object": {"key": [{"suffix": f"/{TRAIN_MANIFEST}"}]},
                },
            ),
            targets=[
                targets.SfnStateMachine(
                    self.train_model.state_machine,
                    dead_letter_queue=dead.queue,
                    role=service_role(self, "StartTraining", "events"),
                )
            ],
        )
