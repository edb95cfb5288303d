"""sample_video: an uploaded video to frames, which its project's own model looks at as it does at images."""

from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import SampleVideo, from_environment
from lambdas.events import MalformedEventError, object_created
from lambdas.frames import FrameStore
from lambdas.jobs import Job, JobStatus
from lambdas.leases import holder, lease_seconds
from lambdas.one_message import end_message
from lambdas.sample_video.decoding import VideoDecoder
from lambdas.sample_video.sampling import Delivery, Sampler, sample
from lambdas.videos import project_of_video, reference
from lambdas.wiring import queues_of, teller_from
from lambdas.work_messages import Message

VERB_NOUN: Final = "sample_video"

_RESERVE_SECONDS: Final = 150.0  # of an invocation: to download the video before, and to ask for its frames after

logger: Final = Logger()
metrics: Final = Metrics()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Sample one video; answer whether its message goes back to the queue."""
    metrics.set_default_dimensions(Deployment=load_settings().name)
    job, answer = end_message(queues_of(VERB_NOUN), event, lambda message: _sample(message, context))
    if job:
        _count(job)
    return answer


def _sample(message: Message, context: LambdaContext) -> Job | None:
    """Sample the video of a message; None where its project wants no custom labels of it."""
    found = object_created(message.body).object
    project = project_of_video(found.key)
    known = load_settings().projects.get(project or "")
    if project is None or known is None:
        raise MalformedEventError(f"{found.key!r} is no video of a project")
    if known.videos is None or not known.videos.custom_labels or found.key.endswith("/"):
        return None
    delivery = Delivery(
        video=reference(found.bucket, found.key, found.version),
        project=project,
        settings=known,
        videos=known.videos,
        holder=holder(context, message),
        lease_seconds=lease_seconds(context),
        decoding_seconds=context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS,
    )
    return sample(_sampler(), delivery)


def _count(job: Job) -> None:
    logger.info("video", job_id=job.id, project=job.project, status=job.status.value)
    if job.status is JobStatus.IN_PROGRESS:
        metrics.add_metric("VideosSampled", MetricUnit.Count, 1)
    # A duplicate finds a job that was told of before: it has been counted.
    elif job.status is JobStatus.FAILED and job.unnotified:
        metrics.add_metric("VideosRefused", MetricUnit.Count, 1)


@cache
def _sampler() -> Sampler:
    environment = from_environment(SampleVideo)
    s3, teller = client("s3"), teller_from(environment)
    return Sampler(
        s3=s3,
        sqs=client("sqs"),
        deployment=load_settings().name,
        results=teller.results,
        frames=FrameStore(s3, environment.results_bucket),
        decoder=VideoDecoder(),
        teller=teller,
        frames_topic_arn=environment.frames_topic_arn,
    )
