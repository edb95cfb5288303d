"""A review by people that has ended, into the result of its image."""

import io
import json

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from lambdas import clients
from lambdas.deployment_settings import ProjectSettings, parse_deployment
from lambdas.jobs import JobStatus
from lambdas.moderation_settings import HumanReview, ModerationSettings
from lambdas.names import human_loop_name
from lambdas.take_review import handler
from lambdas.take_review.ended import UnknownEventError
from lambdas.take_review.taking import MAX_OUTPUT_BYTES
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.scene import LABELS, TOPIC, V1, Scene
from tests.unit.lambdas.services import HUMAN_LOOPS, forget_dimensions

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")

FLOW = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/unsafe"
REVIEWED = ProjectSettings(
    moderation=ModerationSettings(human_review=HumanReview(flow_definition_arn=FLOW, output_bucket="answers"))
)
KEY = "unsafe/2026/11/21/17/25/00/loop/output.json"
CONTENT = {"AWS/Rekognition/DetectModerationLabels/Image/V3": {"moderationLabels": [{"name": "Gambling"}]}}
OUTPUT = {
    "humanAnswers": [
        {
            "answerContent": CONTENT,
            "submissionTime": "2026-11-21T17:30:00Z",
            "workerId": "a1",
            "timeSpentInSeconds": 4.5,
        }
    ]
}


class Answers:
    """The flow definition's bucket."""

    def __init__(self):
        self.objects = {KEY: json.dumps(OUTPUT).encode()}

    def get_object(self, Bucket, Key):  # noqa: N803 - as AWS spells it
        assert Bucket == "answers"
        if Key not in self.objects:
            raise Refusal("AccessDenied", 403)
        return {"Body": StreamingBody(io.BytesIO(self.objects[Key]), len(self.objects[Key]))}


@pytest.fixture
def scene():
    return Scene()


@pytest.fixture
def answers():
    return Answers()


@pytest.fixture
def take(monkeypatch, scene, answers, lambda_context):
    """Take an event; return the ids of messages that go back."""
    made = {"dynamodb": scene.dynamodb, "s3": client_of("s3", answers), "sns": scene.sns}
    monkeypatch.setattr(clients.boto3, "client", lambda service, **_: made[service])
    monkeypatch.setattr(handler, "load_settings", lambda: parse_deployment("demo", {"projects": {"digits": {}}}))
    names = {"RESULTS_TABLE": "results", "RESULTS_BUCKET": "objects", "RESULTS_TOPIC_ARN": TOPIC}
    for name, value in names.items():
        monkeypatch.setenv(name, value)

    def run(event):
        body = event if isinstance(event, str) else json.dumps(event)
        answer = handler.handle({"Records": [{"messageId": "m1", "body": body}]}, lambda_context)
        return [item["itemIdentifier"] for item in answer["batchItemFailures"]]

    _forget()
    yield run
    _forget()


def _forget():
    for made in (clients.client, handler._taker):
        made.cache_clear()
    forget_dimensions()


def ended(job_id, status="Completed", uri=f"s3://answers/{KEY}", **detail):
    """Return the event of the guide "Use Amazon CloudWatch Events in Amazon Augmented AI"."""
    name = human_loop_name("demo", job_id)
    return {
        "detail-type": "SageMaker A2I HumanLoop Status Change",
        "source": "aws.sagemaker",
        "time": "2026-11-21T17:31:00Z",
        "detail": {
            "creationTime": "2026-11-21T17:25:00.740Z",
            "failureCode": None,
            "failureReason": None,
            "flowDefinitionArn": FLOW,
            "humanLoopArn": HUMAN_LOOPS + name,
            "humanLoopName": name,
            "humanLoopOutput": {"outputS3Uri": uri} if uri else None,
            "humanLoopStatus": status,
            **detail,
        },
    }


