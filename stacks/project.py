"""One project's way in: a rule, a queue and an event source that stays closed until its model runs."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from lambdas.delivery import max_concurrency
from lambdas.deployment_settings import DeploymentSettings
from lambdas.names import stack_name
from stacks.inference import Inference
from stacks.parts.work_queue import WorkQueue
from stacks.storage import Storage


class Project(Stack):
    """The queue of one project and what belongs to it."""

    def __init__(
        self,
        scope: Construct,
        settings: DeploymentSettings,
        name: str,
        storage: Storage,
        inference: Inference,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, stack_name(settings.name, f"project-{name}"), **kwargs)
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
        source_buckets = settings.projects[name].source_buckets
        if source_buckets:
            CfnOutput(self, "SourceBuckets", value=" ".join(source_buckets))
