"""Custom labels for video: an upload becomes frames, each looked at by the project's own model, and one timeline."""

import io
import json

import numpy as np
from PIL import Image

from demo.pictures import PictureSet
from lambdas.frames import video_job_id
from lambdas.images import ImageRef
from lambdas.jobs import Job, JobStatus
from tests.harness import Cloud
from tests.unit.lambdas.films import Pixels, film

Pictures = dict[str, PictureSet]

SHOWN_SECONDS = 2
RATE = 10  # frames a second of the video; the project looks at two of them
QUIET_SECONDS = 8  # in which a second notification would come
SHOWN = 6  # digits, one after the other


def _digit(body: bytes, step: int) -> Pixels:
    """Return a picture that has moved a little to the right."""
    pixels = np.asarray(Image.open(io.BytesIO(body)).convert("RGB"))
    return np.roll(pixels, step // 4, axis=1)


def _story(pictures: Pictures) -> tuple[bytes, set[tuple[str, int]]]:
    """Return a video that shows some digits, and what is to be seen at each moment that is looked at."""
    shown = pictures["digits"].unseen[:SHOWN]
    steps = SHOWN_SECONDS * RATE
    content = film([_digit(picture.body, step) for picture in shown for step in range(steps)], rate=RATE)
    truth = {
        (picture.labels[0], 1000 * SHOWN_SECONDS * place + moment)
        for place, picture in enumerate(shown)
        for moment in range(0, 1000 * SHOWN_SECONDS, 500)
    }
    return content, truth


def _result(cloud: Cloud, video: ImageRef) -> Job:
    table, wanted = cloud.deployment.results(cloud.clients), video_job_id(video, "digits")

    def final() -> Job | None:
        job = table.job(wanted)
        return job if job and job.status is not JobStatus.IN_PROGRESS else None

    return cloud.eventually(final, 3 * cloud.detection_seconds, lambda: f"job of {video.key}: {table.job(wanted)}")


def _timeline(cloud: Cloud, job: Job) -> list[dict[str, object]]:
    where = job.outcome["Timeline"]
    answer = cloud.clients("s3").get_object(Bucket=where["S3Bucket"], Key=where["S3ObjectName"])
    return [json.loads(line) for line in answer["Body"].read().splitlines()]


def test_a_video_becomes_a_timeline_of_the_projects_own_labels_and_one_notification(
    trained: Cloud, pictures: Pictures
) -> None:
    content, truth = _story(pictures)
    with trained.subscriber(trained.deployment.results_topic_arn, Project=["digits"]) as subscriber:
        video = trained.drop("videos/digits/story é+1.mp4", content, **{"job-tag": "line-7"})
        job = _result(trained, video)
        assert (job.status, job.outcome["JobTag"], job.outcome["Frames"]) == (JobStatus.SUCCEEDED, "line-7", len(truth))
        told = subscriber.receive(trained.detection_seconds, bool)
        told += subscriber.receive(QUIET_SECONDS, bool)
    found = {
        (str(line["Label"]), sighting["Timestamp"])
        for line in _timeline(trained, job)
        for sighting in line["Sightings"]
    }
    right = found & truth
    precision, recall = len(right) / len(found), len(right) / len(truth)
    print(f"precision {precision:.2f}, recall {recall:.2f} of {len(truth)} moments")
    assert (precision >= 0.75, recall >= 0.75) == (True, True), (sorted(found - truth), sorted(truth - found))
    assert [message["JobId"] for message in told] == [job.id]
    assert (told[0]["API"], told[0]["Video"]) == ("DetectCustomLabels", video.to_json())
    sheet = job.outcome["AnnotatedImage"]
    preview = trained.clients("s3").get_object(Bucket=sheet["S3Bucket"], Key=sheet["S3ObjectName"])["Body"].read()
    assert Image.open(io.BytesIO(preview)).format == "PNG"


def test_a_video_of_more_frames_than_the_project_allows_is_refused_with_the_reason(
    trained: Cloud, pictures: Pictures
) -> None:
    still = _digit(pictures["digits"].unseen[0].body, 0)
    video = trained.drop("videos/digits/long.mp4", film([still] * 90, rate=1))
    outcome = _result(trained, video).outcome
    assert (outcome["Status"], outcome["ErrorCode"]) == ("FAILED", "VIDEO_TOO_LONG")
    assert "max_minutes is 1" in outcome["StatusMessage"]
