"""The functions of videos as Lambda calls them: what goes back, what is buried, what is counted."""

import json
import time
from dataclasses import replace
from functools import partial

import pytest

from lambdas.collect_video import handler as collecting
from lambdas.deployment_settings import DeploymentSettings, ProjectSettings
from lambdas.jobs import JobStatus
from lambdas.start_video import handler as starting
from lambdas.start_video.crowding import seconds_to_next_try
from lambdas.sweep_videos import handler as sweeping
from lambdas.video_settings import VideoSettings
from lambdas.work_messages import LAST_CHANCE_SECONDS
from lambdas.work_messages import Queues as WorkQueues
from tests.harness import uploaded
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.services import Queues, forget_dimensions
from tests.unit.lambdas.video_scene import FILM, VideoScene
from tests.unit.sqs import Queues as Outbox

STARTS = "custom-labels-demo-start_video-digits"
STARTS_DEAD = "custom-labels-demo-start_video_dead-digits"
ENDS = "custom-labels-demo-collect_video"
ENDS_DEAD = "custom-labels-demo-collect_video_dead"
SETTINGS = DeploymentSettings(
    name="demo", projects={"digits": ProjectSettings(videos=VideoSettings()), "scenes": ProjectSettings()}
)


@pytest.fixture
def scene():
    return VideoScene()


@pytest.fixture
def queues(scene, monkeypatch):
    """Give the handlers the scene, its time and queues."""
    fakes = Queues(STARTS, STARTS_DEAD, ENDS, ENDS_DEAD)
    sqs = client_of("sqs", fakes)
    monkeypatch.setattr(starting, "load_settings", lambda: SETTINGS)
    monkeypatch.setattr(starting, "_starter", lambda: scene.starter)
    monkeypatch.setattr(collecting, "_collector", lambda: scene.collector)
    for module in (starting, collecting):
        monkeypatch.setattr(module, "queues_of", lambda verb_noun: WorkQueues(sqs, verb_noun))
    yield fakes
    forget_dimensions()


def record(number, body, queue=STARTS, *, age=0.0, receives=1):
    return {
        "messageId": f"m{number}",
        "receiptHandle": f"r{number}",
        "body": body,
        "eventSourceARN": f"arn:aws:sqs:eu-west-1:123456789012:{queue}",
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": str(int((time.time() - age) * 1000)),
        },
    }


def start(context, *records):
    answer = starting.handle({"Records": list(records)}, context)
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def collect(context, *records):
    answer = collecting.handle({"Records": list(records)}, context)
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def arrivals(scene, count):
    refs = [scene.put(f"{number}.mp4", FILM) for number in range(count)]
    return [record(number, json.dumps(uploaded(ref))) for number, ref in enumerate(refs)]


def test_a_batch_starts_as_many_as_the_quota_allows_and_puts_the_others_off(scene, queues, lambda_context):
    scene.jobs.quota = 3
    assert start(lambda_context, *arrivals(scene, 8)) == ["m3", "m4", "m5", "m6", "m7"]
    assert len(scene.jobs.ids) == 3
    assert len(scene.jobs.asked) == 4  # once refused, it is not asked for the rest of the batch
    assert [handle for _, handle, _ in queues.put_off] == ["r3", "r4", "r5", "r6", "r7"]
    assert queues.messages[STARTS_DEAD] == []


@pytest.mark.parametrize(("waiting", "age", "mean"), [(2, 0, 5), (600, 0, 300), (2, 36_000, 720)])
def test_a_video_without_a_place_tries_the_later_the_more_wait_and_the_longer_it_has_waited(
    scene, queues, lambda_context, monkeypatch, waiting, age, mean
):
    monkeypatch.setattr(
        starting, "seconds_to_next_try", partial(seconds_to_next_try, uniform=lambda low, high: (low + high) / 2)
    )
    scene.jobs.quota, queues.hidden = 0, waiting
    (arrival,) = arrivals(scene, 1)
    start(lambda_context, record(0, arrival["body"], receives=500, age=age))
    ((_, _, seconds),) = queues.put_off
    assert seconds == pytest.approx(mean, abs=1)