def test_what_people_answered_is_in_the_result_and_told(scene, take):
    job = scene.deliver(REVIEWED)
    assert take(ended(job.id)) == []
    review = {
        "Status": "COMPLETED",
        "HumanLoopArn": job.outcome["HumanLoopActivationOutput"]["HumanLoopArn"],
        "EndedAt": "2026-11-21T17:31:00Z",
        "Output": {"S3Bucket": "answers", "S3ObjectName": KEY},
        "Answers": [{"AnswerContent": CONTENT, "SubmissionTime": "2026-11-21T17:30:00Z"}],
    }
    first, second = scene.told()
    assert second == first | {"Review": review}
    assert second["CustomLabels"] == LABELS
    assert scene.standing().outcome["Review"] == review
    assert scene.topic.published[1]["MessageAttributes"]["Review"]["StringValue"] == "COMPLETED"
    assert not scene.standing().unnotified


@pytest.mark.parametrize(("word", "status"), [("Failed", "FAILED"), ("Stopped", "STOPPED")])
def test_a_review_that_ended_without_answers_is_told_with_its_reason(scene, take, word, status):
    job = scene.deliver(REVIEWED)
    take(ended(job.id, word, uri=None, failureCode="Expired", failureReason="nobody came"))
    review = scene.told()[1]["Review"]
    assert (review["Status"], review["Failure"]) == (status, "Expired: nobody came")
    assert "Answers" not in review


def test_answers_that_are_too_long_are_pointed_to(scene, take, answers):
    long = OUTPUT | {"inputContent": "x" * MAX_OUTPUT_BYTES}
    answers.objects[KEY] = json.dumps(long).encode()
    take(ended(scene.deliver(REVIEWED).id))
    review = scene.told()[1]["Review"]
    assert review["Output"] == {"S3Bucket": "answers", "S3ObjectName": KEY}
    assert "Answers" not in review


def test_a_review_whose_image_is_not_done_waits_for_it(scene, take):
    scene.models.answers[V1] = Refusal("ResourceNotReadyException")
    with pytest.raises(Exception, match="ResourceNotReady"):
        scene.deliver(REVIEWED)
    event = ended(scene.standing().id)
    assert take(event) == ["m1"]
    assert scene.told() == []
    scene.models.answers[V1] = LABELS
    scene.deliver(REVIEWED)
    assert take(event) == []
    assert scene.standing().status is JobStatus.SUCCEEDED
    assert "Review" in scene.told()[1]


def test_the_same_event_again_tells_again_and_keeps_the_first(scene, take, answers):
    event = ended(scene.deliver(REVIEWED).id)
    take(event)
    answers.objects[KEY] = json.dumps({"humanAnswers": []}).encode()
    take(event)
    assert scene.told()[2] == scene.told()[1]


def test_a_review_that_was_written_and_not_told_of_is_told_of_when_it_comes_back(scene, take):
    event = ended(scene.deliver(REVIEWED).id)
    scene.topic.refuse_next = Refusal("InternalError", 500)
    with pytest.raises(ClientError, match="InternalError"):
        take(event)
    assert scene.standing().unnotified  # and so the sweep would tell of it too
    take(event)
    assert "Review" in scene.told()[1]


def test_a_review_of_another_deployment_or_of_a_result_that_expired_changes_nothing(scene, take):
    job = scene.deliver(REVIEWED)
    assert take(ended(job.id, humanLoopName=human_loop_name("demo-two", job.id))) == []
    assert take(ended("0" * 32)) == []
    assert (len(scene.told()), "Review" in scene.standing().outcome) == (1, False)


def test_answers_that_may_not_be_read_are_an_error_and_no_review_without_them(scene, take, answers):
    answers.objects.clear()
    job = scene.deliver(REVIEWED)
    with pytest.raises(ClientError, match="AccessDenied"):
        take(ended(job.id))
    assert "Review" not in scene.standing().outcome


@pytest.mark.parametrize(
    "event",
    [
        "no JSON",
        "[]",
        "{}",
        ended("0" * 32, "InProgress"),
        ended("0" * 32, uri="https://answers/a"),
        ended("0" * 32, uri="s3://answers"),
    ],
)
def test_what_is_no_end_of_a_review_is_an_error(take, event):
    with pytest.raises(UnknownEventError):
        take(event)
