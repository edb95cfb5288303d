"""From a labelled data set to a running model: two workflows, their functions, and the rule that starts them."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import CheckDataset, ClaimTraining, ExplainFailure, JudgeVersion
from lambdas.names import TRAIN_MANIFEST, resource_name, stack_name
from stacks.fill_datasets import MANIFESTS, fill_datasets
from stacks.inference import Inference
from stacks.judging import judging_function
from stacks.parts.dead_letter_queue import DeadLetterQueue
from stacks.parts.policy import NO_RESOURCES, allow, allow_getting, service_role
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.rekognition import allow_describing, allow_on_projects
from stacks.parts.workflow import Workflow
from stacks.report import report_training
from stacks.run_model import run_model
from stacks.storage import Storage


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
        self.run_model = run_model(self, settings, storage, inference, self.assess_version)
        self.report_training = report_training(self, settings, storage)
        self.train_model = self._make_train_model()
        self._start_when_uploaded()
        CfnOutput(self, "TrainModelArn", value=self.train_model.state_machine.state_machine_arn)
        CfnOutput(self, "RunModelArn", value=self.run_model.state_machine.state_machine_arn)

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
        self._allow_manifests(claim_training)
        check_dataset = self._make_check_dataset()
        filled = fill_datasets(self, self._settings, storage)
        judge_version = judging_function(self, "judge_version", self._settings, storage, JudgeVersion)
        allow(judge_version.role, "dynamodb:GetItem", on=[storage.registry.table_arn])
        allow_describing(judge_version.role, self._settings.name)
        explain_failure = judging_function(self, "explain_failure", self._settings, storage, ExplainFailure)
        workflow = Workflow(
            self,
            "train_model",
            settings=self._settings,
            placeholders={
                "ClaimTrainingArn": claim_training.function.function_arn,
                "CheckDatasetArn": check_dataset.function.function_arn,
                "AssessVersionArn": self.assess_version.function.function_arn,
                "JudgeVersionArn": judge_version.function.function_arn,
                "ExplainFailureArn": explain_failure.function.function_arn,
                "ReportTrainingArn": self.report_training.function.function_arn,
                "FillDatasetsArn": filled.state_machine.state_machine_arn,
                "RunModelArn": self.run_model.state_machine.state_machine_arn,
                "RegistryTable": storage.registry.table_name,
                "TrainingTopicArn": storage.training_topic.arn,
            },
            alarms_to=storage.operations_topic.topic,
        )
        workflow.allow_to_call(
            claim_training, check_dataset, self.assess_version, judge_version, explain_failure, self.report_training
        )
        storage.training_topic.grant_publish(workflow.role)
        allow(workflow.role, "dynamodb:UpdateItem", on=[storage.registry.table_arn])
        self._allow_training(workflow)
        self._allow_data(workflow)
        workflow.allow_to_run(filled, self.run_model)
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
        self._allow_manifests(function)
        return function

    def _allow_manifests(self, function: PythonFunction) -> None:
        allow_getting(function.role, [self._storage.datasets.bucket_arn], keys=["*.manifest"], wide_because=MANIFESTS)

    def _allow_training(self, workflow: Workflow) -> None:
        allow(
            workflow.role,
            "rekognition:CreateProject",
            "rekognition:DescribeProjects",
            on=["*"],
            wide_because=NO_RESOURCES,
        )
        allow_on_projects(workflow.role, self._settings.name, "rekognition:CreateProjectVersion")
        allow_describing(workflow.role, self._settings.name)

    def _allow_data(self, workflow: Workflow) -> None:
        """Let Rekognition train: it reads the data set and writes its output with the caller's permissions.

        The actions are those of the managed policy AmazonRekognitionCustomLabelsFullAccess, on two buckets only.
        """
        datasets, output = self._storage.datasets, self._storage.training_output
        allow(
            workflow.role,
            "s3:GetObject",
            "s3:GetObjectAcl",
            "s3:GetObjectTagging",
            "s3:GetObjectVersion",
            "s3:GetObjectVersionTagging",
            on=[datasets.arn_for_objects("*")],
            wide_because="A data set names its images itself",
        )
        allow(
            workflow.role,
            "s3:GetObject",
            "s3:PutObject",
            on=[output.arn_for_objects("*")],
            wide_because="Each training writes under a folder of its own",
        )
        allow(
            workflow.role,
            "s3:GetBucketAcl",
            "s3:GetBucketLocation",
            "s3:ListBucket",
            on=[datasets.bucket_arn, output.bucket_arn],
        )

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
            event_pattern=self._storage.datasets.uploads([{"suffix": f"/{TRAIN_MANIFEST}"}]),
            targets=[
                targets.SfnStateMachine(
                    self.train_model.state_machine,
                    dead_letter_queue=dead.queue,
                    role=service_role(self, "StartTraining", "events"),
                )
            ],
        )
