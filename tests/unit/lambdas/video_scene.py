"""A deployment in memory that looks at videos."""

import itertools
import json
from typing import Any

from lambdas.collect_video.collecting import Collector, collect
from lambdas.collect_video.collecting import Delivery as Collection
from lambdas.collect_video.completions import Completion
from lambdas.collect_video.progress import Shelf
from lambdas.deployment_settings import DeploymentSettings, ProjectSettings
from lambdas.items import from_item
from lambdas.jobs import Job
from lambdas.label_objects import LabelObjects
from lambdas.queries import Queries
from lambdas.results import ResultsTable
from lambdas.start_video.starting import Delivery, Starter, start
from lambdas.telling import Teller
from lambdas.video_settings import VideoSettings
from lambdas.video_starts import VideoStarts
from lambdas.videos import VideoRef
from tests.unit.aws import client_of
from tests.unit.dynamodb import Table
from tests.unit.lambdas.scene import TOPIC, Time
from tests.unit.lambdas.services import Bucket, Topic, VideoJobs
from tests.unit.rekognition.drawn_videos import video

CHANNEL = {
    "SNSTopicArn": "arn:aws:sns:eu-west-1:123456789012:AmazonRekognition-videos",
    "RoleArn": "arn:aws:iam::123456789012:role/videos",
}
FILM = video(seconds=2.0)


class VideoScene:
    """The parts of the deployment, and deliveries of its video and of the ends of its jobs."""

    def __init__(self) -> None:
        self.time = Time()
        self.bucket, self.topic, self.jobs, self.table = Bucket(), Topic(), VideoJobs(), Table()
        self.dynamodb = client_of("dynamodb", self.table)
        s3, sns, rekognition = (
            client_of(service, fake)
            for service, fake in (("s3", self.bucket), ("sns", self.topic), ("rekognition", self.jobs))
        )
        self.results = ResultsTable(self.dynamodb, "results", LabelObjects(s3, "objects"), pause=self.time.sleep)
        self.queries = Queries(self.dynamodb, "results")
        self.teller = Teller(sns=sns, results=self.results, results_topic_arn=TOPIC, clock=self.time.epoch)
        self.video = self.put("a.mp4", FILM)
        self._holders = (f"delivery {number}" for number in itertools.count(1))
        self.starter = Starter(
            s3=s3,
            rekognition=rekognition,
            results=self.results,
            starts=VideoStarts(self.dynamodb, "results", self.results.transactions),
            queries=self.queries,
            teller=self.teller,
            channel=CHANNEL,
            clock=self.time.epoch,
        )
        self.collector = Collector(
            rekognition=rekognition,
            results=self.results,
            queries=self.queries,
            teller=self.teller,
            shelf=Shelf(s3, "objects"),
            settings=DeploymentSettings(name="demo", projects={"digits": ProjectSettings(videos=VideoSettings())}),
            clock=self.time.epoch,
        )

    def put(self, name: str, body: bytes, **metadata: str) -> VideoRef:
        ref = VideoRef("images", f"videos/digits/{name}", "v1")
        self.bucket.put(ref.key, body, **metadata)
        return ref

    def start(self, ref: VideoRef | None = None, *, last: bool = False, **videos: Any) -> Job | None:
        """Deliver a video; `videos` are its project's settings."""
        said = VideoSettings(**videos)
        return start(
            self.starter,
            Delivery(
                video=ref or self.video,
                size=5,
                project="digits",
                settings=ProjectSettings(videos=said),
                videos=said,
                holder=next(self._holders),
                lease_seconds=95,
                last=last,
            ),
        )

    def collect(
        self, job_id: str, status: str | None = "SUCCEEDED", *, pages: int = 10**9, sent_at: float | None = None
    ) -> Job:
        """Deliver the end of a job to an invocation that has time for so many pages."""
        left = iter([True] * min(pages, 10_000))
        return collect(
            self.collector,
            Collection(
                completion=Completion(job_id, status),
                sent_at=self.time.epoch() if sent_at is None else sent_at,
                holder=next(self._holders),
                lease_seconds=305,
                has_time=lambda: next(left, False),
            ),
        )

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(said["Message"]) for said in self.topic.published]

    def item(self, job_id: str) -> dict[str, Any]:
        return from_item(self.table.items[f"JOB#{job_id}", "JOB"])

    def timeline(self, job_id: str) -> list[dict[str, Any]]:
        body = self.bucket.written[f"timelines/digits/{job_id}.jsonl"]
        return [json.loads(line) for line in body.decode().splitlines()]
