"""Images that are asked for: backfill, redrive, rerun, and the start/get pair."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.deployment import Clients
from cli.models import list_models
from demo.pictures import PictureSet
from lambdas.images import ImageRef
from lambdas.jobs import Job, JobStatus
from tests.harness import Cloud, uploaded

Pictures = dict[str, PictureSet]

# What cdk.json lets the project digits of the deployment e2e use, which exists on a local cloud only.
SHELF = "custom-labels-e2e-shelf"
TOPIC = "custom-labels-e2e-asked"

EXISTING = 30


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep checkpoints out of the home directory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def _customlabels(cloud: Cloud, *arguments: str, clients: Clients | None = None) -> tuple[int, Any]:
    """Run the command line; return its exit code and what it prints as JSON."""
    code, printed = cloud.customlabels(*arguments, "--json", clients=clients)
    return code, json.loads(printed or "null")


@pytest.fixture(scope="module")
def existing(trained: Cloud, pictures: Pictures) -> list[ImageRef]:
    """Images that are in the bucket and that nobody has looked at."""
    unseen = pictures["digits"].unseen
    with trained.unnoticed("digits"):
        return [
            trained.drop(f"digits/existing/{number:02} é+%41.png", unseen[number % len(unseen)].body)
            for number in range(EXISTING)
        ]


def _history(cloud: Cloud, image: ImageRef) -> tuple[Job, ...]:
    return cloud.deployment.results(cloud.clients).by_image(image.bucket, image.key).entries


def _interrupted_at(cloud: Cloud, call: int) -> Clients:
    """Return clients that a Ctrl-C meets at a call of SendMessageBatch."""
    sqs, calls = cloud.clients("sqs"), iter(range(1, 1000))

    class Interrupted:
        def __getattr__(self, name: str) -> Any:
            if name == "send_message_batch" and next(calls) == call:
                raise KeyboardInterrupt
            return getattr(sqs, name)

    return lambda service: Interrupted() if service == "sqs" else cloud.clients(service)


def test_a_backfill_that_was_interrupted_and_resumed_gives_each_image_one_result(
    trained: Cloud, existing: list[ImageRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.commands.backfill.PAGE", 10)
    asked = ("backfill", "digits", "--prefix", "digits/existing/")
    assert all(_history(trained, image) == () for image in existing)
    assert _customlabels(trained, *asked, clients=_interrupted_at(trained, 3)) == (130, None)
    code, said = _customlabels(trained, *asked, "--resume")
    assert (code, said["Queued"] + said["HaveResults"], said["Failed"]) == (0, EXISTING, [])
    # The uploads' own events come late, and once more.
    queue = trained.deployment.project("digits").queue_url
    for image in existing[:5]:
        trained.clients("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(uploaded(image)))
    jobs = [trained.result_of(image, "digits") for image in existing]
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    trained.drained(queue)
    assert [len(_history(trained, image)) for image in existing] == [1] * EXISTING
    assert _customlabels(trained, *asked) == (0, {"Queued": 0, "HaveResults": EXISTING, "Skipped": 0, "Failed": []})


def test_a_backfill_reads_another_bucket_that_the_settings_name(trained: Cloud, pictures: Pictures) -> None:
    if not trained.local:
        pytest.skip("the bucket of this name is on a local cloud")
    s3 = trained.clients("s3")
    s3.create_bucket(Bucket=SHELF)  # without versions
    for number, picture in enumerate(pictures["digits"].unseen[:2]):
        s3.put_object(Bucket=SHELF, Key=f"2026/{number}.png", Body=picture.body)
    code, said = _customlabels(trained, "backfill", "digits", "--bucket", SHELF, "--prefix", "2026/")
    assert (code, said["Queued"]) == (0, 2)
    for number in range(2):
        assert trained.result_of(ImageRef(SHELF, f"2026/{number}.png", "null"), "digits").status is JobStatus.SUCCEEDED


def test_what_died_of_a_missing_grant_is_redriven_once_it_is_given(trained: Cloud, pictures: Pictures) -> None:
    if not trained.local:
        pytest.skip("on AWS, IAM takes minutes to change its mind")
    dead = trained.deployment.project("digits").dead_letter_queue_url
    with _denied(trained):
        images = [
            trained.drop(f"digits/died-{number}.png", picture.body)
            for number, picture in enumerate(pictures["digits"].unseen[:3])
        ]
        trained.eventually(lambda: trained.waiting(dead) == 3, trained.detection_seconds)
    code, said = _customlabels(trained, "redrive", "digits", "--reason", "AccessDeniedException", "--dry-run")
    assert (code, sum(said["digits"]["Redriven"].values()), trained.waiting(dead)) == (0, 3, 3)
    code, said = _customlabels(trained, "redrive", "digits", "--reason", "other")
    assert (code, sum(said["digits"]["Left"].values()), trained.waiting(dead)) == (0, 3, 3)
    code, said = _customlabels(trained, "redrive", "digits", "--reason", "AccessDeniedException")
    assert (code, sum(said["digits"]["Redriven"].values()), trained.waiting(dead)) == (0, 3, 0)
    assert {trained.result_of(image, "digits").status for image in images} == {JobStatus.SUCCEEDED}


@contextmanager
def _denied(cloud: Cloud) -> Iterator[None]:
    """Take from detect_labels the right to detect."""
    iam, function = cloud.clients("iam"), f"custom-labels-{cloud.deployment.name}-detect_labels"
    role = cloud.clients("lambda").get_function_configuration(FunctionName=function)["Role"].rpartition("/")[2]
    denied = {"Effect": "Deny", "Action": "rekognition:DetectCustomLabels", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    iam.put_role_policy(RoleName=role, PolicyName="denied-by-test", PolicyDocument=policy)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="denied-by-test")


def test_a_rerun_with_another_version_tells_what_changed_and_leaves_nothing_running(
    trained: Cloud, existing: list[ImageRef]
) -> None:
    active = next(model for model in list_models(trained.clients, trained.deployment, "digits") if model.active)
    other = trained.train_by_hand("for-rerun")
    trained.clients("rekognition").start_project_version(ProjectVersionArn=other, MinInferenceUnits=1)
    asked = ("rerun", "digits", "--prefix", "digits/existing/0", "--run", "second-look")
    code, said = _customlabels(trained, *asked, "--version", "for-rerun")
    assert (code, said["Images"], said["ProjectVersionArn"]) == (0, 10, other)
    assert said["WithoutEarlierResult"] == 0
    for change in said["Changes"]:
        assert change["Job"]["ProjectVersionArn"] == other
        assert change["EarlierJob"]["ProjectVersionArn"] == active.arn
    seen = [len(change["Gained"]) + len(change["Lost"]) + len(change["Shifts"]) for change in said["Changes"]]
    assert sum(seen) >= 5
    assert sum(label["Before"] for label in said["Labels"]) >= 5
    answer = trained.clients("lambda").invoke(FunctionName=f"custom-labels-{trained.deployment.name}-guard_models")
    assert json.load(answer["Payload"])["Stopped"] == [other]  # nothing holds it any more


def _invoke(cloud: Cloud, verb_noun: str, request: dict[str, Any]) -> dict[str, Any]:
    """Call a function; return its answer, or `errorType` and `errorMessage`."""
    answer = cloud.clients("lambda").invoke(
        FunctionName=f"custom-labels-{cloud.deployment.name}-{verb_noun}", Payload=json.dumps(request)
    )
    said: dict[str, Any] = json.load(answer["Payload"])
    assert ("FunctionError" in answer) == ("errorType" in said), said
    return said


def test_a_prefix_is_started_told_of_once_and_got_page_by_page(trained: Cloud, existing: list[ImageRef]) -> None:
    bucket = trained.deployment.images_bucket
    asked: dict[str, Any] = {
        "Project": "digits",
        "Images": {"S3Prefix": {"Bucket": bucket, "Prefix": "digits/existing/"}},
        "ClientRequestToken": "a-prefix",
        "JobTag": "line-7",
    }
    if not trained.local:
        start = _invoke(trained, "start_detection", asked)["JobId"]
        trained.eventually(lambda: _ended(trained, start), trained.detection_seconds)
    else:
        topic = trained.clients("sns").create_topic(Name=TOPIC)["TopicArn"]
        asked["NotificationChannel"] = {"SNSTopicArn": topic}
        with trained.subscriber(topic) as subscriber:
            start = _invoke(trained, "start_detection", asked)["JobId"]
            told = subscriber.receive(trained.detection_seconds, lambda received: bool(received))
            assert [(one["JobId"], one["Status"], one["JobTag"]) for one in told] == [(start, "SUCCEEDED", "line-7")]
            # The same token again is the same job, and no second notification.
            assert _invoke(trained, "start_detection", asked) == {"JobId": start}
            assert subscriber.receive(3, lambda received: bool(received)) == []
    results = _results(trained, start)
    assert sorted(result["Image"]["S3ObjectName"] for result in results) == [image.key for image in existing]
    assert {(result["Status"], result["JobTag"]) for result in results} == {("SUCCEEDED", "line-7")}
    assert sum(len(result["CustomLabels"]) for result in results) >= EXISTING / 2
    other = _invoke(trained, "start_detection", asked | {"JobTag": "line-8"})
    assert other["errorType"] == "IdempotentParameterMismatchException"


def _ended(cloud: Cloud, start: str) -> bool:
    return bool(_invoke(cloud, "get_detection", {"JobId": start})["JobStatus"] == "SUCCEEDED")


def _results(cloud: Cloud, start: str) -> list[dict[str, Any]]:
    """Page through a start job that is done."""
    results, token = [], None
    while True:
        answer = _invoke(
            cloud, "get_detection", {"JobId": start, "MaxResults": 7} | ({"NextToken": token} if token else {})
        )
        assert (answer["JobStatus"], answer["Total"], answer["Done"], answer["Failed"]) == (
            *("SUCCEEDED", EXISTING),
            *(EXISTING, 0),
        )
        results += answer["Results"]
        token = answer.get("NextToken")
        if token is None:
            return results


def test_one_image_is_started_and_got_like_many(trained: Cloud, existing: list[ImageRef]) -> None:
    place = {"S3Object": {"Bucket": existing[0].bucket, "Name": existing[0].key}}
    start = _invoke(trained, "start_detection", {"Project": "digits", "Image": place})["JobId"]
    trained.eventually(lambda: _ended(trained, start), trained.detection_seconds)
    answer = _invoke(trained, "get_detection", {"JobId": start})
    assert (answer["Total"], answer["Image"]) == (1, place)
    assert answer["Results"][0]["Image"] == existing[0].to_json()


@pytest.mark.parametrize(
    ("verb_noun", "change", "error"),
    [
        ("start_detection", {"Project": "cats"}, "ResourceNotFoundException"),
        ("start_detection", {"JobTag": "é"}, "InvalidParameterException"),
        ("start_detection", {"NotificationChannel": {"SNSTopicArn": "arn:any"}}, "AccessDeniedException"),
        (
            "start_detection",
            {"Image": {"S3Object": {"Bucket": "IMAGES", "Name": "digits/no"}}},
            "InvalidS3ObjectException",
        ),
        ("get_detection", {"JobId": "0" * 32}, "ResourceNotFoundException"),
    ],
)
def test_what_is_wrong_is_told_by_the_names_of_the_api(
    cloud: Cloud, verb_noun: str, change: dict[str, Any], error: str
) -> None:
    place = {"S3Object": {"Bucket": cloud.deployment.images_bucket, "Name": "digits/a.png"}}
    asked = {"Project": "digits", "Image": place} if verb_noun == "start_detection" else {}
    request = json.loads(json.dumps(asked | change).replace("IMAGES", cloud.deployment.images_bucket))
    assert _invoke(cloud, verb_noun, request)["errorType"] == error
