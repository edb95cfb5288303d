import itertools
import json
import threading
import time

import pytest

from lambdas import clients
from lambdas.deployment_settings import parse_deployment
from lambdas.detect_labels import detection, handler
from lambdas.errors import ErrorCode
from lambdas.events import DetectionRequest, detection_requested
from lambdas.images import ImageRef, job_id
from lambdas.items import from_item
from lambdas.jobs import JobStatus
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.pictures import picture
from tests.unit.lambdas.scene import LABELS, LARGE, V1, Scene
from tests.unit.lambdas.services import Queues, emitted, forget_dimensions

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")

QUEUE = "custom-labels-demo-detect_labels-digits"
DEAD = "custom-labels-demo-detect_labels_dead-digits"


@pytest.fixture
def scene():
    return Scene()


@pytest.fixture
def queues():
    return Queues(QUEUE, DEAD)


@pytest.fixture
def handle(monkeypatch, scene, queues, lambda_context):
    """Handle bodies as a batch; return the numbers of those that go back.

    `seconds` is the time of the invocation, of which 15 are kept for commits; `age` the messages' in seconds.
    """

    class Both:
        """One DynamoDB, two tables."""

        def __getattr__(self, operation):
            def route(**said):
                name = said.get("TableName", "results")  # a transaction names the table in each of its actions
                return getattr({"results": scene.results_table, "registry": scene.registry_table}[name], operation)(
                    **said
                )

            return route

    made = {
        "dynamodb": client_of("dynamodb", Both()),
        "s3": scene.s3,
        "sns": scene.sns,
        "sqs": client_of("sqs", queues),
        "rekognition": scene.rekognition,
    }
    settings = parse_deployment("demo", {"projects": {"digits": {}, "scenes": {}}})
    monkeypatch.setattr(clients.boto3, "client", lambda service, **_: made[service])
    monkeypatch.setattr(handler, "load_settings", lambda: settings)
    tables = {"REGISTRY_TABLE": "registry", "RESULTS_TABLE": "results"}
    for name, value in {**tables, "RESULTS_BUCKET": "objects", "RESULTS_TOPIC_ARN": "arn:t"}.items():
        monkeypatch.setenv(name, value)
    _forget()
    requests = itertools.count()

    def run(*bodies, receives=1, age=0.0, seconds=60.0):
        lambda_context.aws_request_id = f"request {next(requests)}"
        lambda_context.get_remaining_time_in_millis = lambda: int(seconds * 1000)
        records = [
            {
                "messageId": str(number),
                "receiptHandle": f"receipt {number}",
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": str(receives),
                    "SentTimestamp": str(int((time.time() - age) * 1000)),
                },
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:eu-west-1:123456789012:{QUEUE}",
            }
            for number, body in enumerate(bodies)
        ]
        answer = handler.handle({"Records": records}, lambda_context)
        return [int(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]

    yield run
    _forget()


def _forget():
    caches = (handler._detector, handler._pacers, handler.queues_of, handler._meter)
    for remembered in (clients.client, handler._moderation_pacer, *caches):
        remembered.cache_clear()
    forget_dimensions()


def uploaded(key, size=9, version="v1"):
    stored = {"key": key, "size": size, "version-id": version}
    return json.dumps({"detail": {"bucket": {"name": "images"}, "object": stored}})


def result(scene, key, project="digits"):
    return scene.queries.job(job_id(ImageRef("images", key, "v1"), project))


def metered(scene):
    """Return the images and throttles on the meter, by project."""
    items = [from_item(item) for item in scene.registry_table.items.values() if item["SK"]["S"].startswith("METER#")]
    return {item["PK"]: (item["Images"], item["Throttles"]) for item in items}


def attributes_of(letter):
    return {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}


def test_one_bad_image_of_three_goes_back_alone(handle, scene):
    for key in ("digits/a.png", "digits/b.png", "digits/c.png"):
        scene.bucket.put(key, picture())
    scene.bucket.refusals["digits/b.png"] = Refusal("SlowDown", 503)
    assert handle(*map(uploaded, ("digits/a.png", "digits/b.png", "digits/c.png"))) == [1]
    assert result(scene, "digits/a.png").status is JobStatus.SUCCEEDED
    assert result(scene, "digits/b.png").status is JobStatus.IN_PROGRESS
    assert result(scene, "digits/c.png").status is JobStatus.SUCCEEDED


def test_images_of_a_batch_are_looked_at_at_the_same_time(handle, scene):
    keys = [f"digits/{number}.png" for number in range(5)]
    meeting = threading.Barrier(5, timeout=20)
    for key in keys:
        scene.bucket.put(key, picture())
    scene.models.meanwhile = meeting.wait  # breaks unless five calls are under way at once
    assert handle(*map(uploaded, keys)) == []
    assert {result(scene, key).status for key in keys} == {JobStatus.SUCCEEDED}


def test_images_that_all_fail_go_back_without_an_error_of_the_function(handle, scene):
    scene.models.answers[V1] = Refusal("ThrottlingException")
    assert handle(uploaded("digits/a.png"), seconds=15.3) == [0]


def test_a_throttled_image_goes_back_for_some_seconds_and_not_to_the_dead_letters(handle, scene, queues, capsys):
    scene.models.answers[V1] = Refusal("ThrottlingException")
    assert handle(uploaded("digits/a.png"), seconds=15.3) == [0]
    assert queues.messages[DEAD] == []
    ((queue, receipt, seconds),) = queues.put_off
    assert (queue, receipt) == (QUEUE, "receipt 0")
    assert 0 <= seconds <= 8
    metrics = emitted(capsys)
    assert metrics["ImagesPutOff"]["ImagesPutOff"] == [1.0]
    assert metrics["CallsThrottled"]["CallsThrottled"][0] >= 1


def test_an_image_for_which_there_is_no_time_left_goes_back_and_no_model_is_asked(handle, scene, queues):
    assert handle(uploaded("digits/a.png"), seconds=14.0) == [0]
    assert scene.models.asked == []
    assert len(queues.put_off) == 1


def test_an_image_whose_model_sleeps_goes_back_for_15_minutes_and_more(handle, scene, queues):
    scene.bucket.put("digits/text.jpg", b"a text")
    scene.models.answers[V1] = Refusal("ResourceNotReadyException")
    assert handle(uploaded("digits/text.jpg"), uploaded("digits/a.png")) == [1]
    ((queue, receipt, seconds),) = queues.put_off
    assert (queue, receipt) == (QUEUE, "receipt 1")
    assert 900 <= seconds <= 908
    assert queues.messages[DEAD] == []


def test_an_image_whose_model_sleeps_until_its_queue_would_lose_it_is_a_failed_result(handle, scene):
    scene.models.answers[V1] = Refusal("ResourceNotReadyException")
    assert handle(uploaded("digits/a.png"), age=10 * 86_400 - 1800) == []
    assert result(scene, "digits/a.png").outcome["ErrorCode"] == "EXPIRED"
    assert [message["ErrorCode"] for message in scene.told("arn:t")] == ["EXPIRED"]


def test_an_image_that_cannot_be_put_off_goes_back_all_the_same(handle, scene, queues):
    scene.models.answers[V1] = Refusal("ResourceNotReadyException")
    del queues.messages[QUEUE]
    assert handle(uploaded("digits/a.png")) == [0]


def test_a_duplicate_within_the_batch_comes_back_when_the_other_has_certainly_ended(handle, scene, queues):
    duplicates: list[list[int]] = []

    def deliver_again():
        scene.models.meanwhile = lambda: None
        duplicates.append(handle(uploaded("digits/a.png"), seconds=40))

    scene.models.meanwhile = deliver_again
    assert handle(uploaded("digits/a.png"), seconds=30) == []
    assert duplicates == [[0]]
    ((_, _, seconds),) = queues.put_off
    assert 30 < seconds <= 35 + 8
    assert len(scene.told("arn:t")) == len(scene.models.asked) == 1


def test_an_image_that_somebody_died_of_is_looked_at_after_the_others_of_its_batch(handle, scene):
    for key in ("digits/b.png", "digits/c.png"):
        scene.bucket.put(key, LARGE)
    scene.bucket.put(scene.image.key, LARGE)
    scene.die()
    opened = scene.results_table.items
    for item in opened.values():  # the lease that the dead delivery held, as it stands in real time
        item["LeaseUntil"] = {"N": "1"}
    scene.models.asked.clear()
    assert handle(*map(uploaded, ("digits/a.png", "digits/b.png", "digits/c.png"))) == []
    names = [asked["Image"]["S3Object"]["Name"] for asked in scene.models.asked]
    assert (sorted(names[:2]), names[2]) == (["digits/b.png", "digits/c.png"], "digits/a.png")


def test_a_fault_of_the_code_at_one_image_lets_the_others_end_and_comes_back(handle, scene, queues, monkeypatch):
    scene.bucket.put("digits/b.png", b"")
    monkeypatch.setattr(detection, "failed", lambda *_, **__: 1 / 0)
    assert handle(uploaded("digits/a.png"), uploaded("digits/b.png")) == [1]
    assert result(scene, "digits/a.png").status is JobStatus.SUCCEEDED
    assert queues.messages[DEAD] == []


def test_a_fault_of_the_code_at_each_of_ten_deliveries_is_a_dead_letter(handle, scene, queues, monkeypatch):
    scene.bucket.put("digits/b.png", b"")
    monkeypatch.setattr(detection, "failed", lambda *_, **__: 1 / 0)
    assert handle(uploaded("digits/b.png"), receives=10) == []
    said = attributes_of(queues.messages[DEAD][0])
    assert (said["Reason"], said["ErrorCode"]) == ("UNEXPECTED_ERROR", "ZeroDivisionError")


def test_a_denied_call_takes_the_message_to_the_dead_letters_with_its_reason_and_it_is_not_retried(
    handle, scene, queues
):
    scene.models.answers[V1] = Refusal("AccessDeniedException", message="no grant")
    body = uploaded("digits/a.png")
    assert handle(body) == []
    (letter,) = queues.messages[DEAD]
    assert letter["MessageBody"] == body
    said = attributes_of(letter)
    assert "no grant" in said.pop("Detail")
    assert said == {
        "Reason": "CALL_REFUSED",
        "ErrorCode": "AccessDeniedException",
        "Project": "digits",
        "SourceQueue": QUEUE,
    }


@pytest.mark.parametrize("code", ["AccessDenied", "KMS.DisabledException"])
def test_an_object_that_we_may_not_read_is_a_loud_dead_letter_and_no_failed_result(handle, scene, queues, code):
    scene.bucket.refusals["digits/a.png"] = Refusal(code, 403)
    assert handle(uploaded("digits/a.png")) == []
    assert attributes_of(queues.messages[DEAD][0])["ErrorCode"] == code
    assert result(scene, "digits/a.png").status is JobStatus.IN_PROGRESS


@pytest.mark.parametrize("code", ["KMSAccessDenied", "KMSDisabled", "AuthorizationError"])
def test_a_topic_that_we_may_not_tell_is_a_dead_letter_and_the_result_stays_untold(handle, scene, queues, code):
    scene.topic.refuse_next = Refusal(code, 400)
    assert handle(uploaded("digits/a.png")) == []
    assert attributes_of(queues.messages[DEAD][0])["ErrorCode"] == code
    assert result(scene, "digits/a.png").unnotified
    assert handle(uploaded("digits/a.png")) == []  # sent back from the dead letters
    assert len(scene.told("arn:t")) == 1


def test_a_message_that_is_no_event_takes_the_same_way(handle, queues):
    assert handle("not json") == []
    (letter,) = queues.messages[DEAD]
    assert attributes_of(letter)["Reason"] == "MALFORMED_EVENT"


def test_a_request_for_a_project_that_is_none_takes_the_same_way(handle, queues):
    request = detection_requested(ImageRef("images", "digits/a.png", "v1"), 9, DetectionRequest(project="gone"))
    assert handle(json.dumps(request)) == []
    said = attributes_of(queues.messages[DEAD][0])
    assert said["Reason"] == "MALFORMED_EVENT"
    assert "'gone'" in said["Detail"]


def test_a_request_looks_at_an_image_of_another_folder_for_its_project(handle, scene):
    scene.bucket.put("elsewhere/a.png", picture())
    image = ImageRef("images", "elsewhere/a.png", "v1")
    assert handle(json.dumps(detection_requested(image, 9, DetectionRequest(project="digits")))) == []
    assert scene.queries.job(job_id(image, "digits")).status is JobStatus.SUCCEEDED


def test_a_message_that_the_dead_letters_do_not_take_goes_back(handle, queues):
    queues.messages.clear()
    assert handle("not json") == [0]


def test_the_detail_of_a_dead_letter_fits_its_attribute(handle, scene, queues):
    scene.models.answers[V1] = Refusal("AccessDeniedException", message="x" * 5000)
    handle(uploaded("digits/a.png"))
    assert len(queues.messages[DEAD][0]["MessageAttributes"]["Detail"]["StringValue"]) == 1024


def test_the_consoles_folders_are_skipped_and_counted(handle, scene, capsys):
    assert handle(uploaded("digits/new/", size=0)) == []
    assert scene.results_table.items == {}
    assert emitted(capsys)["FoldersSkipped"]["FoldersSkipped"] == [1.0]


def test_an_object_with_content_whose_key_ends_in_a_slash_is_an_image(handle, scene):
    scene.bucket.put("digits/odd/", picture())
    assert handle(uploaded("digits/odd/", size=9)) == []
    assert result(scene, "digits/odd/").status is JobStatus.SUCCEEDED


@pytest.mark.parametrize("key", ["other/a.png", "a.png", "digits", "videos/other/a.mp4", "Digits/a.png", "/a.png"])
def test_a_key_of_no_project_is_a_failed_result_of_the_project_unknown(handle, scene, key):
    scene.bucket.put(key, picture())
    assert handle(uploaded(key)) == []
    assert result(scene, key, "unknown").outcome["ErrorCode"] == ErrorCode.UNKNOWN_PROJECT


def test_a_video_of_a_project_without_videos_says_so(handle, scene):
    scene.bucket.put("videos/digits/a.mp4", b"a film")
    assert handle(uploaded("videos/digits/a.mp4")) == []
    assert result(scene, "videos/digits/a.mp4", "unknown").outcome["ErrorCode"] == ErrorCode.VIDEOS_NOT_ENABLED


@pytest.mark.parametrize("key", ["digits/a b.png", "digits/a+b.png", "digits/%41.png", "digits/🦊/é.png"])
def test_keys_reach_s3_and_the_model_as_they_are(handle, scene, key):
    scene.bucket.put(key, LARGE)
    assert handle(uploaded(key)) == []
    assert result(scene, key).outcome["CustomLabels"] == LABELS
    assert scene.models.asked[0]["Image"]["S3Object"]["Name"] == key


def test_a_detected_image_is_counted_and_a_failed_one_by_its_reason(handle, scene, capsys):
    scene.bucket.put("digits/text.jpg", b"a text")
    handle(uploaded("digits/a.png"), uploaded("digits/text.jpg"))
    metrics = emitted(capsys)
    assert metrics["ImagesDetected"]["ImagesDetected"] == [1.0]
    assert len(metrics["DetectLatency"]["DetectLatency"]) == 1
    assert len(metrics["ImageAge"]["ImageAge"]) == 2
    assert metrics["ImagesFailed"]["ErrorCode"] == "NOT_AN_IMAGE"
    assert metrics["ImagesFailed"]["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "CustomLabels"


def test_every_metric_says_of_which_deployment_it_is(handle, scene, capsys):
    scene.bucket.put("digits/text.jpg", b"a text")
    for key in ("digits/a.png", "digits/text.jpg", "digits/new/"):
        handle(uploaded(key, size=0 if key.endswith("/") else 9))
    scene.bucket.put("digits/b.png", picture())
    scene.models.answers[V1] = Refusal("ThrottlingException")
    handle(uploaded("digits/b.png"), seconds=16.5)
    metrics = emitted(capsys)
    images = {"ImageAge", "ImagesDetected", "ImagesFailed", "ImagesPutOff", "FoldersSkipped"}
    assert set(metrics) == images | {"DetectLatency", "CallsThrottled"}
    for name, said in metrics.items():
        assert said["Deployment"] == "demo", name
        (dimensions,) = said["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
        assert "Deployment" in dimensions, name


def test_the_detected_images_of_a_batch_are_one_write_to_its_projects_meter(handle, scene, monkeypatch):
    writes = []
    write = scene.registry_table.update_item
    monkeypatch.setattr(scene.registry_table, "update_item", lambda **said: (writes.append(said), write(**said))[1])
    scene.bucket.put("digits/text.jpg", b"a text")
    for key in ("digits/b.png", "digits/c.png"):
        scene.bucket.put(key, picture())
    assert handle(*map(uploaded, ("digits/a.png", "digits/b.png", "digits/c.png", "digits/text.jpg"))) == []
    assert len(writes) == 1
    assert metered(scene) == {"PROJECT#digits": (3, 0)}


def test_refused_calls_are_on_the_meter_beside_the_images_that_were_detected_after_them(handle, scene, monkeypatch):
    monkeypatch.setattr(handler._pacers(), "take_throttles", lambda: 7)
    handle(uploaded("digits/a.png"))
    assert metered(scene) == {"PROJECT#digits": (1, 7)}


def test_a_duplicate_that_finds_a_result_is_metered_once(handle, scene):
    assert handle(uploaded("digits/a.png")) == []
    assert handle(uploaded("digits/a.png")) == []
    assert metered(scene) == {"PROJECT#digits": (1, 0)}


def test_a_batch_without_a_detection_writes_nothing_to_the_meter(handle, scene):
    scene.bucket.put("digits/text.jpg", b"a text")
    handle(uploaded("digits/text.jpg"), uploaded("digits/new/", size=0))
    assert metered(scene) == {}


def test_a_meter_that_takes_nothing_fails_no_image_and_is_logged_and_counted(handle, scene, capsys, caplog):
    scene.registry_table.refuse_next["update_item"] = Refusal("AccessDeniedException", message="no grant")
    assert handle(uploaded("digits/a.png")) == []
    assert result(scene, "digits/a.png").status is JobStatus.SUCCEEDED
    assert "the batch is not on the meter" in caplog.text
    metrics = emitted(capsys)
    assert metrics["MeterFailed"]["MeterFailed"] == [1.0]
    assert metrics["ImagesDetected"]["ImagesDetected"] == [1.0]


def test_the_log_says_why_an_image_goes_back(handle, scene, caplog):
    scene.models.answers[V1] = Refusal("ResourceNotReadyException", message="the model is not running")
    handle(uploaded("digits/a.png"))
    assert any("the model is not running" in str(vars(record)) for record in caplog.records)


def test_a_blocked_image_is_counted_by_itself_and_metered_on_no_model(handle, scene, monkeypatch, capsys):
    moderation = {"policy": {"Gambling": "block"}}
    settings = parse_deployment("demo", {"projects": {"digits": {"moderation": moderation, "max_inference_units": 4}}})
    monkeypatch.setattr(handler, "load_settings", lambda: settings)
    scene.models.moderation = [{"Name": "Gambling", "ParentName": "", "Confidence": 90.0, "TaxonomyLevel": 1}]
    assert handle(uploaded("digits/a.png")) == []
    assert "ImagesBlocked" in capsys.readouterr().out
    assert metered(scene) == {}
    # Four batches at a time share the 50 moderations a second of eu-west-1; a cold pace begins at half.
    assert handler._moderation_pacer().rate == pytest.approx(50 / 4 / 2, rel=0.1)


def test_throttled_moderation_is_counted_but_is_no_throttle_of_the_model(handle, scene, monkeypatch, capsys):
    monkeypatch.setattr(handler._moderation_pacer(), "take_throttles", lambda: 7)
    handle(uploaded("digits/a.png"))
    assert metered(scene) == {"PROJECT#digits": (1, 0)}
    assert '"CallsThrottled":[7.0]' in capsys.readouterr().out.replace(" ", "")
