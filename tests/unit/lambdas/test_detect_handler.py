import json

import pytest

from lambdas import clients
from lambdas.deployment_settings import parse_deployment
from lambdas.detect_labels import handler
from lambdas.errors import ErrorCode
from lambdas.images import ImageRef, job_id
from lambdas.jobs import JobStatus
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.pictures import picture
from tests.unit.lambdas.services import Queues, forget_dimensions
from tests.unit.lambdas.test_detection import LABELS, V1, Scene

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
    """Handle bodies as a batch; return the numbers of those that go back."""

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

    def run(*bodies):
        records = [
            {
                "messageId": str(number),
                "receiptHandle": f"receipt {number}",
                "body": body,
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
    for remembered in (clients.client, handler._settings, handler._detector):
        remembered.cache_clear()
    forget_dimensions()


def uploaded(key, size=9, version="v1"):
    stored = {"key": key, "size": size, "version-id": version}
    return json.dumps({"detail": {"bucket": {"name": "images"}, "object": stored}})


def result(scene, key, project="digits"):
    return scene.queries.job(job_id(ImageRef("images", key, "v1"), project))


def emitted(capsys):
    """Return the metrics that were written, by name."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    names = [(line, metric["Name"]) for line in lines for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    return {name: line for line, name in names}


def test_one_bad_image_of_three_goes_back_alone(handle, scene):
    for key in ("digits/a.png", "digits/b.png", "digits/c.png"):
        scene.bucket.put(key, picture())
    scene.bucket.refusals["digits/b.png"] = Refusal("SlowDown", 503)
    assert handle(*map(uploaded, ("digits/a.png", "digits/b.png", "digits/c.png"))) == [1]
    assert result(scene, "digits/a.png").status is JobStatus.SUCCEEDED
    assert result(scene, "digits/b.png").status is JobStatus.IN_PROGRESS
    assert result(scene, "digits/c.png").status is JobStatus.SUCCEEDED


def test_images_that_all_fail_go_back_without_an_error_of_the_function(handle, scene):
    scene.models.answers[V1] = Refusal("ThrottlingException")
    assert handle(uploaded("digits/a.png")) == [0]


def test_a_throttled_image_goes_back_to_its_queue_and_not_to_the_dead_letters(handle, scene, queues, capsys):
    scene.models.answers[V1] = Refusal("ThrottlingException")
    assert handle(uploaded("digits/a.png")) == [0]
    assert queues.messages[DEAD] == []
    assert queues.put_off == []
    assert emitted(capsys)["ImagesThrottled"]["ImagesThrottled"] == [1.0]


def test_an_image_whose_model_sleeps_goes_back_for_15_minutes(handle, scene, queues):
    scene.bucket.put("digits/text.jpg", b"a text")
    scene.models.answers[V1] = Refusal("ResourceNotReadyException")
    assert handle(uploaded("digits/text.jpg"), uploaded("digits/a.png")) == [1]
    assert queues.put_off == [(QUEUE, "receipt 1", 900)]
    assert queues.messages[DEAD] == []


def test_an_image_that_cannot_be_put_off_goes_back_all_the_same(handle, scene, queues):
    scene.models.answers[V1] = Refusal("ResourceNotReadyException")
    del queues.messages[QUEUE]
    assert handle(uploaded("digits/a.png")) == [0]


def test_a_denied_call_takes_the_message_to_the_dead_letters_with_its_reason_and_it_is_not_retried(
    handle, scene, queues
):
    scene.models.answers[V1] = Refusal("AccessDeniedException", message="no grant")
    body = uploaded("digits/a.png")
    assert handle(body) == []
    (letter,) = queues.messages[DEAD]
    assert letter["MessageBody"] == body
    said = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert (said["Reason"], said["SourceQueue"]) == ("AccessDeniedException", QUEUE)
    assert "no grant" in said["Detail"]


def test_a_message_that_is_no_event_takes_the_same_way(handle, queues):
    assert handle("not json") == []
    (letter,) = queues.messages[DEAD]
    assert letter["MessageAttributes"]["Reason"]["StringValue"] == "MALFORMED_EVENT"


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


@pytest.mark.parametrize("key", ["other/a.png", "a.png", "digits", "videos/digits/a.mp4", "Digits/a.png", "/a.png"])
def test_a_key_of_no_project_is_a_failed_result_of_the_project_unknown(handle, scene, key):
    scene.bucket.put(key, picture())
    assert handle(uploaded(key)) == []
    assert result(scene, key, "unknown").outcome["ErrorCode"] == ErrorCode.UNKNOWN_PROJECT


@pytest.mark.parametrize("key", ["digits/a b.png", "digits/a+b.png", "digits/%41.png", "digits/🦊/é.png"])
def test_keys_reach_s3_and_the_model_as_they_are(handle, scene, key):
    scene.bucket.put(key, picture())
    assert handle(uploaded(key)) == []
    assert result(scene, key).outcome["CustomLabels"] == LABELS
    assert scene.models.asked[0]["Image"]["S3Object"]["Name"] == key


def test_a_detected_image_is_counted_and_a_failed_one_by_its_reason(handle, scene, capsys):
    scene.bucket.put("digits/text.jpg", b"a text")
    handle(uploaded("digits/a.png"), uploaded("digits/text.jpg"))
    metrics = emitted(capsys)
    assert metrics["ImagesDetected"]["ImagesDetected"] == [1.0]
    assert len(metrics["DetectLatency"]["DetectLatency"]) == 2
    assert metrics["ImagesFailed"]["ErrorCode"] == "NOT_AN_IMAGE"
    assert metrics["ImagesFailed"]["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "CustomLabels"


def test_every_metric_says_of_which_deployment_it_is(handle, scene, capsys):
    scene.bucket.put("digits/text.jpg", b"a text")
    for key in ("digits/a.png", "digits/text.jpg", "digits/new/"):
        handle(uploaded(key, size=0 if key.endswith("/") else 9))
    scene.bucket.put("digits/b.png", picture())
    scene.models.answers[V1] = Refusal("ThrottlingException")
    handle(uploaded("digits/b.png"))
    metrics = emitted(capsys)
    assert set(metrics) == {"DetectLatency", "ImagesDetected", "ImagesFailed", "FoldersSkipped", "ImagesThrottled"}
    for name, said in metrics.items():
        assert said["Deployment"] == "demo", name
        (dimensions,) = said["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
        assert "Deployment" in dimensions, name


def test_the_log_says_why_an_image_goes_back(handle, scene, caplog):
    scene.models.answers[V1] = Refusal("ResourceNotReadyException", message="the model is not running")
    handle(uploaded("digits/a.png"))
    assert "the model is not running" in caplog.text
