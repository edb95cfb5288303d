"""Models: what waits until one runs, what stops one, what the guard makes of one that nobody wants."""

import json
import time

import pytest

from cli.models import list_models
from demo.pictures import PictureSet, digits
from demo.upload import upload_dataset
from lambdas.jobs import JobStatus
from lambdas.model_versions import VersionStatus
from tests.harness import Cloud

Pictures = dict[str, PictureSet]


def _is_open(cloud: Cloud, project: str) -> bool:
    mapping = cloud.clients("lambda").get_event_source_mapping(UUID=cloud.deployment.project(project).event_source_id)
    return str(mapping["State"]).startswith("Enabl")


@pytest.fixture(scope="module")
def two_labels() -> PictureSet:
    return digits(train=24, test=12, unseen=4, labels=("zero", "one"), seed=5)


def test_an_upload_before_any_model_waits_and_is_detected_once_one_runs(cloud: Cloud, two_labels: PictureSet) -> None:
    queue = cloud.deployment.project("later").queue_url
    assert not _is_open(cloud, "later")
    image = cloud.drop("later/early.png", two_labels.unseen[0].body)
    cloud.eventually(lambda: cloud.waiting(queue) == 1, 30)
    key = upload_dataset(
        cloud.clients("s3"), cloud.deployment.datasets_bucket, "later", "first", two_labels, lambda _: None
    )
    ended, _ = cloud.end_of(cloud.training_of(key))
    assert ended.status == "SUCCEEDED"
    assert _is_open(cloud, "later")
    job = cloud.result_of(image, "later")
    assert job.status is JobStatus.SUCCEEDED
    assert job.outcome["CustomLabels"][0]["Name"] == two_labels.unseen[0].labels[0]


def test_stop_lets_images_wait_and_start_brings_them_their_labels(trained: Cloud, pictures: Pictures) -> None:
    queue = trained.deployment.project("digits").queue_url
    trained.drained(queue)  # duplicates and redeliveries of earlier tests would be counted as waiting
    code, printed = trained.customlabels("stop", "digits", "--json")
    assert code == 0
    assert [model["Project"] for model in json.loads(printed)] == ["digits"]
    states = {model.status for model in list_models(trained.clients, trained.deployment, "digits")}
    assert VersionStatus.STOPPED in states
    assert states <= {VersionStatus.STOPPED, VersionStatus.TRAINING_COMPLETED}
    image = trained.drop("digits/while-stopped.png", pictures["digits"].unseen[0].body)
    trained.eventually(lambda: trained.waiting(queue) == 1, 30)
    code, printed = trained.customlabels("start", "digits", "--json")
    assert code == 0
    assert json.loads(printed)["Outcome"] == "RUNNING"
    assert trained.result_of(image, "digits").status is JobStatus.SUCCEEDED


def test_the_guard_tells_of_a_version_that_a_person_started_and_stops_one_whose_lease_has_expired(
    trained: Cloud,
) -> None:
    active = next(model for model in list_models(trained.clients, trained.deployment, "digits") if model.active)
    other = trained.train_by_hand("by-hand")
    trained.clients("rekognition").start_project_version(ProjectVersionArn=other, MinInferenceUnits=1)
    trained.await_status(other, VersionStatus.RUNNING)
    with trained.subscriber(trained.deployment.operations_topic_arn) as subscriber:
        assert _guarded(trained) == {"Stopped": [], "Noticed": [other]}
        assert _guarded(trained) == {"Stopped": [], "Noticed": []}  # once
        trained.await_status(other, VersionStatus.RUNNING)
        trained.deployment.registry(trained.clients).lease("digits", "by-hand", "a-test", time.time())
        assert _guarded(trained) == {"Stopped": [other], "Noticed": []}
        told = subscriber.receive(30, lambda received: len(received) == 2)
    assert {(message["Status"], message["ProjectVersionArn"]) for message in told} == {
        ("UNEXPLAINED", other),
        ("STOPPED", other),
    }
    trained.await_status(other, VersionStatus.STOPPED)
    trained.await_status(active.arn, VersionStatus.RUNNING)


def _guarded(cloud: Cloud) -> dict[str, list[str]]:
    """Let the guard look; return what it answers."""
    answer = cloud.clients("lambda").invoke(FunctionName=f"custom-labels-{cloud.deployment.name}-guard_models")
    said = answer["Payload"].read()
    assert "FunctionError" not in answer, said
    return dict(json.loads(said))


def test_the_command_line_lists_models_and_results(trained: Cloud, pictures: Pictures) -> None:
    trained.result_of(trained.drop("digits/listed.png", pictures["digits"].unseen[0].body), "digits")
    _, models = trained.customlabels("models", "digits")
    assert "RUNNING" in models
    _, results = trained.customlabels("results", "digits", "--json")
    assert "digits/listed.png" in {result["Image"]["S3ObjectName"] for result in json.loads(results)["Results"]}
    _, of_image = trained.customlabels("results", "--image", "digits/listed.png", "--json")
    assert {result["Status"] for result in json.loads(of_image)["Results"]} == {"SUCCEEDED"}


def test_the_command_line_names_an_unknown_project_and_the_known_ones(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = cloud.customlabels("stop", "nothing")
    assert code == 1
    assert "no project 'nothing'" in capsys.readouterr().err
