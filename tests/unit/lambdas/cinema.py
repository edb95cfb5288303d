"""A deployment in memory that looks at a video's frames with a model of its own: it finds squares by their colours."""

import io
import itertools
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lambdas.deployment_settings import ProjectSettings
from lambdas.detect_labels.asking import Asker
from lambdas.detect_labels.detection import Delivery as Looking
from lambdas.detect_labels.detection import Detector, detect
from lambdas.detect_labels.looking import Eyes
from lambdas.detect_labels.moderating import Moderator
from lambdas.detect_labels.pacing import Pacer
from lambdas.events import object_created
from lambdas.frames import FrameStore
from lambdas.items import to_item
from lambdas.jobs import Job
from lambdas.label_objects import LabelObjects
from lambdas.merge_video.merging import Merger, merge
from lambdas.moderation_settings import ModerationSettings
from lambdas.pictures.decoder import Decoder
from lambdas.queries import Queries
from lambdas.registry import CachedRegistry, Registry
from lambdas.results import ResultsTable
from lambdas.sample_video.decoding import VideoDecoder
from lambdas.sample_video.sampling import Delivery, Sampler, sample
from lambdas.sweep_results.sweep import Sweeper
from lambdas.telling import Teller
from lambdas.video_settings import VideoSettings
from lambdas.videos import VideoRef
from tests.unit.aws import Refusal, client_of
from tests.unit.dynamodb import Table
from tests.unit.lambdas.films import Pixels
from tests.unit.lambdas.scene import TOPIC, V1, V2, Time
from tests.unit.lambdas.services import Topic
from tests.unit.objects import Objects
from tests.unit.sqs import Queues

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (40, 40, 230)}
MAGENTA = (255, 0, 255)  # that nobody is to see
WIDTH, HEIGHT, SIDE = 160, 96, 24  # pixels
VIDEO = VideoRef("images", "videos/digits/a.mp4", "v1")
QUEUE = "https://sqs.test/custom-labels-demo-detect_labels-digits"
FRAMES_TOPIC = "arn:aws:sns:eu-west-1:123456789012:frames-done"


def square(colour: str, left: int, top: int, frame: Pixels | None = None) -> Pixels:
    """Return a frame with a square, or draw it on one."""
    drawn = np.full((HEIGHT, WIDTH, 3), 128, np.uint8) if frame is None else frame.copy()
    drawn[top : top + SIDE, left : left + SIDE] = COLOURS[colour]
    return drawn


def nothing() -> Pixels:
    """Return a frame without a square."""
    return np.full((HEIGHT, WIDTH, 3), 128, np.uint8)


class Model:
    """DetectCustomLabels: where each colour is."""

    def __init__(self) -> None:
        self.asked = 0
        self.moderated: list[dict[str, Any]] = []  # the requests
        self.refuse: list[Refusal] = []  # the next answers

    def detect_custom_labels(self, **said: Any) -> dict[str, Any]:
        self.asked += 1
        if self.refuse:
            raise self.refuse.pop(0)
        pixels = np.asarray(Image.open(io.BytesIO(said["Image"]["Bytes"])).convert("RGB")).astype(int)
        found = []
        for name, colour in COLOURS.items():
            rows, columns = np.nonzero(np.abs(pixels - colour).sum(axis=2) < 120)
            if len(rows) < SIDE * SIDE / 2:
                continue
            box = {
                "Left": columns.min() / WIDTH,
                "Top": rows.min() / HEIGHT,
                "Width": (columns.max() + 1 - columns.min()) / WIDTH,
                "Height": (rows.max() + 1 - rows.min()) / HEIGHT,
            }
            geometry = {"BoundingBox": {name: float(value) for name, value in box.items()}}
            found.append({"Name": name, "Confidence": 90.0, "Geometry": geometry})
        return {"CustomLabels": found}

    def detect_moderation_labels(self, **said: Any) -> dict[str, Any]:
        """Find magenta unsafe, the more of it the surer."""
        self.moderated.append(said)
        pixels = np.asarray(Image.open(io.BytesIO(said["Image"]["Bytes"])).convert("RGB")).astype(int)
        share = float((np.abs(pixels - MAGENTA).sum(axis=2) < 120).mean())
        label = {"Name": "Gambling", "ParentName": "", "Confidence": 50 + 50 * share, "TaxonomyLevel": 1}
        return {"ModerationLabels": [label] if share > 0.01 else [], "ModerationModelVersion": "7.0"}


