"""What no message brings to its end: told of, or ended, by the sweep."""

import pytest
from botocore.exceptions import ClientError

from lambdas.delivery import ABANDONED_SECONDS
from lambdas.errors import ModelAsleepError
from lambdas.events import DetectionRequest
from lambdas.jobs import JobStatus
from lambdas.start_jobs import StartJob
from lambdas.sweep_results.sweep import UNTOLD_SECONDS, NotSweptError, Sweeper
from tests.unit.aws import Refusal
from tests.unit.lambdas.scene import NOW, Scene

OTHER = "arn:aws:sns:eu-west-1:123456789012:other"


@pytest.fixture
def scene():
    return Scene()


def sweep(scene, *, has_time=lambda: True):
    sweeper = Sweeper(
        dynamodb=scene.dynamodb,
        results=scene.results,
        teller=scene.teller,
        holder="sweep",
        has_time=has_time,
        clock=scene.time.epoch,
    )
    return sweeper.sweep("digits", retention_days=None)


def end_untold(scene, **said):
    """End the job, and die before telling of it."""
    scene.topic.refuse_next = Refusal("InternalError", 500)
    with pytest.raises(ClientError):
        scene.deliver(**said)


def test_a_result_that_nobody_was_told_of_is_told_of_after_five_minutes_and_once(scene):
    end_untold(scene)
    scene.time.now += UNTOLD_SECONDS - 1
    assert sweep(scene) == 0
    scene.time.now += 1
    assert sweep(scene) == 1
    assert [message["JobId"] for message in scene.told()] == [scene.standing().id]
    assert sweep(scene) == 0
    assert len(scene.told()) == 1


def test_the_topic_that_a_request_named_hears_of_it_too(scene):
    end_untold(scene, request=DetectionRequest(project="digits", notification_topic=OTHER))
    scene.time.now += UNTOLD_SECONDS
    sweep(scene)
    assert len(scene.told()) == len(scene.told(OTHER)) == 1


def test_a_start_job_that_its_last_image_left_untold_is_told_of(scene):
    start = StartJob(id="5" * 32, project="digits", created_at=int(NOW * 1000), notification_topic=OTHER)
    scene.results.starts.open(start, now=NOW)
    scene.results.starts.set_total(start.id, 0, now=1)
    assert scene.results.starts.finish_if_done(start.id, NOW).unnotified
    scene.time.now += UNTOLD_SECONDS
    assert sweep(scene) == 1
    assert [message["JobId"] for message in scene.told(OTHER)] == [start.id]
    assert not scene.results.starts.get(start.id).unnotified


def test_a_topic_that_refuses_one_keeps_no_other_waiting_and_is_tried_again(scene):
    first = scene.image
    end_untold(scene)
    scene.bucket.put("digits/b.png", b"a text")
    scene.image = type(first)("images", "digits/b.png", "v1")
    end_untold(scene)
    scene.time.now += UNTOLD_SECONDS
    scene.topic.refuse_next = Refusal("KMSAccessDenied")
    with pytest.raises(NotSweptError, match="1 jobs of digits"):
        sweep(scene)
    assert len(scene.told()) == 1
    assert sweep(scene) == 1
    assert len(scene.told()) == 2


def test_a_job_that_no_message_can_bring_to_its_end_expires(scene):
    scene.models.answers.clear()
    with pytest.raises(ModelAsleepError):
        scene.deliver()
    scene.time.now += ABANDONED_SECONDS - 1
    assert sweep(scene) == 0
    scene.time.now += 1.1
    assert sweep(scene) == 1
    assert (scene.standing().status, scene.standing().outcome["ErrorCode"]) == (JobStatus.FAILED, "EXPIRED")
    assert [message["ErrorCode"] for message in scene.told()] == ["EXPIRED"]


def test_a_sweep_that_runs_out_of_time_leaves_the_rest_to_the_next(scene):
    end_untold(scene)
    scene.time.now += UNTOLD_SECONDS
    assert sweep(scene, has_time=lambda: False) == 0
    assert scene.standing().unnotified
