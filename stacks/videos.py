"""Stored videos of all projects: into Rekognition, out of it, and what looks after those that it never told of."""

from typing import Any, Final

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambdas.delivery import COLLECT_SECONDS, KEPT_SECONDS, MAX_RECEIVES, TIMEOUT_SECONDS, VIDEO_BATCHES
from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import CollectVideo, StartVideo, SweepVideos
from lambdas.names import (
    LABELS_FOLDER,
    TIMELINES_FOLDER,
    VIDEOS,
    dead_letter_queue_name,
    queue_name,
    resource_name,
    stack_name,
)
from stacks.parts.alarms import alarm
from stacks.parts.dead_letter_queue import DeadLetterQueue
from stacks.parts.encrypted_topic import EncryptedTopic
from stacks.parts.policy import NO_RESOURCES, allow, named_arn, service_role
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.schedule import Rhythm, Words, run_regularly
from stacks.parts.telling import allow_telling
from stacks.storage import Storage

_STARTER: Final = "start_video"
_COLLECTOR: Final = "collect_video"
_SWEEPER: Final = "sweep_videos"
_COLLECTOR_MEGABYTES: Final = 512  # the longest video's labels by the thousand, and the segments that are open
_TOO_OLD: Final = Duration.days(1)  # of Rekognition's seven


