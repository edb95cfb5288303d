"""Images that are asked for: start_detection and get_detection, and the queue of listings between them."""

from typing import Any, Final

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import GetDetection, QueueImages, StartDetection
from lambdas.names import resource_name, stack_name
from stacks.parts.policy import allow
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.read_queue import ReadQueue, allow_filling_projects
from stacks.parts.source_buckets import allow_listing, allow_reading
from stacks.parts.telling import allow_telling_who_asked
from stacks.parts.work_queue import WORKER
from stacks.storage import Storage

_LISTER: Final = "queue_images"
_LISTER_SECONDS: Final = 60
# A message comes back for each 40 seconds of listing, some 40,000 images, and for each failure: no start job takes
# more, and what fails again and again is told of within half a day.
_RECEIVES: Final = 100
# Seldom used, and soon done: it shares with the guard and the workflows what detection leaves of the account.
LISTINGS_AT_ONCE: Final = 2


class Requests(Stack):
    """The start/get pair."""

    def __init__(self, scope: Construct, settings: DeploymentSettings, storage: Storage, **kwargs: Any) -> None:
        super().__init__(scope, stack_name(settings.name, "requests"), **kwargs)
        read = self._make_queue(settings, storage)
        start = self._make_start(settings, storage, read.queue)
        self._make_lister(settings, storage, read)
        get = self._make_get(settings, storage)
        CfnOutput(self, "StartDetectionFunction", value=start.function.function_name)
        CfnOutput(self, "GetDetectionFunction", value=get.function.function_name)

    def _make_queue(self, settings: DeploymentSettings, storage: Storage) -> ReadQueue:
        name = resource_name(settings.name, _LISTER)
        read = ReadQueue(
            self,
            name=name,
            dead_name=f"{name}_dead",
            holds="start jobs whose images could not all be listed",
            hidden_for=Duration.seconds(6 * _LISTER_SECONDS),
            max_receives=_RECEIVES,
            alarms_to=storage.operations_topic.topic,
        )
        read.alarm_when_old(
            f"A start job has waited in {name} for a day. Is the event source of {_LISTER} enabled? Read its log.",
            after=Duration.days(1),
        )
        return read

    def _make_start(self, settings: DeploymentSettings, storage: Storage, queue: sqs.Queue) -> PythonFunction:
        start = PythonFunction(
            self,
            "start_detection",
            settings=settings,
            size=Size(seconds=30),
            environment=StartDetection(
                images_bucket=storage.images.bucket_name,
                results_table=storage.results.table_name,
                queue_url=queue.queue_url,
            ),
        )
        images = storage.images
        allow(
            start.role,
            "s3:GetObject",
            "s3:GetObjectVersion",
            on=[images.arn_for_objects("*")],
            wide_because="Any object of the images bucket may be asked for",
        )
        allow(start.role, "s3:ListBucket", "s3:ListBucketVersions", on=[images.bucket_arn])
        allow_reading(start.role, settings)
        allow_listing(start.role, settings)
        allow(start.role, "dynamodb:GetItem", "dynamodb:PutItem", on=[storage.results.table_arn])
        allow(start.role, "sqs:SendMessage", on=[queue.queue_arn])
        return start

    def _make_lister(self, settings: DeploymentSettings, storage: Storage, read: ReadQueue) -> None:
        lister = PythonFunction(
            self,
            _LISTER,
            settings=settings,
            size=Size(seconds=_LISTER_SECONDS),
            environment=QueueImages(results_table=storage.results.table_name),
        )
        role = lister.role
        allow(role, "s3:ListBucketVersions", on=[storage.images.bucket_arn])
        allow_listing(role, settings)
        allow(role, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", on=[storage.results.table_arn])
        allow_filling_projects(role, settings.name, WORKER)
        # A start job without images, or whose listing failed, ends here.
        allow_telling_who_asked(role, settings)
        read.feed_alone(lister, concurrency=LISTINGS_AT_ONCE)

    def _make_get(self, settings: DeploymentSettings, storage: Storage) -> PythonFunction:
        get = PythonFunction(
            self,
            "get_detection",
            settings=settings,
            size=Size(seconds=30),
            environment=GetDetection(results_table=storage.results.table_name),
        )
        allow(get.role, "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", on=[storage.results.table_arn])
        return get
