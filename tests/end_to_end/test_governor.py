"""Models wake for images and sleep by themselves, under a quota of two that run, whatever becomes of the governor.

The tests are the clock: each look of the governor is a call of its function, as each minute's is by its schedule.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cli.models import list_models
from demo.pictures import PictureSet, digits
from demo.upload import upload_dataset
from lambdas.images import ImageRef
from lambdas.jobs import JobStatus
from lambdas.model_versions import VersionStatus
from local.cloud import Profile, local_cloud
from tests.deployed import deployed_to
from tests.harness import Cloud

PROJECTS = ("one", "two", "three")
LOOKS = 60  # after which what should have come will not

RUNNING, STOPPED = VersionStatus.RUNNING, VersionStatus.STOPPED


@pytest.fixture(scope="module")
def two_labels() -> PictureSet:
    return digits(train=24, test=12, unseen=4, labels=("zero", "one"), seed=5)


@pytest.fixture(scope="module")
def governed(tmp_path_factory: pytest.TempPathFactory, two_labels: PictureSet) -> Iterator[Cloud]:
    """A deployment of three projects that have a model each, in an account that lets two run; all sleep."""
    folder = tmp_path_factory.mktemp("governed")
    with local_cloud(Profile.STRICT, folder, quotas="running_models=2") as running:
        cloud = deployed_to(running, "governed")
        for project in PROJECTS:
            bucket = cloud.deployment.datasets_bucket
            key = upload_dataset(cloud.clients("s3"), bucket, project, "first", two_labels, lambda _: None)
            ended, states = cloud.end_of(cloud.training_of(key))
            assert ended.status == "SUCCEEDED", (ended, states)
            _promoted_long_ago(cloud, project)
            _until(cloud, lambda project=project: _status(cloud, project) is STOPPED)
        yield cloud


def _promoted_long_ago(cloud: Cloud, project: str) -> None:
    """Let the quarter of an hour be over for which a model that was promoted stays up."""
    cloud.clients("dynamodb").update_item(
        TableName=cloud.deployment.registry_table,
        Key={"PK": {"S": f"PROJECT#{project}"}, "SK": {"S": "STATE"}},
        UpdateExpression="SET UpdatedAt = :then",
        ExpressionAttributeValues={":then": {"N": str(int((time.time() - 3600) * 1000))}},
    )


def _govern(cloud: Cloud, kind: str = "RequestResponse") -> dict[str, Any]:
    name = f"custom-labels-{cloud.deployment.name}-govern_models"
    answer = cloud.clients("lambda").invoke(FunctionName=name, InvocationType=kind, Payload=b"{}")
    said = answer["Payload"].read()
    assert "FunctionError" not in answer, said
    return dict(json.loads(said)) if said else {}


def _until(cloud: Cloud, reached: Callable[[], bool]) -> None:
    """Let minutes pass until something is reached."""
    for _ in range(LOOKS):
        if reached():
            return
        _govern(cloud)
        time.sleep(cloud.look_seconds)  # for the service, which starts and stops models in a second or so
    raise AssertionError(f"not within {LOOKS} looks: {[*list_models(cloud.clients, cloud.deployment)]}")


def _status(cloud: Cloud, project: str) -> VersionStatus:
    (model,) = [model for model in list_models(cloud.clients, cloud.deployment, project) if model.active]
    return model.status


def _event_source(cloud: Cloud, project: str) -> str:
    source = cloud.deployment.project(project).event_source_id
    return str(cloud.clients("lambda").get_event_source_mapping(UUID=source)["State"])


def _done(cloud: Cloud, image: ImageRef, project: str) -> bool:
    job = cloud.deployment.results(cloud.clients).by_image(image.bucket, image.key).entries
    return any(entry.project == project and entry.status is JobStatus.SUCCEEDED for entry in job)


def test_images_wake_their_model_are_all_detected_and_it_sleeps_again(governed: Cloud, two_labels: PictureSet) -> None:
    assert _event_source(governed, "one") == "Disabled"
    images = [governed.drop(f"one/{number}.png", two_labels.unseen[number % 4].body) for number in range(12)]
    governed.eventually(lambda: governed.waiting(governed.deployment.project("one").queue_url) == 12, 30)
    _until(governed, lambda: _status(governed, "one") is RUNNING)
    _until(governed, lambda: all(_done(governed, image, "one") for image in images))
    _until(governed, lambda: _status(governed, "one") is STOPPED)
    assert _event_source(governed, "one") == "Disabled"


def test_two_models_run_and_the_third_waits_for_its_turn(governed: Cloud, two_labels: PictureSet) -> None:
    body = two_labels.unseen[0].body
    for project in ("one", "two"):  # which a person keeps up
        assert governed.customlabels("start", project, "--for", "1h")[0] == 0
    image = governed.drop("three/waits.png", body)
    with governed.subscriber(governed.deployment.operations_topic_arn, Alarm=["NO_ROOM"]) as subscriber:
        for _ in range(8):
            _govern(governed)
        told = subscriber.receive(30, lambda received: bool(received))
    assert (told[0]["Project"], told[0]["Status"]) == ("three", "ALARM")
    assert _status(governed, "three") is not RUNNING
    assert governed.customlabels("stop", "two")[0] == 0
    _until(governed, lambda: _done(governed, image, "three"))
    assert _status(governed, "two") is STOPPED
    assert _status(governed, "one") is RUNNING
    assert governed.customlabels("stop", "one")[0] == 0
    _until(governed, lambda: _status(governed, "three") is STOPPED)


def test_a_governor_that_is_killed_while_it_starts_a_model_is_made_good(
    governed: Cloud, two_labels: PictureSet
) -> None:
    functions, name = governed.clients("lambda"), f"custom-labels-{governed.deployment.name}-govern_models"
    image = governed.drop("three/killed.png", two_labels.unseen[1].body)
    governed.eventually(lambda: governed.waiting(governed.deployment.project("three").queue_url) == 1, 30)
    slow = {"fault": "latency", "latency": {"distribution": "fixed", "seconds": 4}}
    with governed.faults({"rules": [slow | {"operations": ["StartProjectVersion"]}]}):
        _govern(governed, "Event")
        governed.eventually(lambda: "StartingSince" in _memory(governed, "three"), 30)
        functions.update_function_configuration(FunctionName=name, Timeout=54)  # ends all that run
    try:
        _until(governed, lambda: _done(governed, image, "three"))
        _until(governed, lambda: _status(governed, "three") is STOPPED)
    finally:
        functions.update_function_configuration(FunctionName=name, Timeout=55)


def _memory(cloud: Cloud, project: str) -> dict[str, Any]:
    key = {"PK": {"S": f"PROJECT#{project}"}, "SK": {"S": "GOVERNOR"}}
    answer = cloud.clients("dynamodb").get_item(TableName=cloud.deployment.registry_table, Key=key, ConsistentRead=True)
    return dict(answer.get("Item", {}))


def test_a_stop_that_fails_ten_times_is_told_and_tried_until_it_succeeds(
    governed: Cloud, two_labels: PictureSet
) -> None:
    image = governed.drop("three/refused.png", two_labels.unseen[2].body)
    with governed.subscriber(governed.deployment.operations_topic_arn, Alarm=["STOP_REFUSED"]) as subscriber:
        with governed.faults({"rules": [{"fault": "throttling", "operations": ["StopProjectVersion"]}]}):
            _until(governed, lambda: _done(governed, image, "three"))
            for _ in range(10):
                _govern(governed)
            assert _status(governed, "three") is RUNNING
            told = subscriber.receive(30, lambda received: bool(received))
            assert [(said["Project"], said["Status"]) for said in told] == [("three", "ALARM")]
        _until(governed, lambda: _status(governed, "three") is STOPPED)
        told = subscriber.receive(30, lambda received: bool(received))
        assert [(said["Project"], said["Status"]) for said in told] == [("three", "OK")]


def test_the_costs_of_the_day_tell_what_the_models_did(governed: Cloud) -> None:
    def counted() -> dict[str, Any] | None:
        _govern(governed)  # an image is counted once its minute is over
        code, printed = governed.customlabels("costs", "--days", "2", "--json")
        assert code == 0
        total: dict[str, Any] = json.loads(printed)["Total"]
        return total if total["Images"] == 15 else None

    total = governed.eventually(counted, 90)
    assert total["Starts"] >= 4
    assert 0 < total["RunningUnitHours"] < total["AlwaysOnDollars"] / 4
    # Of models that run for seconds, the minute of their images is over after their stop.
    assert total["BusyUnitHours"] <= total["RunningUnitHours"]
    assert total["Dollars"] == pytest.approx(total["RunningUnitHours"] * 4, abs=0.001)