class Videos(Stack):
    """The functions of stored videos, the topic that Rekognition tells on, and the queue between them."""

    def __init__(self, scope: Construct, settings: DeploymentSettings, storage: Storage, **kwargs: Any) -> None:
        super().__init__(scope, stack_name(settings.name, "videos"), **kwargs)
        self._settings, self._storage = settings, storage
        # Under this prefix the service's own managed policy would let a role publish too.
        self._topic = EncryptedTopic(
            self, "Topic", name=f"AmazonRekognition-{resource_name(settings.name, 'videos')}", key=storage.key
        )
        self._channel_role = service_role(self, "ChannelRole", "rekognition")
        self._topic.grant_publish(self._channel_role)
        self.starter = self._make_starter()
        queue = self._make_queue()
        self._make_collector(queue)
        self._make_sweeper(queue)
        CfnOutput(self, "VideosTopicArn", value=self._topic.arn)
        CfnOutput(self, "CollectQueueUrl", value=queue.queue_url)

    def _make_starter(self) -> PythonFunction:
        settings, storage = self._settings, self._storage
        starter = PythonFunction(
            self,
            _STARTER,
            settings=settings,
            size=Size(seconds=TIMEOUT_SECONDS),
            environment=StartVideo(
                results_table=storage.results.table_name,
                results_bucket=storage.results_bucket.bucket_name,
                results_topic_arn=storage.results_topic.arn,
                videos_topic_arn=self._topic.arn,
                videos_role_arn=self._channel_role.role_arn,
            ),
        )
        role = starter.role
        # Rekognition reads a video with the permissions of who starts its job.
        allow(
            role,
            "s3:GetObject",
            "s3:GetObjectVersion",
            on=[storage.images.arn_for_objects(f"{VIDEOS}/*")],
            wide_because="Every object under videos/ is a video",
        )
        # Without it S3 says "forbidden" of an object that is gone.
        allow(role, "s3:ListBucket", on=[storage.images.bucket_arn])
        allow(role, "rekognition:StartLabelDetection", on=["*"], wide_because=NO_RESOURCES)
        allow(
            role,
            "iam:PassRole",
            on=[self._channel_role.role_arn],
            when={"StringEquals": {"iam:PassedToService": "rekognition.amazonaws.com"}},
        )
        self._allow_results(role)
        shared = "One function serves the queues of all projects, which come and go"
        allow(
            role,
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            on=[named_arn(self, "sqs", queue_name(settings.name, _STARTER, "*"))],
            wide_because=shared,
        )
        allow(
            role,
            "sqs:GetQueueUrl",
            "sqs:SendMessage",
            on=[named_arn(self, "sqs", dead_letter_queue_name(settings.name, _STARTER, "*"))],
            wide_because=shared,
        )
        self._alarm_errors(_STARTER, starter)
        return starter

    def _make_queue(self) -> sqs.Queue:
        name, operations = resource_name(self._settings.name, _COLLECTOR), self._storage.operations_topic.topic
        self._dead = DeadLetterQueue(
            self,
            "Undelivered",
            name=f"{name}_dead",
            holds="ends of video jobs whose labels could not be read or written",
            alarms_to=operations,
        )
        queue = sqs.Queue(
            self,
            "Queue",
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.seconds(KEPT_SECONDS),
            visibility_timeout=Duration.seconds(6 * COLLECT_SECONDS),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self._dead.queue, max_receive_count=MAX_RECEIVES),
        )
        self._topic.topic.add_subscription(
            subscriptions.SqsSubscription(queue, raw_message_delivery=True, dead_letter_queue=self._dead.queue)
        )
        alarm(
            self,
            "TooOld",
            name=f"{name}-too-old",
            says=(
                f"The end of a video's job has waited in {name} for a day, and Rekognition keeps what it found for "
                f"seven. Read the log of {_COLLECTOR}."
            ),
            metric=queue.metric_approximate_age_of_oldest_message(period=Duration.hours(1), statistic="Maximum"),
            at_least=_TOO_OLD.to_seconds(),
            to=operations,
        )
        return queue

    def _make_collector(self, queue: sqs.Queue) -> None:
        storage = self._storage
        collector = PythonFunction(
            self,
            _COLLECTOR,
            settings=self._settings,
            size=Size(seconds=COLLECT_SECONDS, megabytes=_COLLECTOR_MEGABYTES),
            environment=CollectVideo(
                results_table=storage.results.table_name,
                results_bucket=storage.results_bucket.bucket_name,
                results_topic_arn=storage.results_topic.arn,
            ),
        )
        role = collector.role
        allow(role, "rekognition:GetLabelDetection", on=["*"], wide_because=NO_RESOURCES)
        self._allow_results(role)
        each = "Each video has a timeline of its own"
        timelines = storage.results_bucket.arn_for_objects(f"{TIMELINES_FOLDER}/*")
        allow(role, "s3:GetObject", "s3:PutObject", on=[timelines], wide_because=each)
        allow(
            role,
            "s3:DeleteObject",
            on=[storage.results_bucket.arn_for_objects(f"{TIMELINES_FOLDER}/*.part")],
            wide_because=each,
        )
        allow(
            role,
            "s3:PutObject",
            on=[storage.results_bucket.arn_for_objects(f"{LABELS_FOLDER}/*")],
            wide_because="Each job with many labels has a list of its own",
        )
        # Without it S3 says "forbidden" of a checkpoint that is not there.
        allow(role, "s3:ListBucket", on=[storage.results_bucket.bucket_arn])
        allow(
            role,
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            on=[queue.queue_arn],
        )
        allow(role, "sqs:GetQueueUrl", "sqs:SendMessage", on=[self._dead.queue.queue_arn])
        source = lambda_.EventSourceMapping(
            self,
            "Source",
            target=collector.function,
            event_source_arn=queue.queue_arn,
            batch_size=1,
            max_concurrency=VIDEO_BATCHES,
            report_batch_item_failures=True,
        )
        # Lambda checks at creation that the function may read the queue.
        source.node.add_dependency(role)
        self._alarm_errors(_COLLECTOR, collector)

    def _make_sweeper(self, queue: sqs.Queue) -> None:
        table = self._storage.results
        sweeper = PythonFunction(
            self,
            _SWEEPER,
            settings=self._settings,
            size=Size(seconds=120),
            environment=SweepVideos(results_table=table.table_name, queue_url=queue.queue_url),
        )
        allow(sweeper.role, "dynamodb:Query", on=[f"{table.table_arn}/index/ByStatus"])
        allow(sweeper.role, "sqs:SendMessage", on=[queue.queue_arn])
        run_regularly(
            self,
            sweeper.function,
            name=resource_name(self._settings.name, _SWEEPER),
            words=Words(
                holds="sweeps of the videos that did not happen or failed",
                so="videos may be IN_PROGRESS whose end nobody hears of",
            ),
            alarms_to=self._storage.operations_topic.topic,
            rhythm=Rhythm(minutes=15, silent_minutes=60),
        )

    def _allow_results(self, role: Any) -> None:
        allow(
            role,
            # The four that a transaction is made of, and what finds label items that a crash has left.
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            "dynamodb:Query",
            on=[self._storage.results.table_arn],
        )
        allow_telling(role, self._settings, self._storage)

    def _alarm_errors(self, verb_noun: str, made: PythonFunction) -> None:
        name = resource_name(self._settings.name, verb_noun)
        alarm(
            self,
            f"{verb_noun}Errors",
            name=f"{name}-errors",
            says=f"{name} failed as a whole: it was killed, ran out of time, or could not begin. Its log says why.",
            metric=made.function.metric_errors(period=Duration.minutes(5), statistic="Sum"),
            at_least=1,
            to=self._storage.operations_topic.topic,
        )
