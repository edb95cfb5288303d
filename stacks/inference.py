"""From images to labels: the function that looks at images of all projects, and the queue for keys of none."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import DetectLabels
from lambdas.names import LABELS_FOLDER, UNKNOWN, dead_letter_queue_name, queue_name, stack_name
from stacks.parts.policy import FOUND_AT_RUN_TIME, allow, named_arn, versions_arn
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.work_queue import WORKER, WORKER_TIMEOUT, WorkQueue
from stacks.storage import Storage


class Inference(Stack):
    """The detecting function and its catch-all queue."""

    def __init__(self, scope: Construct, settings: DeploymentSettings, storage: Storage, **kwargs: Any) -> None:
        super().__init__(scope, stack_name(settings.name, "inference"), **kwargs)
        self.worker = PythonFunction(
            self,
            WORKER,
            settings=settings,
            size=Size(seconds=int(WORKER_TIMEOUT.to_seconds()), megabytes=512),
            environment=DetectLabels(
                registry_table=storage.registry.table_name,
                results_table=storage.results.table_name,
                results_bucket=storage.results_bucket.bucket_name,
                results_topic_arn=storage.results_topic.arn,
            ),
        )
        self._allow_queues(settings.name)
        self._allow_work(settings.name, storage)
        unknown = WorkQueue(
            self,
            "Unknown",
            deployment=settings.name,
            project=UNKNOWN,
            images=storage.images,
            keys=[{"anything-but": {"prefix": [f"{project}/" for project in sorted(settings.projects)]}}],
            worker=self.worker.function,
            # No model is needed to say that no project claims a key.
            opened=True,
            alarms_to=storage.operations_topic.topic,
        )
        # Lambda checks at creation that the function may read the queue.
        unknown.event_source.node.add_dependency(self.worker.role)
        CfnOutput(self, "DetectLabelsFunction", value=self.worker.function.function_name)
        CfnOutput(self, "UnknownQueueUrl", value=unknown.queue.queue_url)
        CfnOutput(self, "UnknownDeadLetterQueueUrl", value=unknown.dead.queue.queue_url)

    def _allow_queues(self, deployment: str) -> None:
        """Grant by the pattern of names: grants by ARN would tie this stack to each project's."""
        shared = "One function serves the queues of all projects, which come and go"
        allow(
            self.worker.role,
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            on=[named_arn(self, "sqs", queue_name(deployment, WORKER, "*"))],
            wide_because=shared,
        )
        allow(
            self.worker.role,
            "sqs:GetQueueUrl",
            "sqs:SendMessage",
            on=[named_arn(self, "sqs", dead_letter_queue_name(deployment, WORKER, "*"))],
            wide_because=shared,
        )

    def _allow_work(self, deployment: str, storage: Storage) -> None:
        role = self.worker.role
        images = storage.images
        allow(
            role,
            "s3:GetObject",
            "s3:GetObjectVersion",
            on=[images.arn_for_objects("*")],
            wide_because="Every object of the images bucket is an image to look at",
        )
        # Without it S3 says "forbidden" of an object that is gone.
        allow(role, "s3:ListBucket", on=[images.bucket_arn])
        allow(role, "dynamodb:GetItem", on=[storage.registry.table_arn])
        allow(
            role,
            # The four that a transaction is made of, and what finds label items that a crash has left.
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            "dynamodb:Query",
            on=[storage.results.table_arn],
        )
        allow(
            role,
            "s3:PutObject",
            on=[storage.results_bucket.arn_for_objects(f"{LABELS_FOLDER}/*")],
            wide_because="Each job has a list of labels of its own",
        )
        allow(
            role,
            "rekognition:DetectCustomLabels",
            on=[versions_arn(self, deployment)],
            wide_because=FOUND_AT_RUN_TIME,
        )
        storage.results_topic.grant_publish(role)
