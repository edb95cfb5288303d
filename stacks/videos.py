"""Stored videos of all projects: into Rekognition, out of it, and what looks after those that it never told of."""

from typing import Any, Final

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambdas.delivery import TIMEOUT_SECONDS
from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import StartVideo, SweepVideos
from lambdas.names import VIDEOS, resource_name, stack_name
from stacks.parts.alarms import alarm_errors
from stacks.parts.collecting import Collecting
from stacks.parts.encrypted_topic import EncryptedTopic
from stacks.parts.policy import NO_RESOURCES, allow, allow_getting, service_role
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.read_queue import allow_serving_projects
from stacks.parts.schedule import Rhythm, Words, run_regularly
from stacks.parts.telling import allow_results, results_environment
from stacks.storage import Storage

_STARTER: Final = "start_video"
_SWEEPER: Final = "sweep_videos"


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
        queue = Collecting(self, settings, storage, self._topic.topic).queue
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
                **results_environment(storage),
                videos_topic_arn=self._topic.arn,
                videos_role_arn=self._channel_role.role_arn,
            ),
        )
        self._allow_starting(starter.role)
        allow_serving_projects(starter.role, settings.name, _STARTER)
        alarm_errors(
            self,
            f"{_STARTER}Errors",
            name=resource_name(settings.name, _STARTER),
            function=starter.function,
            to=storage.operations_topic.topic,
        )
        return starter

    def _allow_starting(self, role: iam.Role) -> None:
        # Rekognition reads a video with the permissions of who starts its job.
        allow_getting(
            role, [self._storage.images.bucket_arn], keys=[f"{VIDEOS}/*"], wide_because="Every object there is a video"
        )
        allow(role, "rekognition:StartLabelDetection", on=["*"], wide_because=NO_RESOURCES)
        allow(
            role,
            "iam:PassRole",
            on=[self._channel_role.role_arn],
            when={"StringEquals": {"iam:PassedToService": "rekognition.amazonaws.com"}},
        )
        allow_results(role, self._settings, self._storage)

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
        allow(sweeper.role, "dynamodb:UpdateItem", on=[table.table_arn])
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
