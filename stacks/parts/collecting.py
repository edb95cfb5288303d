"""From the end of a video's job to its result: the queue that hears of it and the function that collects."""

from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_sns as sns

from lambdas.delivery import COLLECT_SECONDS, VIDEO_BATCHES
from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import CollectVideo
from lambdas.names import LABELS_FOLDER, TIMELINES_FOLDER, resource_name
from stacks.parts.alarms import alarm_errors
from stacks.parts.policy import NO_RESOURCES, allow
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.read_queue import ReadQueue
from stacks.parts.telling import allow_results, results_environment
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
        self._storage = storage
        name = resource_name(settings.name, _COLLECTOR)
        read = ReadQueue(
            stack,
            name=name,
            dead_name=f"{name}_dead",
            dead_id="Undelivered",
            holds="ends of video jobs whose labels could not be read or written",
            hidden_for=Duration.seconds(6 * COLLECT_SECONDS),
            alarms_to=storage.operations_topic.topic,
        )
        self.queue = read.queue
        read.alarm_when_old(
            f"The end of a video's job has waited in {name} for a day, and Rekognition keeps what it found for "
            f"seven. Read the log of {_COLLECTOR}.",
            after=_TOO_OLD,
        )
        read.subscribe_to(topic)
        collector = PythonFunction(
            stack,
            _COLLECTOR,
            settings=settings,
            size=Size(seconds=COLLECT_SECONDS, megabytes=_MEGABYTES),
            environment=CollectVideo(**results_environment(storage)),
        )
        allow(collector.role, "rekognition:GetLabelDetection", on=["*"], wide_because=NO_RESOURCES)
        allow_results(collector.role, settings, storage)
        self._allow_writing(collector)
        read.feed_alone(collector, concurrency=VIDEO_BATCHES)
        read.allow_burying(collector.role)
        alarm_errors(
            stack,
            f"{_COLLECTOR}Errors",
            name=name,
            function=collector.function,
            to=storage.operations_topic.topic,
        )

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
