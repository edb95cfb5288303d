"""Custom labels of stored videos: frames out of videos, and timelines out of what was seen on the frames."""

from typing import Any, Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from lambdas.delivery import VIDEO_BATCHES
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
from stacks.parts.alarms import alarm_errors
from stacks.parts.encrypted_topic import EncryptedTopic
from stacks.parts.layer import video_layer
from stacks.parts.policy import allow, allow_getting
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.read_queue import ReadQueue, allow_filling_projects
from stacks.parts.telling import allow_results, results_environment, wants_frames
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


class VideoFrames(Stack):
    """sample_video and merge_video, their queues, and the topic between detect_labels and merge_video."""

    def __init__(self, scope: Construct, settings: DeploymentSettings, storage: Storage, **kwargs: Any) -> None:
        super().__init__(scope, stack_name(settings.name, "video-frames"), **kwargs)
        done = EncryptedTopic(self, "FramesDone", name=resource_name(settings.name, FRAMES_DONE), key=storage.key)
        sampling = self._make_sampler(settings, storage, done)
        self._make_rule(settings, storage, sampling)
        merging = self._make_merger(settings, storage)
        merging.subscribe_to(done.topic)

    def _make_sampler(self, settings: DeploymentSettings, storage: Storage, done: EncryptedTopic) -> ReadQueue:
        sampler = PythonFunction(
            self,
            SAMPLER,
            settings=settings,
            size=_SAMPLER_SIZE,
            environment=SampleVideo(
                **results_environment(storage),
                frames_topic_arn=done.arn,
            ),
            more_layers=[video_layer(self, settings)],
        )
        role = sampler.role
        allow_getting(
            role, [storage.images.bucket_arn], keys=[f"{VIDEOS}/*"], wide_because="Every object there is a video"
        )
        self._allow_objects(role, storage, reads=(FRAMES_FOLDER,), writes=(FRAMES_FOLDER,))
        allow_results(role, settings, storage)
        allow_filling_projects(role, settings.name, WORKER)
        return self._make_queue(settings.name, storage, sampler, SAMPLER, _SAMPLER_SIZE)

    def _make_rule(self, settings: DeploymentSettings, storage: Storage, sampling: ReadQueue) -> None:
        events.Rule(
            self,
            "Uploaded",
            rule_name=resource_name(settings.name, f"{SAMPLER}-{VIDEOS}"),
            event_pattern=storage.images.uploads([{"prefix": f"{VIDEOS}/{name}/"} for name in wants_frames(settings)]),
            targets=[sampling.target],
        )

    def _make_merger(self, settings: DeploymentSettings, storage: Storage) -> ReadQueue:
        merger = PythonFunction(
            self,
            MERGER,
            settings=settings,
            size=_MERGER_SIZE,
            environment=MergeVideo(**results_environment(storage)),
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
        return self._make_queue(settings.name, storage, merger, MERGER, _MERGER_SIZE)

    def _make_queue(
        self, deployment: str, storage: Storage, worker: PythonFunction, verb_noun: str, size: Size
    ) -> ReadQueue:
        """Make the queue of a function that gets one video at a time."""
        scope, topic = Construct(self, f"{verb_noun}_queue"), storage.operations_topic.topic
        name = queue_name(deployment, verb_noun, VIDEOS)
        read = ReadQueue(
            scope,
            name=name,
            dead_name=dead_letter_queue_name(deployment, verb_noun, VIDEOS),
            holds=f"videos that {verb_noun} could not work on",
            hidden_for=Duration.seconds(6 * size.seconds),
            alarms_to=topic,
        )
        read.feed_alone(worker, concurrency=VIDEO_BATCHES)
        read.allow_burying(worker.role)
        read.alarm_when_old(
            f"A video has waited in {name} for a day. Is the event source of {verb_noun} enabled? Read its log.",
            after=_TOO_OLD,
        )
        alarm_errors(
            scope,
            f"{verb_noun}Errors",
            name=resource_name(deployment, verb_noun),
            function=worker.function,
            to=topic,
        )
        return read

    def _allow_objects(
        self, role: iam.Role, storage: Storage, *, reads: tuple[str, ...], writes: tuple[str, ...]
    ) -> None:
        bucket = storage.results_bucket
        allow_getting(role, [bucket.bucket_arn], keys=[f"{folder}/*" for folder in reads], wide_because=_EACH_ITS_OWN)
        allow(
            role,
            "s3:PutObject",
            on=[bucket.arn_for_objects(f"{folder}/*") for folder in writes],
            wide_because=_EACH_ITS_OWN,
        )
