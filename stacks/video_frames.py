"""Custom labels of stored videos: frames out of videos, and timelines out of what was seen on the frames."""

from typing import Any, Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambdas.delivery import KEPT_SECONDS, MAX_RECEIVES, VIDEO_BATCHES
from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import MergeVideo, SampleVideo
from lambdas.names import (
    ANNOTATED_FOLDER,
    FRAMES_DONE,
    FRAMES_FOLDER,
    LABELS_FOLDER,
    TIMELINES_FOLDER,
    VIDEOS,
    dead_letter_queue_name,
    queue_name,
    resource_name,
    stack_name,
)
from stacks.parts.alarms import alarm, alarm_errors
from stacks.parts.dead_letter_queue import DeadLetterQueue
from stacks.parts.encrypted_topic import EncryptedTopic
from stacks.parts.layer import video_layer
from stacks.parts.policy import allow, named_arn
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.telling import allow_results, wants_frames
from stacks.parts.work_queue import WORKER
from stacks.storage import Storage

SAMPLER: Final = "sample_video"
MERGER: Final = "merge_video"

# Of its memory the function itself keeps 256 MB; the rest is the decoding process's. The disk holds one video.
_SAMPLER_SIZE: Final = Size(seconds=900, megabytes=2048, disk_megabytes=1024)
# One whole CPU. 10,000 frames, the most, with 20 boxes each take it 28 seconds and 72 MB; with 200 each ten times as
# long, and 200 MB: up to 1,000 sightings of each label are held. The disk, of 512 MB, has the timeline: 30 MB, or 280.
_MERGER_SIZE: Final = Size(seconds=600, megabytes=1769)
_TOO_OLD: Final = Duration.days(1)
_EACH_ITS_OWN: Final = "Each video has objects of its own"


class VideoQueue(Construct):
    """The queue of a function that gets one message at a time, with its dead-letter queue and its alarms."""

    def __init__(
        self, scope: Construct, worker: PythonFunction, *, deployment: str, verb_noun: str, size: Size, storage: Storage
    ) -> None:
        super().__init__(scope, f"{verb_noun}_queue")
        topic = storage.operations_topic.topic
        self.dead = DeadLetterQueue(
            self,
            "Dead",
            name=dead_letter_queue_name(deployment, verb_noun, VIDEOS),
            holds=f"videos that {verb_noun} could not work on",
            alarms_to=topic,
        )
        name = queue_name(deployment, verb_noun, VIDEOS)
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.seconds(KEPT_SECONDS),
            visibility_timeout=Duration.seconds(6 * size.seconds),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead.queue, max_receive_count=MAX_RECEIVES),
        )
        self._allow(worker, self.queue, self.dead.queue)
        source = lambda_.EventSourceMapping(
            self,
            "Source",
            target=worker.function,
            event_source_arn=self.queue.queue_arn,
            batch_size=1,
            max_concurrency=VIDEO_BATCHES,
            report_batch_item_failures=True,
        )
        # Lambda checks at creation that the function may read the queue.
        source.node.add_dependency(worker.role)
        alarm(
            self,
            "TooOld",
            name=f"{name}-too-old",
            says=f"A video has waited in {name} for a day. Is the event source of {verb_noun} enabled? Read its log.",
            metric=self.queue.metric_approximate_age_of_oldest_message(period=Duration.hours(1), statistic="Maximum"),
            at_least=_TOO_OLD.to_seconds(),
            to=topic,
        )
        alarm_errors(self, resource_name(deployment, verb_noun), worker.function, to=topic)

    def _allow(self, worker: PythonFunction, queue: sqs.Queue, dead: sqs.Queue) -> None:
        allow(
            worker.role,
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            on=[queue.queue_arn],
        )
        allow(worker.role, "sqs:GetQueueUrl", "sqs:SendMessage", on=[dead.queue_arn])