class Cinema:
    """The parts of the deployment, and its deliveries."""

    def __init__(
        self, *, moderation: ModerationSettings | None = None, retention_days: int | None = None, **videos: Any
    ) -> None:
        self.settings = ProjectSettings(
            moderation=moderation,
            retention_days=retention_days,
            videos=VideoSettings(**({"custom_labels": True, "frames_per_second": 2} | videos)),
        )
        self.time, self.objects, self.queues, self.topic, self.model = Time(), Objects(), Queues(), Topic(), Model()
        self.table, registry = Table(), Table()
        registry.items["PROJECT#digits", "STATE"] = to_item(
            {"PK": "PROJECT#digits", "SK": "STATE", "ActiveVersionArn": V1}
        )
        self.registry_table = registry
        self.s3, self.sns = client_of("s3", self.objects), client_of("sns", self.topic)
        self.dynamodb = client_of("dynamodb", self.table)
        self.results = ResultsTable(self.dynamodb, "results", LabelObjects(self.s3, "results"), pause=self.time.sleep)
        self.queries = Queries(self.dynamodb, "results")
        self.frames = FrameStore(self.s3, "results")
        self.teller = Teller(sns=self.sns, results=self.results, results_topic_arn=TOPIC, clock=self.time.epoch)
        self.sampler = Sampler(
            s3=self.s3,
            sqs=client_of("sqs", self.queues),
            deployment="demo",
            results=self.results,
            frames=self.frames,
            decoder=VideoDecoder(),
            teller=self.teller,
            frames_topic_arn=FRAMES_TOPIC,
            clock=self.time.epoch,
        )
        pacer = Pacer(1000.0, self.time, self.time.sleep)
        asker = Asker(rekognition=client_of("rekognition", self.model), clock=self.time, sleep=self.time.sleep)
        self.detector = Detector(
            eyes=Eyes(
                s3=self.s3,
                asker=asker,
                moderator=Moderator(
                    asker=asker, augmented_ai=lambda: pytest.fail("nobody asks"), deployment="demo", pacer=pacer
                ),
                decoder=Decoder(),
                registry=CachedRegistry(Registry(client_of("dynamodb", registry), "registry"), clock=self.time),
                results=self.results,
                results_bucket="results",
                pacer=lambda project, settings: pacer,
            ),
            results=self.results,
            teller=self.teller,
            clock=self.time.epoch,
        )
        self._holders = (f"delivery {number}" for number in itertools.count(1))

    def upload(self, content: bytes, **metadata: str) -> None:
        named = {name.replace("_", "-"): value for name, value in metadata.items()}
        self.s3.put_object(Bucket=VIDEO.bucket, Key=VIDEO.key, Body=content, ContentType="video/mp4", Metadata=named)

    def promote_another(self) -> None:
        self.registry_table.items["PROJECT#digits", "STATE"]["ActiveVersionArn"] = {"S": V2}
        self.time.now += 60  # longer than a pointer is remembered

    def sample(self) -> Job:
        return sample(
            self.sampler,
            Delivery(
                video=VIDEO,
                project="digits",
                settings=self.settings,
                videos=self.settings.videos or VideoSettings(),
                holder=next(self._holders),
                lease_seconds=900,
                decoding_seconds=60,
            ),
        )

    def asked(self) -> list[str]:
        """Return the messages in the project's queue."""
        return self.queues.bodies(QUEUE)

    def look(self, body: str, **said: Any) -> Job:
        """Look at one frame, as detect_labels does."""
        how: dict[str, Any] = {
            "arrival": object_created(body),
            "project": "digits",
            "settings": self.settings,
            "holder": next(self._holders),
            "lease_seconds": 95,
            "deadline": self.time() + 75,
        }
        return detect(self.detector, Looking(**how | said))

    def look_at_all(self) -> None:
        for body in self.asked():
            self.look(body)

    def merge(self) -> Job | None:
        """Merge what the topic has told of last."""
        ended = self.told(FRAMES_TOPIC)[-1]
        merger = Merger(
            s3=self.s3,
            bucket="results",
            results=self.results,
            queries=self.queries,
            frames=self.frames,
            teller=self.teller,
            projects={"digits": self.settings},
            clock=self.time.epoch,
        )
        return merge(merger, ended["JobId"], holder=next(self._holders), lease_seconds=125)

    def show(self, content: bytes) -> Job:
        """Bring a video to its result."""
        self.upload(content)
        self.sample()
        self.look_at_all()
        merged = self.merge()
        assert merged is not None
        return merged

    def wait(self, seconds: float) -> None:
        """Let time pass, and DynamoDB delete what has expired."""
        self.time.now += seconds
        for key, item in list(self.table.items.items()):
            if "ExpiresAt" in item and int(item["ExpiresAt"]["N"]) < self.time.epoch():
                del self.table.items[key]

    def sweep(self) -> int:
        self.time.now += 600
        return Sweeper(
            dynamodb=self.dynamodb,
            results=self.results,
            teller=self.teller,
            holder="sweep",
            has_time=lambda: True,
            clock=self.time.epoch,
        ).sweep("digits", retention_days=None)

    def told(self, topic: str = TOPIC) -> list[dict[str, Any]]:
        return [json.loads(said["Message"]) for said in self.topic.published if said["TopicArn"] == topic]

    def timeline(self, job: Job) -> list[dict[str, Any]]:
        """Return the segments that a job's timeline in S3 has."""
        where = job.outcome["Timeline"]
        return [json.loads(line) for line in self.objects.bodies[where["S3Bucket"], where["S3ObjectName"]].splitlines()]
