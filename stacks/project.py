"""One project's way in: a rule, a queue and an event source that stays closed until its model runs."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from lambdas import names
from lambdas.delivery import VIDEO_BATCHES, max_concurrency
from lambdas.deployment_settings import DeploymentSettings
from stacks.inference import Inference
from stacks.parts.work_queue import VIDEOS, WorkQueue
from stacks.storage import Storage
from stacks.videos import Videos


class Project(Stack):
    """The queue of one project and what belongs to it."""

    def __init__(
        self,
        scope: Construct,
        settings: DeploymentSettings,
        name: str,
        storage: Storage,
        inference: Inference,
        videos: Videos | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, names.stack_name(settings.name, f"project-{name}"), **kwargs)
        images = WorkQueue(
            self,
            "Images",
            deployment=settings.name,
            project=name,
            images=storage.images,
            keys=[{"prefix": f"{name}/"}],
            worker=inference.worker.function,
            concurrency=max_concurrency(settings.projects[name].max_inference_units),
            # run_model opens it: before that, each receive would only find no model.
            opened=False,
            alarms_to=storage.operations_topic.topic,
        )
        CfnOutput(self, "QueueUrl", value=images.queue.queue_url)
        CfnOutput(self, "QueueArn", value=images.queue.queue_arn)
        CfnOutput(self, "DeadLetterQueueUrl", value=images.dead.queue.queue_url)
        CfnOutput(self, "EventSourceId", value=images.event_source.event_source_mapping_id)
        CfnOutput(self, "MinInferenceUnits", value=str(settings.projects[name].min_inference_units))
        CfnOutput(self, "Runtime", value=settings.projects[name].runtime)
        if videos is not None and settings.projects[name].videos is not None:
            self._make_videos(settings.name, name, storage, videos)
        source_buckets = settings.projects[name].source_buckets
        if source_buckets:
            CfnOutput(self, "SourceBuckets", value=" ".join(source_buckets))

    def _make_videos(self, deployment: str, name: str, storage: Storage, videos: Videos) -> None:
        queue = WorkQueue(
            self,
            "Videos",
            deployment=deployment,
            project=name,
            images=storage.images,
            keys=[{"prefix": f"{names.VIDEOS}/{name}/"}],
            worker=videos.starter.function,
            concurrency=VIDEO_BATCHES,
            # Rekognition's own labels need no model of the project's.
            opened=True,
            alarms_to=storage.operations_topic.topic,
            kind=VIDEOS,
        )
        CfnOutput(self, "VideosQueueUrl", value=queue.queue.queue_url)
        CfnOutput(self, "VideosDeadLetterQueueUrl", value=queue.dead.queue.queue_url)
