"""detect_labels: a batch of images to labels in the results table and on the results topic."""

import time
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.delivery import fair_moderation_rate, max_concurrency
from lambdas.deployment_settings import DeploymentSettings, load_settings
from lambdas.detect_labels.asking import Asker
from lambdas.detect_labels.batches import work_on
from lambdas.detect_labels.counting import count
from lambdas.detect_labels.detection import Delivery, Detector, detect
from lambdas.detect_labels.looking import Eyes
from lambdas.detect_labels.metering import meter_batch
from lambdas.detect_labels.moderating import Moderator
from lambdas.detect_labels.pacing import Pacer, Pacers
from lambdas.environment import DetectLabels, from_environment
from lambdas.events import MalformedEventError, ObjectCreated, object_created
from lambdas.jobs import Job
from lambdas.leases import SPARE_SECONDS, holder
from lambdas.meter import Meter
from lambdas.names import UNKNOWN, project_of_queue
from lambdas.pictures.decoder import Decoder
from lambdas.registry import CachedRegistry, Registry
from lambdas.settling import settle
from lambdas.videos import project_of_video
from lambdas.wiring import queues_of, teller_from
from lambdas.work_messages import Message, message_of, sent_back

VERB_NOUN: Final = "detect_labels"
_RESERVE_SECONDS: Final = 15.0  # of an invocation, for the last call's answer, the commit and the publish

logger: Final = Logger()
metrics: Final = Metrics()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Detect the labels of up to ten images; answer which messages go back to the queue."""
    settings = load_settings()
    metrics.set_default_dimensions(Deployment=settings.name)
    messages = [message_of(record) for record in event["Records"]]
    invocation = Invocation(
        detector=_detector(),
        settings=settings,
        context=context,
        seconds=context.get_remaining_time_in_millis() / 1000,
        begun_at=time.monotonic(),
    )
    endings = work_on(messages, invocation.detect_image)
    project = project_of_queue(settings.name, VERB_NOUN, messages[0].queue)
    back = settle(queues_of(VERB_NOUN), endings, project=project, now=time.time())
    throttles = _pacers().take_throttles()
    meter_batch(_meter(), endings, project=project, throttles=throttles, now=time.time())
    throttles += _moderation_pacer().take_throttles()  # which are not of the model that the meter is for
    count(endings, back, deployment=settings.name, throttles=throttles, now=time.time())
    return sent_back(*(ending.message.id for ending in back))


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One batch's time and place."""

    detector: Detector
    settings: DeploymentSettings
    context: LambdaContext
    seconds: float  # that it may take
    begun_at: float  # on the monotonic clock

    def detect_image(self, message: Message, *, alone: bool) -> Job | None:
        """Detect one image; None for the zero-byte object that the S3 console makes for a folder."""
        arrival = object_created(message.body)
        if arrival.object.key.endswith("/") and arrival.size == 0 and arrival.request is None:
            return None
        project = self._project_of(arrival)
        films = project_of_video(arrival.object.key)
        delivery = Delivery(
            arrival=arrival,
            project=project,
            settings=self.settings.projects.get(project),
            holder=holder(self.context, message),
            lease_seconds=self.begun_at + self.seconds + SPARE_SECONDS - time.monotonic(),
            deadline=self.begun_at + self.seconds - _RESERVE_SECONDS,
            videos_of=films if project == UNKNOWN and films in self.settings.projects else None,
            last=message.is_last(time.time()),
            alone=alone,
        )
        return detect(self.detector, delivery)

    def _project_of(self, arrival: ObjectCreated) -> str:
        if arrival.request is None:
            first, slash, _ = arrival.object.key.partition("/")
            return first if slash and first in self.settings.projects else UNKNOWN
        if arrival.request.project not in self.settings.projects:
            raise MalformedEventError(f"detail.request.project is {arrival.request.project!r}, which is no project")
        return arrival.request.project


@cache
def _pacers() -> Pacers:
    return Pacers()


@cache
def _moderation_pacer() -> Pacer:
    """Return the one pace of all projects' moderations: their quota is the account's."""
    moderated = [project for project in load_settings().projects.values() if project.moderation]
    invocations = sum(max_concurrency(project.max_inference_units) for project in moderated)
    return Pacer(fair_moderation_rate(client("rekognition", once=True).meta.region_name, invocations))


@cache
def _meter() -> Meter:
    return Meter(client("dynamodb"), from_environment(DetectLabels).registry_table)


@cache
def _detector() -> Detector:
    environment = from_environment(DetectLabels)
    teller = teller_from(environment)
    asker = Asker(rekognition=client("rekognition", once=True))
    eyes = Eyes(
        s3=client("s3"),
        asker=asker,
        moderator=Moderator(
            asker=asker,
            augmented_ai=lambda: client("sagemaker-a2i-runtime"),
            deployment=load_settings().name,
            pacer=_moderation_pacer(),
        ),
        decoder=Decoder(),
        registry=CachedRegistry(Registry(client("dynamodb"), environment.registry_table)),
        results=teller.results,
        results_bucket=environment.results_bucket,
        pacer=_pacers().of,
    )
    return Detector(eyes=eyes, results=teller.results, teller=teller)
