"""A timeline that is larger than memory: collected in parts, and whole whatever happens in between."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from lambdas import timelines
from lambdas.collect_video.collecting import NotDoneError
from lambdas.collect_video.progress import PART_BYTES
from lambdas.jobs import JobStatus
from tests.unit.aws import Refusal
from tests.unit.lambdas.video_scene import VideoScene

PART = 20_000  # bytes: 1/400 of the real size
HELD = 300  # sightings and boxes: 1/300 of the real number
LABELS, MOMENTS = 12, 200
BOX = {"BoundingBox": {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}, "Confidence": 91.0}


@pytest.fixture
def scene(monkeypatch):
    monkeypatch.setattr(timelines, "MOST_HELD", HELD)
    scene = VideoScene()
    scene.bucket.least_part = PART
    scene.collector = replace(scene.collector, shelf=replace(scene.collector.shelf, part_bytes=PART))
    scene.jobs.pages = [
        [
            {"Timestamp": 500 * moment, "Label": {"Name": f"L{label}", "Confidence": 80.0, "Instances": [BOX] * 5}}
            for label in range(LABELS)
        ]
        for moment in range(MOMENTS)
    ]
    return scene


def begun(scene):
    job = scene.start()
    scene.jobs.end(job.id)
    return job


def whole(lines):
    """Tell whether each label was seen once at each moment, in the order of time."""
    seen = {f"L{label}": [] for label in range(LABELS)}
    for line in lines:
        seen[line["Label"]] += [(one["Timestamp"], len(one["Instances"])) for one in line["Sightings"]]
    return all(moments == [(500 * moment, 5) for moment in range(MOMENTS)] for moments in seen.values())


def test_the_real_parts_are_as_large_as_s3_wants_them():
    assert VideoScene().bucket.least_part <= PART_BYTES


def test_what_is_held_and_sent_at_once_does_not_grow_with_the_timeline(scene):
    job, most = begun(scene), 0
    while scene.queries.job(job.id).status is JobStatus.IN_PROGRESS:
        try:
            scene.collect(job.id, pages=7)
        except NotDoneError:
            most = max(most, len(scene.bucket.written[f"timelines/digits/{job.id}.jsonl.part"]))
    size = len(scene.bucket.written[f"timelines/digits/{job.id}.jsonl"])
    assert size > 60 * PART
    page = len(json.dumps(scene.jobs.pages[0]))
    bound = PART + page + HELD * len(json.dumps(BOX)) * 2
    assert max(scene.bucket.largest, most) < bound < size / 10
    assert whole(scene.timeline(job.id))


def test_a_timeline_in_parts_is_the_same_in_one_invocation_and_in_many(scene):
    once = begun(scene)
    scene.collect(once.id)
    often = scene.start(scene.put("b.mp4", scene.bucket.objects[scene.video.key, "v1"][0]))
    scene.jobs.end(often.id)
    for _ in range(MOMENTS // 9):
        with pytest.raises(NotDoneError):
            scene.collect(often.id, pages=9)
    scene.collect(often.id)
    assert scene.timeline(often.id) == scene.timeline(once.id)
    assert scene.bucket.uploads == {}


def test_parts_that_a_dead_delivery_sent_after_its_checkpoint_are_sent_again(scene):
    job = begun(scene)
    with pytest.raises(NotDoneError):
        scene.collect(job.id, pages=40)
    standing = dict(scene.bucket.written)
    with pytest.raises(NotDoneError):
        scene.collect(job.id, pages=40)
    scene.bucket.written = standing  # as if it had died
    scene.collect(job.id)
    assert whole(scene.timeline(job.id))


@pytest.mark.parametrize("lost", ["expired", "completed"])
def test_an_upload_that_is_no_more_is_begun_anew_from_the_first_page(scene, lost):
    job = begun(scene)
    with pytest.raises(NotDoneError):
        scene.collect(job.id, pages=40)
    if lost == "expired":
        scene.bucket.uploads.clear()
    else:  # and the result could not be committed
        scene.table.refuse_next["transact_write_items"] = Refusal("AccessDeniedException")
        with pytest.raises(ClientError):
            scene.collect(job.id)
    with pytest.raises(NotDoneError):
        scene.collect(job.id)
    scene.collect(job.id)
    assert whole(scene.timeline(job.id))


@pytest.mark.parametrize("refused", ["upload_part", "complete_multipart_upload"])
def test_a_refusal_of_s3_leaves_no_gap_and_no_line_twice(scene, refused):
    job, real, calls = begun(scene), getattr(scene.bucket, refused), []

    def sometimes(**said):
        calls.append(said)
        if len(calls) % 5 == 1:
            raise Refusal("AccessDenied", 403)
        return real(**said)

    setattr(scene.bucket, refused, sometimes)
    for _ in range(100):
        try:
            scene.collect(job.id)
            break
        except ClientError:
            pass
    assert len(calls) > 1
    assert whole(scene.timeline(job.id))
