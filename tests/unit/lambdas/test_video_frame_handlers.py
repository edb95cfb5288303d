"""What sample_video and merge_video do with their messages."""

import json
import time

import pytest

from lambdas.deployment_settings import parse_deployment
from lambdas.frames import frames_start_id
from lambdas.jobs import JobStatus
from lambdas.merge_video import handler as merging
from lambdas.merge_video.merging import Merger
from lambdas.sample_video import handler as sampling
from lambdas.work_messages import Queues
from tests.harness import uploaded
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas import services
from tests.unit.lambdas.cinema import VIDEO, Cinema, square
from tests.unit.lambdas.films import film
from tests.unit.lambdas.services import emitted, forget_dimensions

QUEUE = "custom-labels-demo-{verb}-videos"
DEAD = "custom-labels-demo-{verb}_dead-videos"


class Stage:
    """Both handlers, among what is in memory."""

    def __init__(self, monkeypatch, lambda_context, **videos):
        self.cinema, self.context = Cinema(**videos), lambda_context
        lambda_context.get_remaining_time_in_millis = lambda: 300_000
        said = {"projects": {"digits": {"videos": {"custom_labels": True} | videos}, "plain": {"videos": {}}}}
        settings = parse_deployment("demo", said)
        names = [name.format(verb=verb) for verb in ("sample_video", "merge_video") for name in (QUEUE, DEAD)]
        self.queues = services.Queues(*names)
        merger = Merger(
            s3=self.cinema.s3,
            bucket="results",
            results=self.cinema.results,
            queries=self.cinema.queries,
            frames=self.cinema.frames,
            teller=self.cinema.teller,
            projects=settings.projects,
            clock=self.cinema.time.epoch,
        )
        for module, name, made in ((sampling, "_sampler", self.cinema.sampler), (merging, "_merger", merger)):
            monkeypatch.setattr(module, name, lambda made=made: made)
            monkeypatch.setattr(module, "load_settings", lambda: settings)
            monkeypatch.setattr(module, "queues_of", lambda verb: Queues(client_of("sqs", self.queues), verb))

    def handle(self, module, body):
        record = {
            "messageId": "m1",
            "receiptHandle": "r1",
            "body": body if isinstance(body, str) else json.dumps(body),
            "eventSourceARN": f"arn:aws:sqs:eu-west-1:123456789012:{QUEUE.format(verb=module.VERB_NOUN)}",
            "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1700000000000"},
        }
        forget_dimensions()
        return module.handle({"Records": [record]}, self.context)["batchItemFailures"]

    def buried(self, verb):
        return [
            one["MessageAttributes"]["Reason"]["StringValue"] for one in self.queues.messages[DEAD.format(verb=verb)]
        ]


@pytest.fixture
def stage(monkeypatch, lambda_context):
    return Stage(monkeypatch, lambda_context)


def test_an_upload_is_sampled_and_the_end_of_its_frames_is_merged(stage):
    stage.cinema.upload(film([square("red", 10, 10)] * 10))
    assert stage.handle(sampling, uploaded(VIDEO)) == []
    stage.cinema.look_at_all()
    assert stage.handle(merging, {"JobId": frames_start_id(VIDEO, "digits"), "Status": "SUCCEEDED"}) == []
    (told,) = stage.cinema.told()
    assert (told["Status"], list(told["Confidences"])) == ("SUCCEEDED", ["red"])


def test_a_video_of_a_project_that_wants_no_custom_labels_is_left_alone(stage):
    other = type(VIDEO)("images", "videos/plain/a.mp4", "v1")
    assert stage.handle(sampling, uploaded(other)) == []
    assert stage.cinema.table.items == {}


@pytest.mark.parametrize("module", [sampling, merging])
def test_a_message_that_nobody_can_read_is_a_dead_letter_with_its_reason(stage, module):
    assert stage.handle(module, "{}") == []
    assert stage.buried(module.VERB_NOUN) == ["MALFORMED_EVENT"]


def test_the_video_of_no_project_is_a_dead_letter(stage):
    assert stage.handle(sampling, uploaded(type(VIDEO)("images", "videos/nobody/a.mp4", "v1"))) == []
    assert stage.buried("sample_video") == ["MALFORMED_EVENT"]


def test_a_video_that_another_delivery_samples_goes_back_until_that_has_ended(stage, monkeypatch):
    stage.cinema.upload(film([square("red", 10, 10)] * 10))
    monkeypatch.setattr(time, "time", stage.cinema.time.epoch)
    monkeypatch.setattr(type(stage.cinema.results), "release", lambda *_, **__: None)
    stage.handle(sampling, uploaded(VIDEO))
    stage.context.aws_request_id = "another"
    assert stage.handle(sampling, uploaded(VIDEO)) == [{"itemIdentifier": "m1"}]
    ((_, _, seconds),) = stage.queues.put_off
    assert 305 <= seconds <= 320


def test_the_end_of_a_start_job_that_has_expired_is_forgotten(stage):
    assert stage.handle(merging, {"JobId": "0" * 32}) == []
    assert stage.queues.put_off == []


def test_a_start_job_that_is_not_done_is_not_merged(stage):
    stage.cinema.upload(film([square("red", 10, 10)] * 10))
    stage.handle(sampling, uploaded(VIDEO))
    assert stage.handle(merging, {"JobId": frames_start_id(VIDEO, "digits")}) == []
    start = stage.cinema.results.starts.get(frames_start_id(VIDEO, "digits"))
    assert (start.status, stage.cinema.told()) == (JobStatus.IN_PROGRESS, [])


def test_a_merged_video_is_counted_once_however_often_its_end_is_delivered(stage, capsys):
    stage.cinema.upload(film([square("red", 10, 10)] * 10))
    stage.handle(sampling, uploaded(VIDEO))
    stage.cinema.look_at_all()
    end = {"JobId": frames_start_id(VIDEO, "digits")}
    emitted(capsys)
    stage.handle(merging, end)
    assert emitted(capsys)["VideosMerged"]["VideosMerged"] == [1.0]
    assert stage.handle(merging, end) == []
    assert "VideosMerged" not in emitted(capsys)


def test_a_refused_video_is_counted_once_however_often_its_upload_is_delivered(stage, capsys):
    stage.cinema.upload(b"no video")
    stage.handle(sampling, uploaded(VIDEO))
    assert emitted(capsys)["VideosRefused"]["VideosRefused"] == [1.0]
    assert stage.handle(sampling, uploaded(VIDEO)) == []
    assert "VideosRefused" not in emitted(capsys)


def test_a_video_whose_upload_is_delivered_again_after_it_was_merged_is_not_counted_as_refused(stage, capsys):
    stage.cinema.upload(film([square("red", 10, 10)] * 10))
    stage.handle(sampling, uploaded(VIDEO))
    stage.cinema.look_at_all()
    stage.cinema.topic.refuse_next = Refusal("InternalError", 500)  # merged, and told of by nobody yet
    stage.handle(merging, {"JobId": frames_start_id(VIDEO, "digits")})
    emitted(capsys)
    assert stage.handle(sampling, uploaded(VIDEO)) == []
    assert "VideosRefused" not in emitted(capsys)
