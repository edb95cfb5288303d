"""Videos beside images: the same table, the same notification, under their own name."""

import json

import pytest

from lambdas.images import ImageRef, job_id
from lambdas.jobs import Job, JobStatus
from lambdas.label_objects import LabelObjects
from lambdas.names import RESULT_OBJECTS
from lambdas.notifications import completion
from lambdas.queries import Queries
from lambdas.results import ResultsTable
from lambdas.videos import VIDEO_API, VideoRef, pointed, pointed_from, project_of_video, reference, timeline_key
from tests.unit.aws import client_of
from tests.unit.lambdas.services import Bucket

VIDEO = VideoRef("images", "videos/digits/a.mp4", "v1")
JOB = Job(
    id="6" * 64,
    project="digits",
    image=VIDEO,
    status=JobStatus.IN_PROGRESS,
    created_at=1000,
    api=VIDEO_API,
    job_tag="lot-7",
    due_at=5000,
)
LABELS = [
    {
        "Name": "Car",
        "Confidence": 91.5,
        "Count": 2,
        "Segments": [
            {"StartTimestampMillis": 0, "EndTimestampMillis": 500, "Confidence": 91.5},
            {"StartTimestampMillis": 3000, "EndTimestampMillis": 3500, "Confidence": 70.0},
        ],
    }
]
OUTCOME = {
    "Status": "SUCCEEDED",
    "Labels": LABELS,
    "Timeline": {"S3Bucket": "results", "S3ObjectName": timeline_key("digits", JOB.id)},
}


@pytest.fixture
def results(dynamodb):
    return ResultsTable(dynamodb, "results", LabelObjects(client_of("s3", Bucket()), "objects"), pause=lambda _: None)


def finish(results, outcome=OUTCOME):
    opened = results.open(JOB, holder="one", now=2.0, lease_seconds=60)
    return results.finish(opened.job, outcome, holder="one", now=3.0, retention_days=None)


@pytest.mark.parametrize(
    ("key", "project"),
    [
        ("videos/digits/a.mp4", "digits"),
        ("videos/digits/b/c.mov", "digits"),
        ("videos/a.mp4", None),
        ("videos//a.mp4", None),
        ("digits/a.mp4", None),
        ("a.mp4", None),
    ],
)
def test_the_second_folder_of_a_videos_key_is_its_project(key, project):
    assert project_of_video(key) == project


def test_an_object_under_videos_is_a_video_and_any_other_an_image():
    assert reference("images", "videos/digits/a.mp4", "v1") == VIDEO
    assert type(reference("images", "digits/a.mp4", "v1")) is ImageRef


@pytest.mark.parametrize("ref", [VIDEO, ImageRef("images", "digits/a.png", "v1")])
def test_what_a_job_is_about_is_read_as_it_was_written(ref):
    assert pointed_from(pointed(ref)) == ref
    assert type(pointed_from(pointed(ref))) is type(ref)


def test_a_timeline_is_among_the_objects_that_go_with_their_result():
    assert timeline_key("digits", "1").split("/")[0] in RESULT_OBJECTS


def test_a_videos_job_in_progress_is_found_by_its_id_and_by_its_key(results, dynamodb):
    results.open(JOB, holder="one", now=2.0, lease_seconds=60)
    queries = Queries(dynamodb, "results")
    assert queries.job(JOB.id) == JOB
    assert queries.by_image("images", VIDEO.key).entries == (JOB,)
    assert queries.by_status("digits", [JobStatus.IN_PROGRESS]).entries == (JOB,)


def test_the_same_queries_find_a_videos_labels(results, dynamodb):
    finish(results)
    (seen,) = Queries(dynamodb, "results").by_label("digits", "Car", min_confidence=90).entries
    assert (seen.image, seen.confidence, seen.count, seen.job_id) == (VIDEO, 91.5, 2, JOB.id)
    assert seen.to_json()["Video"] == VIDEO.to_json()


def test_a_videos_notification_names_the_video_its_api_its_tag_and_its_labels(results):
    told = completion(finish(results))
    body = json.loads(told.body)
    assert (body["JobId"], body["API"], body["JobTag"]) == (JOB.id, VIDEO_API, "lot-7")
    assert body["Video"] == VIDEO.to_json()
    assert "Image" not in body
    assert (body["Labels"], body["Confidences"]) == (LABELS, {"Car": 91.5})
    assert body["Timeline"]["S3ObjectName"] == f"timelines/digits/{JOB.id}.jsonl"
    assert told.attributes["API"]["StringValue"] == VIDEO_API
    assert json.loads(told.attributes["Labels"]["StringValue"]) == ["Car"]


def test_labels_that_are_too_many_for_the_table_are_in_s3_under_their_own_name(results):
    many = [{**LABELS[0], "Name": f"Label {number}"} for number in range(2500)]
    job = finish(results, OUTCOME | {"Labels": many})
    assert "Labels" not in job.outcome
    assert job.outcome["LabelCount"] == 2500
    body = json.loads(completion(job).body)
    assert (body["LabelCount"], body["Truncated"]) == (2500, True)


def test_a_video_and_an_image_of_the_same_name_have_the_same_identity():
    assert job_id(VIDEO, "digits") == job_id(ImageRef(VIDEO.bucket, VIDEO.key, VIDEO.version), "digits")