class VideoFrames(Stack):
    """sample_video and merge_video, their queues, and the topic between detect_labels and merge_video."""

    def __init__(self, scope: Construct, settings: DeploymentSettings, storage: Storage, **kwargs: Any) -> None:
        super().__init__(scope, stack_name(settings.name, "video-frames"), **kwargs)
        done = EncryptedTopic(self, "FramesDone", name=resource_name(settings.name, FRAMES_DONE), key=storage.key)
        sampling = self._make_sampler(settings, storage, done)
        self._make_rule(settings, storage, sampling)
        merging = self._make_merger(settings, storage)
        done.topic.add_subscription(
            subscriptions.SqsSubscription(
                merging.queue, raw_message_delivery=True, dead_letter_queue=merging.dead.queue
            )
        )

    def _make_sampler(self, settings: DeploymentSettings, storage: Storage, done: EncryptedTopic) -> VideoQueue:
        sampler = PythonFunction(
            self,
            SAMPLER,
            settings=settings,
            size=_SAMPLER_SIZE,
            environment=SampleVideo(
                results_table=storage.results.table_name,
                results_bucket=storage.results_bucket.bucket_name,
                results_topic_arn=storage.results_topic.arn,
                frames_topic_arn=done.arn,
            ),
            more_layers=[video_layer(self, settings)],
        )
        role = sampler.role
        allow(
            role,
            "s3:GetObject",
            "s3:GetObjectVersion",
            on=[storage.images.arn_for_objects(f"{VIDEOS}/*")],
            wide_because="Every object of that folder of the images bucket is a video",
        )
        allow(role, "s3:ListBucket", on=[storage.images.bucket_arn])
        self._allow_objects(role, storage, reads=(FRAMES_FOLDER,), writes=(FRAMES_FOLDER,))
        allow_results(role, settings, storage)
        allow(
            role,
            "sqs:GetQueueUrl",
            "sqs:SendMessage",
            on=[named_arn(self, "sqs", queue_name(settings.name, WORKER, "*"))],
            wide_because="One function fills the queues of all projects, which come and go",
        )
        return VideoQueue(
            self, sampler, deployment=settings.name, verb_noun=SAMPLER, size=_SAMPLER_SIZE, storage=storage
        )

    def _make_rule(self, settings: DeploymentSettings, storage: Storage, sampling: VideoQueue) -> None:
        events.Rule(
            self,
            "Uploaded",
            rule_name=resource_name(settings.name, f"{SAMPLER}-{VIDEOS}"),
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [storage.images.bucket_name]},
                    "object": {"key": [{"prefix": f"{VIDEOS}/{name}/"} for name in wants_frames(settings)]},
                },
            ),
            targets=[targets.SqsQueue(sampling.queue, dead_letter_queue=sampling.dead.queue)],
        )

    def _make_merger(self, settings: DeploymentSettings, storage: Storage) -> VideoQueue:
        merger = PythonFunction(
            self,
            MERGER,
            settings=settings,
            size=_MERGER_SIZE,
            environment=MergeVideo(
                results_table=storage.results.table_name,
                results_bucket=storage.results_bucket.bucket_name,
                results_topic_arn=storage.results_topic.arn,
            ),
        )
        role = merger.role
        self._allow_objects(
            role,
            storage,
            reads=(FRAMES_FOLDER, LABELS_FOLDER),
            writes=(TIMELINES_FOLDER, LABELS_FOLDER, ANNOTATED_FOLDER),
        )
        allow_results(role, settings, storage)
        allow(role, "dynamodb:BatchGetItem", on=[storage.results.table_arn])
        return VideoQueue(self, merger, deployment=settings.name, verb_noun=MERGER, size=_MERGER_SIZE, storage=storage)

    def _allow_objects(
        self, role: iam.Role, storage: Storage, *, reads: tuple[str, ...], writes: tuple[str, ...]
    ) -> None:
        bucket = storage.results_bucket
        allow(
            role,
            "s3:GetObject",
            "s3:GetObjectVersion",
            on=[bucket.arn_for_objects(f"{folder}/*") for folder in reads],
            wide_because=_EACH_ITS_OWN,
        )
        # Without it S3 says "forbidden" of an object that is not there.
        allow(role, "s3:ListBucket", on=[bucket.bucket_arn])
        allow(
            role,
            "s3:PutObject",
            on=[bucket.arn_for_objects(f"{folder}/*") for folder in writes],
            wide_because=_EACH_ITS_OWN,
        )
