"""start_video: videos of a project's queue to Rekognition, as many at once as the account's quota allows."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from lambdas.clients import client
from lambdas.deployment_settings import DeploymentSettings, load_settings
from lambdas.environment import StartVideo, from_environment
from lambdas.errors import LaterError, error_code
from lambdas.events import MalformedEventError, object_created
from lambdas.jobs import Job, JobStatus
from lambdas.leases import holder, lease_seconds
from lambdas.names import project_of_queue
from lambdas.queries import Queries
from lambdas.settling import Ending, attempt, settle
from lambdas.start_video.crowding import seconds_to_next_try
from lambdas.start_video.starting import Delivery, Starter, start
from lambdas.video_starts import VideoStarts
from lambdas.videos import project_of_video, reference
from lambdas.wiring import queues_of, teller_from
from lambdas.work_messages import Message, Queues, message_of, sent_back

VERB_NOUN: Final = "start_video"
_RESERVE_MILLIS: Final = 20_000  # for one video more

logger: Final = Logger()
metrics: Final = Metrics()


class NoRoomError(LaterError):
    """Rekognition takes no more jobs now: the video waits in its queue."""


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Start up to ten videos, one after another; answer which messages go back to the queue."""
    settings = load_settings()
    metrics.set_default_dimensions(Deployment=settings.name)
    messages = [message_of(record) for record in event["Records"]]
    endings = _start_all(Invocation(starter=_starter(), settings=settings, context=context), messages)
    project = project_of_queue(settings.name, VERB_NOUN, messages[0].queue)
    queues, now = queues_of(VERB_NOUN), time.time()
    back = settle(queues, endings, project=project, now=now, wait=_next_tries(queues, settings, now))
    _count(endings, back)
    return sent_back(*(ending.message.id for ending in back))


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One batch's place."""

    starter: Starter
    settings: DeploymentSettings
    context: LambdaContext

    def start_video(self, message: Message) -> Job | None:
        """Start one video; None for the zero-byte object that the S3 console makes for a folder."""
        arrival = object_created(message.body)
        found = arrival.object
        if found.key.endswith("/") and arrival.size == 0:
            return None
        project = project_of_video(found.key)
        known = self.settings.projects.get(project or "")
        if project is None or known is None or known.videos is None:
            raise MalformedEventError(f"{found.key!r} is no video of a project that has the setting `videos`")
        if not known.videos.labels:
            return None
        delivery = Delivery(
            video=reference(found.bucket, found.key, found.version),
            size=arrival.size,
            project=project,
            settings=known,
            videos=known.videos,
            holder=holder(self.context, message),
            lease_seconds=lease_seconds(self.context),
            last=message.is_last(time.time()),
        )
        return start(self.starter, delivery)


def _start_all(invocation: Invocation, messages: Sequence[Message]) -> list[Ending]:
    endings: list[Ending] = []
    for message in messages:
        full = any(_is_full(ending.error) for ending in endings)
        endings.append(attempt(message, partial(_start_one, invocation, full=full)))
    return endings


def _start_one(invocation: Invocation, message: Message, *, full: bool) -> Job | None:
    if full and not message.is_last(time.time()):
        raise NoRoomError("Rekognition has just refused another video: as many jobs are open as may be")
    if invocation.context.get_remaining_time_in_millis() < _RESERVE_MILLIS:
        raise LaterError("the invocation has no time left")
    return invocation.start_video(message)


def _next_tries(queues: Queues, settings: DeploymentSettings, now: float) -> Callable[[Ending], int | None]:
    """Return what knows when a video tries again that found no room."""
    projects = sum(project.videos is not None and project.videos.labels for project in settings.projects.values())
    depth = cache(queues.depth)

    def wait(ending: Ending) -> int | None:
        if not isinstance(ending.error, NoRoomError) and not _is_full(ending.error):
            return None
        message = ending.message
        return seconds_to_next_try(depth(message.queue), projects, now - message.sent_at)

    return wait


def _is_full(error: BaseException | None) -> bool:
    """Tell whether Rekognition has as many jobs open as it takes."""
    return isinstance(error, ClientError) and error_code(error) == "LimitExceededException"


def _count(endings: Sequence[Ending], back: Sequence[Ending]) -> None:
    jobs = [ending.job for ending in endings if ending.job is not None]
    numbers = {
        "VideosStarted": sum(job.status is JobStatus.IN_PROGRESS for job in jobs),
        "VideosRefused": sum(job.status is JobStatus.FAILED and job.unnotified for job in jobs),
        "VideosPutOff": len(back),
    }
    for name, number in numbers.items():
        if number:
            metrics.add_metric(name, MetricUnit.Count, number)
    for job in jobs:
        logger.info("video", job_id=job.id, project=job.project, status=job.status.value)


@cache
def _starter() -> Starter:
    environment = from_environment(StartVideo)
    dynamodb, table, teller = client("dynamodb"), environment.results_table, teller_from(environment)
    return Starter(
        s3=client("s3"),
        rekognition=client("rekognition", once=True),
        results=teller.results,
        starts=VideoStarts(dynamodb, table, teller.results.transactions),
        queries=Queries(dynamodb, table),
        teller=teller,
        channel={"SNSTopicArn": environment.videos_topic_arn, "RoleArn": environment.videos_role_arn},
    )
