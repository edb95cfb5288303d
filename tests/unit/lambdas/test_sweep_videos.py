"""Jobs on videos whose completion is lost: asked about until they end, ever more seldom."""

import itertools

import pytest

from lambdas.collect_video.completions import Completion, completion_of
from lambdas.jobs import JobStatus
from lambdas.start_video.starting import OVERDUE_MILLIS
from lambdas.sweep_videos.overdue import NotAskedError, Overdue
from tests.unit.aws import client_of
from tests.unit.lambdas.video_scene import VideoScene
from tests.unit.sqs import Queues

QUEUE = "https://sqs.test/collect_video"
SWEEP_SECONDS = 15 * 60
WEEK_SECONDS = 7 * 86_400


@pytest.fixture
def scene():
    return VideoScene()


def overdue(scene, queues):
    asker = Overdue(queries=scene.queries, sqs=client_of("sqs", queues), queue_url=QUEUE, clock=scene.time.epoch)
    return asker.ask("digits")


def test_a_job_whose_completion_is_lost_is_asked_about_and_ends(scene):
    job, queues = scene.start(), Queues()
    scene.jobs.end(job.id)
    scene.time.now += OVERDUE_MILLIS / 1000
    assert overdue(scene, queues) == 0
    scene.time.now += 3
    assert overdue(scene, queues) == 1
    (body,) = queues.bodies(QUEUE)
    assert completion_of(body) == Completion(job.id, None)
    assert scene.collect(job.id, completion_of(body).status).status is JobStatus.SUCCEEDED
    assert overdue(scene, queues) == 0


def test_a_job_that_does_not_end_is_asked_about_many_times_in_its_week_and_ever_more_seldom(scene):
    job, queues, asked = scene.start(), Queues(), []
    while scene.time.now < WEEK_SECONDS:
        if overdue(scene, queues):
            asked.append(scene.time.now)
        scene.time.now += SWEEP_SECONDS
    gaps = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert 30 <= len(asked) <= 50
    assert asked[0] <= 2 * OVERDUE_MILLIS / 1000
    assert gaps == sorted(gaps)
    assert gaps[-1] == 6 * 3600
    assert scene.queries.job(job.id).status is JobStatus.IN_PROGRESS


def test_a_job_that_ends_while_it_is_asked_about_stays_as_it_ended(scene):
    job, queues = scene.start(), Queues()
    scene.time.now += 3600
    send = queues.send_message_batch

    def meanwhile(**said):
        scene.jobs.end(job.id)
        scene.collect(job.id)
        return send(**said)

    queues.send_message_batch = meanwhile
    due = scene.item(job.id)["DueAt"]
    assert overdue(scene, queues) == 1
    assert scene.item(job.id)["DueAt"] == due


def test_a_job_that_could_not_be_asked_about_is_due_still(scene):
    scene.start()
    scene.time.now += 3600

    class Broken(Queues):
        def send_message_batch(self, QueueUrl, Entries):  # noqa: N803 - as AWS spells them
            failed = [{"Id": entry["Id"], "SenderFault": True, "Code": "InvalidMessageContents"} for entry in Entries]
            return {"Successful": [], "Failed": failed}

    with pytest.raises(NotAskedError):
        overdue(scene, Broken())
    assert overdue(scene, Queues()) == 1
