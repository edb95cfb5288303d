"""A deployment in memory, with one picture and one active model version, and a time that passes only in sleep."""

import itertools
import json
from typing import Any

from lambdas.deployment_settings import ProjectSettings
from lambdas.detect_labels.asking import Asker
from lambdas.detect_labels.detection import Delivery, Detector, detect
from lambdas.detect_labels.looking import Eyes
from lambdas.detect_labels.moderating import Moderator
from lambdas.detect_labels.pacing import Pacer
from lambdas.events import DetectionRequest, ObjectCreated
from lambdas.images import ImageRef, job_id
from lambdas.items import from_item, to_item
from lambdas.jobs import Job
from lambdas.label_objects import LabelObjects
from lambdas.pictures.decoder import Decoder
from lambdas.queries import Queries
from lambdas.registry import CachedRegistry, Registry
from lambdas.results import ResultsTable
from lambdas.telling import Teller
from tests.unit.aws import client_of
from tests.unit.dynamodb import Table
from tests.unit.lambdas.pictures import noise, picture
from tests.unit.lambdas.services import Bucket, Detections, Topic

LABELS = [{"Name": "seven", "Confidence": 98.5}]
NOW = 1_700_000_000.0
V1 = "arn:aws:rekognition:eu-west-1:123456789012:project/demo.digits/version/lot.1/1700000000001"
V2 = "arn:aws:rekognition:eu-west-1:123456789012:project/demo.digits/version/lot.2/1700000000002"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:results"
LARGE = noise(300, 300, "PNG")  # too large to be sent within the request
SECONDS = 90.0  # of one invocation


class Time:
    """A time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def epoch(self) -> float:
        return NOW + self.now


class Scene:
    """The parts of the deployment, and deliveries of its image."""

    def __init__(self) -> None:
        self.time = Time()
        self.bucket, self.topic, self.models = Bucket(), Topic(), Detections()
        self.results_table, self.registry_table = Table(), Table()
        self.s3, self.sns = client_of("s3", self.bucket), client_of("sns", self.topic)
        self.rekognition = client_of("rekognition", self.models)
        self.registry = Registry(client_of("dynamodb", self.registry_table), "registry")
        self.dynamodb = client_of("dynamodb", self.results_table)
        self.results = ResultsTable(self.dynamodb, "results", LabelObjects(self.s3, "objects"), pause=self.time.sleep)
        self.queries = Queries(self.dynamodb, "results")
        self.teller = Teller(sns=self.sns, results=self.results, results_topic_arn=TOPIC, clock=self.time.epoch)
        self.image = ImageRef("images", "digits/a.png", "v1")
        self.bucket.put(self.image.key, picture(), job_tag="lot-7")
        self.promote(V1)
        self.models.answers[V1] = LABELS
        self.pointer_reads = 0
        count = self.registry_table.get_item

        def counted(**said: Any) -> Any:
            self.pointer_reads += 1
            return count(**said)

        self.registry_table.get_item = counted  # type: ignore[method-assign]
        self._holders = (f"delivery {number}" for number in itertools.count(1))
        self.detector = self.new_process()

    def new_process(self) -> Detector:
        """Return a detector that remembers no pointer."""
        pacer = Pacer(1000.0, self.time, self.time.sleep)
        asker = Asker(rekognition=self.rekognition, clock=self.time, sleep=self.time.sleep)
        eyes = Eyes(
            s3=self.s3,
            asker=asker,
            moderator=Moderator(
                asker=asker,
                augmented_ai=lambda: client_of("sagemaker-a2i-runtime", self.models),
                deployment="demo",
                pacer=pacer,
            ),
            decoder=Decoder(),
            registry=CachedRegistry(self.registry, clock=lambda: 0.0),
            results=self.results,
            results_bucket="objects",
            pacer=lambda project, settings: pacer,
        )
        return Detector(eyes=eyes, results=self.results, teller=self.teller, clock=self.time.epoch)

    def promote(self, arn: str) -> None:
        key = {"PK": "PROJECT#digits", "SK": "STATE"}
        self.registry_table.items["PROJECT#digits", "STATE"] = to_item(key | {"ActiveVersionArn": arn})

    def delivery(self, project: str = "digits", **said: Any) -> Delivery:
        """Return a delivery of the image; `request` is what it asks."""
        request: DetectionRequest | None = said.pop("request", None)
        how: dict[str, Any] = {
            "arrival": ObjectCreated(self.image, 5, request),
            "project": project,
            "settings": ProjectSettings(),
            "holder": next(self._holders),
            "lease_seconds": SECONDS + 5,
            "deadline": self.time() + SECONDS - 15,
        }
        return Delivery(**how | said)

    def deliver(self, settings: ProjectSettings | None = ProjectSettings(), **said: Any) -> Job:  # noqa: B008 - frozen
        return detect(self.detector, self.delivery(settings=settings, **said))

    def die(self, **said: Any) -> None:
        """Deliver the image to a function that dies while the model looks, and wait until its lease has ended."""

        class KilledError(BaseException):
            pass

        def kill(**_: Any) -> None:
            self.results_table.update_item = kill  # type: ignore[method-assign]  # the dead hand nothing back
            raise KilledError

        self.models.meanwhile = kill
        try:
            self.deliver(**said)
        except KilledError:
            del self.results_table.update_item
            self.models.meanwhile = lambda: None
            self.time.now += 2 * SECONDS

    def told(self, topic: str = TOPIC) -> list[dict[str, Any]]:
        return [json.loads(said["Message"]) for said in self.topic.published if said["TopicArn"] == topic]

    def standing(self, project: str = "digits", run: str | None = None) -> Job | None:
        return self.queries.job(job_id(self.image, project, run))

    def item(self, project: str = "digits") -> dict[str, Any]:
        return from_item(self.results_table.items[f"JOB#{job_id(self.image, project)}", "JOB"])
