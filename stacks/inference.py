"""From images to labels: the function that looks at images of all projects, and the queue for keys of none."""

import json
from typing import Any, Final

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from lambdas.delivery import TIMEOUT_SECONDS, max_concurrency
from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import DetectLabels
from lambdas.names import (
    ANNOTATED_FOLDER,
    FRAMES_FOLDER,
    LABELS_FOLDER,
    MINUTE_ATTRIBUTES,
    UNKNOWN,
    VIDEOS,
    human_loop_name,
    resource_name,
    stack_name,
)
from lambdas.setting_checks import SettingsError
from stacks.parts.alarms import alarm, alarm_errors
from stacks.parts.metrics import own_metric
from stacks.parts.policy import NO_RESOURCES, allow, allow_getting, bucket_arn
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.read_queue import allow_serving_projects
from stacks.parts.rekognition import allow_on_versions
from stacks.parts.telling import allow_results, results_environment, wants_frames
from stacks.parts.work_queue import WORKER, WorkQueue
from stacks.storage import Storage

# The function itself leaves 768 of them to its decoding process, which decodes pictures of 128 million pixels with it.
_MEGABYTES: Final = 1024


_MOST_CLAIMED: Final = 1850  # characters, of the 2048 of an event pattern; the rest of it has some 180


class Inference(Stack):
    """The detecting function and its catch-all queue."""

    def __init__(self, scope: Construct, settings: DeploymentSettings, storage: Storage, **kwargs: Any) -> None:
        super().__init__(scope, stack_name(settings.name, "inference"), **kwargs)
        self.worker = PythonFunction(
            self,
            WORKER,
            settings=settings,
            size=Size(seconds=TIMEOUT_SECONDS, megabytes=_MEGABYTES),
            environment=DetectLabels(
                registry_table=storage.registry.table_name,
                **results_environment(storage),
            ),
        )
        allow_serving_projects(self.worker.role, settings.name, WORKER)
        self._allow_work(settings, storage)
        unknown = WorkQueue(
            self,
            "Unknown",
            deployment=settings.name,
            project=UNKNOWN,
            images=storage.images,
            keys=[{"anything-but": {"prefix": _claimed(settings)}}],
            worker=self.worker.function,
            concurrency=max_concurrency(0),
            # No model is needed to say that no project claims a key.
            opened=True,
            alarms_to=storage.operations_topic.topic,
        )
        # Lambda checks at creation that the function may read the queue.
        unknown.event_source.node.add_dependency(self.worker.role)
        CfnOutput(self, "DetectLabelsFunction", value=self.worker.function.function_name)
        CfnOutput(self, "UnknownQueueUrl", value=unknown.queue.queue_url)
        CfnOutput(self, "UnknownDeadLetterQueueUrl", value=unknown.dead.queue.queue_url)

    def _allow_work(self, settings: DeploymentSettings, storage: Storage) -> None:
        role = self.worker.role
        self._allow_reading(settings, storage)
        allow(role, "dynamodb:GetItem", on=[storage.registry.table_arn])
        self._allow_metering(storage)
        allow_results(role, settings, storage)
        allow(
            role,
            "s3:PutObject",
            on=[storage.results_bucket.arn_for_objects(f"{folder}/*") for folder in (LABELS_FOLDER, ANNOTATED_FOLDER)],
            wide_because="Each job has a list of labels and a copy of its image of its own",
        )
        allow_on_versions(role, settings.name, "rekognition:DetectCustomLabels")
        self._allow_moderation(settings)
        self._alarm(settings.name, storage)

    def _allow_moderation(self, settings: DeploymentSettings) -> None:
        """Grant what projects ask for: the review is begun by Rekognition, with the caller's permission."""
        role = self.worker.role
        if any(project.moderation for project in settings.projects.values()):
            # Its only resource is an adapter, which is not asked.
            allow(role, "rekognition:DetectModerationLabels", on=["*"], wide_because=NO_RESOURCES)
        reviews = settings.human_reviews
        if reviews:
            flows = sorted({review.flow_definition_arn for review in reviews})
            allow(role, "sagemaker:StartHumanLoop", on=flows)
            allow(
                role,
                "sagemaker:DescribeHumanLoop",
                on=[
                    self.format_arn(
                        service="sagemaker", resource="human-loop", resource_name=human_loop_name(settings.name, "*")
                    )
                ],
                wide_because="Each image has a human loop of its own",
            )

    def _allow_metering(self, storage: Storage) -> None:
        """Let it add to the meter in the registry, and write nothing else there.

        IAM sees a write's partition key (dynamodb:LeadingKeys), which all items of a project share, and not its sort
        key. So the grant is held to the attributes of the meter: no write can promote a version, want one stopped or
        lease one. An answer could bring other attributes along; a write that asks for one is refused.
        """
        allow(
            self.worker.role,
            "dynamodb:UpdateItem",
            on=[storage.registry.table_arn],
            when={
                "ForAllValues:StringEquals": {"dynamodb:Attributes": list(MINUTE_ATTRIBUTES)},
                "StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE"]},
            },
        )

    def _allow_reading(self, settings: DeploymentSettings, storage: Storage) -> None:
        """Grant by ARN what the settings name: a bucket of another owner needs a policy that lets the role in."""
        others = sorted({bucket for project in settings.projects.values() for bucket in project.source_buckets})
        buckets = [storage.images.bucket_arn, *(bucket_arn(self, bucket) for bucket in others)]
        if wants_frames(settings):
            allow_getting(
                self.worker.role,
                [storage.results_bucket.bucket_arn],
                keys=[f"{FRAMES_FOLDER}/*"],
                wide_because="Every object of that folder is a frame of a video",
            )
        allow_getting(
            self.worker.role,
            buckets,
            wide_because="Every object of the images bucket, and of the buckets that a project names, is an image",
        )

    def _alarm(self, deployment: str, storage: Storage) -> None:
        name = resource_name(deployment, WORKER)
        alarm(
            self,
            "Crashed",
            name=f"{name}-crashed",
            says=f"{name} died of an image three times; the image has a FAILED result CRASHED. Its log says how.",
            metric=own_metric(deployment, WORKER, "ImagesCrashed"),
            at_least=1,
            to=storage.operations_topic.topic,
        )
        alarm_errors(self, "Errors", name=name, function=self.worker.function, to=storage.operations_topic.topic)


def _claimed(settings: DeploymentSettings) -> list[str]:
    """Return what keys begin with that have a queue of their own; raise SettingsError where a rule cannot hold them."""
    videos = [f"{VIDEOS}/{name}/" for name, project in settings.projects.items() if project.videos]
    claimed = sorted([*(f"{name}/" for name in settings.projects), *videos])
    if len(json.dumps(claimed)) > _MOST_CLAIMED:
        raise SettingsError(
            f"deployments.{settings.name}.projects: the names of {len(settings.projects)} projects and {len(videos)} "
            f"with videos have more than {_MOST_CLAIMED} characters, which one EventBridge rule does not hold; shorten "
            "names, or divide the projects among deployments"
        )
    return claimed