def test_in_its_last_hour_a_video_is_asked_for_although_the_quota_is_full_and_expires(scene, queues, lambda_context):
    scene.jobs.quota = 0
    first, second = arrivals(scene, 2)
    old = record(1, second["body"], age=LAST_CHANCE_SECONDS + 1)
    assert start(lambda_context, first, old) == ["m0"]
    (told,) = scene.told()
    assert told["ErrorCode"] == "EXPIRED"


def test_a_refused_grant_is_a_dead_letter_with_its_reason(scene, queues, lambda_context):
    scene.jobs.refuse_next = [Refusal("AccessDeniedException")]
    assert start(lambda_context, *arrivals(scene, 1)) == []
    (dead,) = queues.messages[STARTS_DEAD]
    assert dead["MessageAttributes"]["ErrorCode"]["StringValue"] == "AccessDeniedException"
    assert dead["MessageAttributes"]["Project"]["StringValue"] == "digits"


def test_a_folder_of_the_console_is_skipped(scene, queues, lambda_context):
    folder = replace(scene.video, key="videos/digits/")
    assert start(lambda_context, record(0, json.dumps(uploaded(folder, size=0)))) == []
    assert scene.jobs.asked == []


@pytest.mark.parametrize("key", ["videos/scenes/a.mp4", "videos/nobody/a.mp4", "digits/a.mp4"])
def test_a_key_that_does_not_belong_here_is_a_dead_letter(scene, queues, lambda_context, key):
    assert start(lambda_context, record(0, json.dumps(uploaded(replace(scene.video, key=key))))) == []
    (dead,) = queues.messages[STARTS_DEAD]
    assert dead["MessageAttributes"]["Reason"]["StringValue"] == "MALFORMED_EVENT"


def test_an_end_that_is_delivered_is_collected(scene, queues, lambda_context):
    job = scene.start()
    scene.jobs.end(job.id)
    body = json.dumps({"JobId": job.id, "Status": "SUCCEEDED", "API": "StartLabelDetection"})
    assert collect(lambda_context, record(0, body, ENDS)) == []
    assert scene.queries.job(job.id).status is JobStatus.SUCCEEDED


def test_an_end_of_an_unknown_job_comes_back_for_a_quarter_of_an_hour_before_it_is_buried(
    scene, queues, lambda_context
):
    scene.collector = replace(scene.collector, clock=time.time)
    body = json.dumps({"JobId": "1" * 64, "Status": "SUCCEEDED", "API": "StartLabelDetection"})
    assert collect(lambda_context, record(0, body, ENDS, age=800, receives=10)) == ["m0"]
    ((_, _, seconds),) = queues.put_off
    assert 60 <= seconds <= 70
    assert collect(lambda_context, record(0, body, ENDS, age=901, receives=3)) == ["m0"]
    assert collect(lambda_context, record(0, body, ENDS, age=901, receives=10)) == []
    (dead,) = queues.messages[ENDS_DEAD]
    assert dead["MessageAttributes"]["ErrorCode"]["StringValue"] == "UnknownJobError"


@pytest.mark.parametrize("videos", [VideoSettings(), None], ids=["videos", "no videos any more"])
def test_sweeping_asks_about_all_projects(scene, monkeypatch, lambda_context, videos):
    scene.start()
    settings = DeploymentSettings(name="demo", projects={"digits": ProjectSettings(videos=videos)})
    outbox = Outbox()
    clients = {"dynamodb": scene.dynamodb, "sqs": client_of("sqs", outbox)}
    monkeypatch.setattr(sweeping, "load_settings", lambda: settings)
    monkeypatch.setattr(sweeping, "client", clients.__getitem__)
    monkeypatch.setenv("RESULTS_TABLE", "results")
    monkeypatch.setenv("QUEUE_URL", "https://sqs.test/collect")
    assert sweeping.handle({}, lambda_context) == {"Asked": 1}  # the scene's time is long ago
    assert len(outbox.bodies("https://sqs.test/collect")) == 1
    forget_dimensions()
