"""What must survive a redeploy: images, data sets, results, the registry, and the topics that people subscribe to.

Buckets and tables survive a destroy too, unless the settings say `"data_on_destroy": "delete"`.
"""

from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from lambdas.delivery import FRAMES_SECONDS
from lambdas.deployment_settings import DeploymentSettings, ProjectSettings
from lambdas.names import DELETE_AFTER, FRAMES_FOLDER, LABELS_FOLDER, RESULT_OBJECTS, resource_name, stack_name
from stacks.parts.encrypted_topic import EncryptedTopic, topics_key
from stacks.parts.private_bucket import PrivateBucket

# A message names an object version, and lives up to 10 days in a queue and 14 as a dead letter.
_KEEP_NONCURRENT = Duration.days(30)
_KEEP_ACCESS_LOGS = Duration.days(90)
_OF_FRAMES = frozenset({FRAMES_FOLDER, LABELS_FOLDER})


class Storage(Stack):
    """Buckets, tables and topics of a deployment."""

    def __init__(self, scope: Construct, settings: DeploymentSettings, **kwargs: Any) -> None:
        super().__init__(scope, stack_name(settings.name, "storage"), **kwargs)
        self._kept = settings.data_on_destroy == "keep"
        self._removal_policy = RemovalPolicy.RETAIN if self._kept else RemovalPolicy.DESTROY
        self._make_buckets(settings)
        self._make_tables()
        self._make_topics(settings)
        self._tell(settings)

    def _make_buckets(self, settings: DeploymentSettings) -> None:
        access_logs = PrivateBucket(
            self,
            "AccessLogs",
            removal_policy=self._removal_policy,
            keep=_KEEP_ACCESS_LOGS,
            keep_noncurrent=Duration.days(1),
        )
        self.images = self._bucket("Images", access_logs)
        self.images.send_events()
        if settings.human_reviews:
            self.images.open_to_reviewers()
        self.datasets = self._bucket("Datasets", access_logs)
        self.datasets.send_events()
        self.training_output = self._bucket("TrainingOutput", access_logs)
        self.results_bucket = self._bucket("ResultsObjects", access_logs, keep_under=_retention(settings))
        self.buckets = (self.images, self.datasets, self.training_output, self.results_bucket, access_logs)

    def _bucket(
        self, name: str, access_logs: PrivateBucket, keep_under: Mapping[str, Duration] | None = None
    ) -> PrivateBucket:
        return PrivateBucket(
            self,
            name,
            removal_policy=self._removal_policy,
            access_logs=access_logs,
            keep_noncurrent=_KEEP_NONCURRENT,
            keep_under=keep_under,
        )

    def _make_tables(self) -> None:
        self.results = self._table("Results", time_to_live_attribute="ExpiresAt")
        number = dynamodb.AttributeType.NUMBER
        for index, partition, order in (
            ("ByLabel", "ProjectLabel", "Confidence"),
            ("ByImage", "ImageKey", "CreatedAt"),
            ("ByStatus", "ProjectStatus", "CreatedAt"),
            ("Unnotified", "Unnotified", "CreatedAt"),  # sparse: only what still has to be told
        ):
            self.results.add_global_secondary_index(
                index_name=index,
                partition_key=_text(partition),
                sort_key=dynamodb.Attribute(name=order, type=number),
            )
        # Minutes of the meter alone bear it; all else is kept.
        self.registry = self._table("Registry", time_to_live_attribute=DELETE_AFTER)

    def _table(self, name: str, time_to_live_attribute: str | None = None) -> dynamodb.TableV2:
        return dynamodb.TableV2(
            self,
            name,
            partition_key=_text("PK"),
            sort_key=_text("SK"),
            billing=dynamodb.Billing.on_demand(),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute=time_to_live_attribute,
            deletion_protection=self._kept,
            removal_policy=self._removal_policy,
        )

    def _make_topics(self, settings: DeploymentSettings) -> None:
        name = settings.name
        self.key = topics_key(self, "TopicsKey", description=f"Topics of the Custom Labels deployment {name}")
        self.results_topic = EncryptedTopic(self, "ResultsTopic", name=resource_name(name, "results"), key=self.key)
        self.training_topic = EncryptedTopic(self, "TrainingTopic", name=resource_name(name, "training"), key=self.key)
        self.operations_topic = EncryptedTopic(
            self, "OperationsTopic", name=resource_name(name, "operations"), key=self.key
        )
        self.operations_topic.open_to_alarms()
        if settings.alarm_email:
            self.operations_topic.topic.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))

    def _tell(self, settings: DeploymentSettings) -> None:
        CfnOutput(self, "ImagesBucket", value=self.images.bucket_name)
        CfnOutput(self, "DatasetsBucket", value=self.datasets.bucket_name)
        CfnOutput(self, "TrainingOutputBucket", value=self.training_output.bucket_name)
        CfnOutput(self, "ResultsBucket", value=self.results_bucket.bucket_name)
        CfnOutput(self, "ResultsTable", value=self.results.table_name)
        CfnOutput(self, "RegistryTable", value=self.registry.table_name)
        CfnOutput(self, "ResultsTopicArn", value=self.results_topic.arn)
        CfnOutput(self, "TrainingTopicArn", value=self.training_topic.arn)
        CfnOutput(self, "OperationsTopicArn", value=self.operations_topic.arn)
        CfnOutput(self, "UnitHourPrice", value=str(settings.unit_hour_price))


def _retention(settings: DeploymentSettings) -> dict[str, Duration]:
    """Let what a result points to go when the result goes, and what belongs to frames once their video has waited."""
    return {
        f"{kind}/{name}/": Duration.days(project.retention_days).plus(_wait(project, kind))
        for name, project in sorted(settings.projects.items())
        if project.retention_days
        for kind in RESULT_OBJECTS
    }


def _wait(project: ProjectSettings, kind: str) -> Duration:
    has_frames = project.videos is not None and project.videos.custom_labels
    return Duration.seconds(FRAMES_SECONDS if has_frames and kind in _OF_FRAMES else 0)


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
