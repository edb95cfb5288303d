"""sample_video: an uploaded video to frames, which its project's own model looks at as it does at images."""

import time
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import DeploymentSettings, load_settings
from lambdas.environment import SampleVideo, from_environment
from lambdas.events import MalformedEventError, object_created
from lambdas.frames import FrameStore
from lambdas.jobs import Job, JobStatus
from lambdas.label_objects import LabelObjects
from lambdas.results import ResultsTable
from lambdas.sample_video.decoding import VideoDecoder
from lambdas.sample_video.sampling import Delivery, Sampler, sample
from lambdas.settling import Ending, settle
from lambdas.telling import Teller
from lambdas.videos import project_of_video, reference
from lambdas.work_messages import Message, Queues, message_of

VERB_NOUN: Final = "sample_video"

_RESERVE_SECONDS: Final = 150.0  # of an invocation: to download the video before, and to ask for its frames after
_LEASE_SPARE_SECONDS: Final = 5.0  # seconds that Lambda may take to end an invocation that is out of time

logger: Final = Logger()
metrics: Final = Metrics()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Sample one video; answer whether its message goes back to the queue."""
    (record,) = event["Records"]
    metrics.set_default_dimensions(Deployment=_settings().name)
    message = message_of(record)
    ending = _ending(message, context)
    back = settle(_queues(), [ending], project=_project_of(ending), now=time.time())
    _count(ending)
    return {"batchItemFailures": [{"itemIdentifier": each.message.id} for each in back]}


def _ending(message: Message, context: LambdaContext) -> Ending:
    try:
        return Ending(message, _sample(message, context), None)
    except Exception as error:  # noqa: BLE001 - settle decides what each means
        return Ending(message, None, error)


def _sample(message: Message, context: LambdaContext) -> Job | None:
    """Sample the video of a message; None where its project wants no custom labels of it."""
    found = object_created(message.body).object
    project = project_of_video(found.key)
    known = _settings().projects.get(project or "")
    if project is None or known is None:
        raise MalformedEventError(f"{found.key!r} is no video of a project")
    if known.videos is None or not known.videos.custom_labels or found.key.endswith("/"):
        return None
    left = context.get_remaining_time_in_millis() / 1000
    delivery = Delivery(
        video=reference(found.bucket, found.key, found.version),
        project=project,
        settings=known,
        videos=known.videos,
        holder=f"{context.aws_request_id}/{message.id}",
        lease_seconds=left + _LEASE_SPARE_SECONDS,
        decoding_seconds=left - _RESERVE_SECONDS,
    )
    return sample(_sampler(), delivery)


def _project_of(ending: Ending) -> str:
    return ending.job.project if ending.job else ""


def _count(ending: Ending) -> None:
    job = ending.job
    if job is not None:
        name = "VideosSampled" if job.status is JobStatus.IN_PROGRESS else "VideosRefused"
        metrics.add_metric(name, MetricUnit.Count, 1)
        logger.info("video", job_id=job.id, project=job.project, status=job.status.value)


@cache
def _settings() -> DeploymentSettings:
    return load_settings()


@cache
def _queues() -> Queues:
    return Queues(client("sqs"), VERB_NOUN)


@cache
def _sampler() -> Sampler:
    environment = from_environment(SampleVideo)
    dynamodb, s3 = client("dynamodb"), client("s3")
    results = ResultsTable(dynamodb, environment.results_table, LabelObjects(s3, environment.results_bucket))
    return Sampler(
        s3=s3,
        sqs=client("sqs"),
        deployment=_settings().name,
        results=results,
        frames=FrameStore(s3, environment.results_bucket),
        decoder=VideoDecoder(),
        teller=Teller(sns=client("sns"), results=results, results_topic_arn=environment.results_topic_arn),
        frames_topic_arn=environment.frames_topic_arn,
    )
