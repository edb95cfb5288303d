"""From the end of a video's job to its result: the queue that hears of it and the function that collects."""

from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from lambdas.delivery import COLLECT_SECONDS, KEPT_SECONDS, MAX_RECEIVES, VIDEO_BATCHES
from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import CollectVideo
from lambdas.names import LABELS_FOLDER, TIMELINES_FOLDER, resource_name
from stacks.parts.alarms import alarm, alarm_errors
from stacks.parts.dead_letter_queue import DeadLetterQueue
from stacks.parts.policy import NO_RESOURCES, allow
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.telling import allow_results
from stacks.storage import Storage

_COLLECTOR: Final = "collect_video"
# 200 MB were measured at the most crowded: 60 of the function itself, a page of a thousand labels with 40 boxes each,
# lambdas/timelines.py's MOST_HELD, and a part of 8 MiB, twice while it is sent. The summary grows with the number of
# segments: half a million, 50 labels that come and go for six hours, took 300 MB more. No disk is needed.
_MEGABYTES: Final = 1024
_TOO_OLD: Final = Duration.days(1)  # of Rekognition's seven


class Collecting:
    """The queue of ended jobs in the stack of videos, and `collect_video`."""

    def __init__(self, stack: Stack, settings: DeploymentSettings, storage: Storage, topic: sns.Topic) -> None:
        self._stack, self._storage = stack, storage
        name = resource_name(settings.name, _COLLECTOR)
        self._dead = DeadLetterQueue(
            stack,
            "Undelivered",
            name=f"{name}_dead",
            holds="ends of video jobs whose labels could not be read or written",
            alarms_to=storage.operations_topic.topic,
        )
        self.queue = self._make_queue(name)
        topic.add_subscription(
            subscriptions.SqsSubscription(self.queue, raw_message_delivery=True, dead_letter_queue=self._dead.queue)
        )
        collector = PythonFunction(
            stack,
            _COLLECTOR,
            settings=settings,
            size=Size(seconds=COLLECT_SECONDS, megabytes=_MEGABYTES),
            environment=CollectVideo(
                results_table=storage.results.table_name,
                results_bucket=storage.results_bucket.bucket_name,
                results_topic_arn=storage.results_topic.arn,
            ),
        )
        allow(collector.role, "rekognition:GetLabelDetection", on=["*"], wide_because=NO_RESOURCES)
        allow_results(collector.role, settings, storage)
        self._allow_writing(collector)
        self._read(collector)
        alarm_errors(stack, name, collector.function, to=storage.operations_topic.topic)

    def _make_queue(self, name: str) -> sqs.Queue:
        queue = sqs.Queue(
            self._stack,
            "Queue",
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.seconds(KEPT_SECONDS),
            visibility_timeout=Duration.seconds(6 * COLLECT_SECONDS),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self._dead.queue, max_receive_count=MAX_RECEIVES),
        )
        alarm(
            self._stack,
            "TooOld",
            name=f"{name}-too-old",
            says=(
                f"The end of a video's job has waited in {name} for a day, and Rekognition keeps what it found for "
                f"seven. Read the log of {_COLLECTOR}."
            ),
            metric=queue.metric_approximate_age_of_oldest_message(period=Duration.hours(1), statistic="Maximum"),
            at_least=_TOO_OLD.to_seconds(),
            to=self._storage.operations_topic.topic,
        )
        return queue

    def _allow_writing(self, collector: PythonFunction) -> None:
        role, bucket = collector.role, self._storage.results_bucket
        each = "Each video has a timeline of its own"
        timelines = bucket.arn_for_objects(f"{TIMELINES_FOLDER}/*")
        checkpoints = bucket.arn_for_objects(f"{TIMELINES_FOLDER}/*.part")
        allow(role, "s3:GetObject", "s3:PutObject", on=[timelines], wide_because=each)
        allow(role, "s3:DeleteObject", on=[checkpoints], wide_because=each)
        allow(
            role,
            "s3:PutObject",
            on=[bucket.arn_for_objects(f"{LABELS_FOLDER}/*")],
            wide_because="Each job with many labels has a list of its own",
        )
        # Without it S3 says "forbidden" of a checkpoint that is not there.
        allow(role, "s3:ListBucket", on=[bucket.bucket_arn])

    def _read(self, collector: PythonFunction) -> None:
        allow(
            collector.role,
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            on=[self.queue.queue_arn],
        )
        allow(collector.role, "sqs:GetQueueUrl", "sqs:SendMessage", on=[self._dead.queue.queue_arn])
        source = lambda_.EventSourceMapping(
            self._stack,
            "Source",
            target=collector.function,
            event_source_arn=self.queue.queue_arn,
            batch_size=1,
            max_concurrency=VIDEO_BATCHES,
            report_batch_item_failures=True,
        )
        # Lambda checks at creation that the function may read the queue.
        source.node.add_dependency(collector.role)
