"""Images that are moderated before the model looks at them, and what people say of them later.

The stand-in moderates by colour (docs/rekognition-stand-in.md): magenta is Gambling, which the project `scenes` blocks;
cyan is Drinking, which it does not name, and so flags.
"""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from PIL import Image

from demo.pictures import PictureSet
from lambdas.jobs import Job, JobStatus
from lambdas.names import human_loop_name
from tests.harness import Cloud, uploaded

Pictures = dict[str, PictureSet]

REVIEWS = "custom-labels-e2e-reviews"
SOURCE = "custom-labels-e2e.reviews"  # only AWS may say aws.sagemaker


@pytest.fixture(autouse=True)
def _local_only(cloud: Cloud) -> None:
    if not cloud.local:
        pytest.skip("on AWS, what is unsafe is no colour, and Augmented AI takes no new customers")


def filled(colour: str) -> bytes:
    """Return a picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (160, 120), colour).save(out, "PNG")
    return out.getvalue()


def test_a_blocked_image_succeeds_without_labels_and_who_asks_for_blocked_ones_hears_of_it(trained: Cloud) -> None:
    with trained.subscriber(trained.deployment.results_topic_arn, Moderation=["BLOCKED"]) as subscriber:
        image = trained.drop("scenes/moderated/magenta.png", filled("magenta"))
        told = trained.notification_of(subscriber, image)
    job = trained.result_of(image, "scenes")
    assert (job.status, told["Status"], told["Moderation"]) == (JobStatus.SUCCEEDED, "SUCCEEDED", "BLOCKED")
    assert [label["Name"] for label in job.outcome["ModerationLabels"]] == ["Gambling"]
    assert "CustomLabels" not in job.outcome.keys() | told.keys()
    code, printed = trained.customlabels("results", "--job", job.id)
    assert code == 0
    assert "BLOCKED: Gambling 100.0" in printed


def test_a_flagged_image_is_detected_and_begins_one_review_though_its_event_comes_again(trained: Cloud) -> None:
    image = trained.drop("scenes/moderated/cyan.png", filled("cyan"))
    job = trained.result_of(image, "scenes")
    queue = trained.deployment.project("scenes").queue_url
    trained.clients("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(uploaded(image)))
    trained.drained(queue)
    assert job.outcome["Moderation"] == "FLAGGED"
    assert "CustomLabels" in job.outcome
    names = [label["Name"] for label in job.outcome["ModerationLabels"]]
    assert names == ["Alcohol", "Alcohol Use", "Drinking"]
    loop = human_loop_name(trained.deployment.name, job.id)
    assert job.outcome["HumanLoopActivationOutput"]["HumanLoopArn"].endswith(f":human-loop/{loop}")
    assert trained.result_of(image, "scenes").outcome == job.outcome


def test_an_image_of_a_project_that_asks_for_moderation_passes_where_it_is_clean(
    trained: Cloud, pictures: Pictures
) -> None:
    job = trained.result_of(trained.drop("scenes/moderated/clean.jpg", pictures["scenes"].unseen[0].body), "scenes")
    assert (job.outcome["Moderation"], job.outcome["ModerationLabels"]) == ("PASSED", [])
    assert "HumanLoopArn" not in job.outcome["HumanLoopActivationOutput"]


def test_what_people_answer_comes_into_the_result_and_is_told(trained: Cloud) -> None:
    image = trained.drop("scenes/moderated/reviewed.png", filled("cyan"))
    job = trained.result_of(image, "scenes")
    content = {"AWS/Rekognition/DetectModerationLabels/Image/V3": {"moderationLabels": [{"name": "Drinking"}]}}
    put_answers(trained, job, {"humanAnswers": [{"answerContent": content, "submissionTime": "2026-11-21T17:30:00Z"}]})
    with (
        trained.subscriber(trained.deployment.results_topic_arn, Review=["COMPLETED"]) as subscriber,
        told_by(trained, SOURCE),
    ):
        put_event(trained, job)
        told = trained.notification_of(subscriber, image)
    assert (told["JobId"], told["Status"], told["Moderation"]) == (job.id, "SUCCEEDED", "FLAGGED")
    assert told["Review"]["Answers"] == [{"AnswerContent": content, "SubmissionTime": "2026-11-21T17:30:00Z"}]
    stored = trained.result_of(image, "scenes").outcome
    assert stored["Review"] == told["Review"]
    assert stored["CustomLabels"] == job.outcome["CustomLabels"]


def key_of(job: Job) -> str:
    return f"unsafe-pictures/2026/11/21/17/25/00/{job.id}/output.json"


def put_answers(cloud: Cloud, job: Job, answers: dict[str, Any]) -> None:
    """Do what Augmented AI does when a review is completed, in a bucket of the account's own."""
    s3 = cloud.clients("s3")
    s3.create_bucket(Bucket=REVIEWS)
    s3.put_object(Bucket=REVIEWS, Key=key_of(job), Body=json.dumps(answers).encode())


def put_event(cloud: Cloud, job: Job) -> None:
    """Say that the review of a job's image is completed."""
    arn = job.outcome["HumanLoopActivationOutput"]["HumanLoopArn"]
    detail = {
        "flowDefinitionArn": "arn:aws:sagemaker:us-east-1:000000000000:flow-definition/unsafe-pictures",
        "humanLoopArn": arn,
        "humanLoopName": arn.rpartition("/")[2],
        "humanLoopOutput": {"outputS3Uri": f"s3://{REVIEWS}/{key_of(job)}"},
        "humanLoopStatus": "Completed",
    }
    entry = {
        "Source": SOURCE,
        "DetailType": "SageMaker A2I HumanLoop Status Change",
        "Detail": json.dumps(detail),
    }
    answer = cloud.clients("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0, answer


@contextmanager
def told_by(cloud: Cloud, source: str) -> Iterator[None]:
    """Let the rule hear of reviews from another source too, since PutEvents refuses AWS's own."""
    events, name = cloud.clients("events"), f"custom-labels-{cloud.deployment.name}-take_review"
    pattern = events.describe_rule(Name=name)["EventPattern"]
    widened = json.loads(pattern)
    widened["source"].append(source)
    events.put_rule(Name=name, EventPattern=json.dumps(widened))
    try:
        yield
    finally:
        events.put_rule(Name=name, EventPattern=pattern)
