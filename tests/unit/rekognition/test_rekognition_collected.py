"""The stand-in's label detection as collect_video reads it: page after page, in more than one invocation."""

from __future__ import annotations

import dataclasses
import json

import pytest
from drawn_videos import BLUE, RED, video
from rekognition_bench import Bench

from lambdas.collect_video.collecting import NotDoneError
from lambdas.jobs import JobStatus
from tests.unit.aws import client_of
from tests.unit.lambdas.video_scene import VideoScene

PAGE = 3  # labels
CHANNEL = "NotificationChannel"  # there is no topic here
FILM = video((RED, BLUE, RED), seconds=6.0)


class StandIn:
    """Rekognition's operations on videos, answered by the stand-in."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.read = 0  # pages

    def start_label_detection(self, **said):
        place = said["Video"]["S3Object"]
        self.bench.objects.contents[place["Bucket"], place["Name"], place["Version"]] = FILM
        return self.bench.call("StartLabelDetection", **{name: said[name] for name in said if name != CHANNEL})

    def get_label_detection(self, **said):
        self.read += 1
        return self.bench.call("GetLabelDetection", **said)

    def labels(self, job_id):
        """Return all labels in one answer."""
        return self.bench.call("GetLabelDetection", JobId=job_id, MaxResults=1000)["Labels"]


@pytest.fixture
def stand_in() -> StandIn:
    return StandIn()


@pytest.fixture
def scene(stand_in) -> VideoScene:
    scene = VideoScene()
    rekognition = client_of("rekognition", stand_in)
    scene.starter = dataclasses.replace(scene.starter, rekognition=rekognition)
    scene.collector = dataclasses.replace(scene.collector, rekognition=rekognition, page=PAGE)
    scene.video = scene.put("red.mp4", FILM)
    return scene


def test_what_the_stand_in_saw_is_the_timeline_whatever_the_pages_and_the_invocations(scene, stand_in):
    job = scene.start()
    stand_in.bench.clock.pass_(3600)
    bench = stand_in.bench
    bench.wait_while(lambda: bench.call("GetLabelDetection", JobId=job.id)["JobStatus"] == "IN_PROGRESS")
    with pytest.raises(NotDoneError):
        scene.collect(job.id, pages=2)
    assert json.loads(scene.bucket.written[f"timelines/digits/{job.id}.jsonl.part"].splitlines()[0])["Pages"] == 2
    done = scene.collect(job.id)
    labels = stand_in.labels(job.id)
    assert done.status is JobStatus.SUCCEEDED
    assert stand_in.read == -(-len(labels) // PAGE) > 3
    seen = [
        (one["Timestamp"], line["Label"], one["Confidence"])
        for line in scene.timeline(job.id)
        for one in line["Sightings"]
    ]
    assert sorted(seen) == sorted(
        (label["Timestamp"], label["Label"]["Name"], label["Label"]["Confidence"]) for label in labels
    )
    (red,) = [label for label in done.outcome["Labels"] if label["Name"] == "Red"]
    assert red["Count"] == 2
    assert done.outcome["VideoMetadata"]["DurationMillis"] == 6000
