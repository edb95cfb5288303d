"""What the workflows do where the account's quotas are full: they wait their turn, make room, or say why not."""

from collections.abc import Iterator
from typing import Any

import pytest

from cli.models import Model
from cli.starting import start_run
from demo.pictures import PictureSet
from lambdas.model_versions import VersionStatus
from tests.harness import Cloud
from tests.workflows.conftest import MODELS_PER_PROJECT, Faults
from tests.workflows.rollouts import (
    active,
    await_state,
    event_of,
    event_source_state,
    models,
    noise,
    running,
    start,
    stop,
    train,
    upload,
)


@pytest.fixture(autouse=True)
def _nothing_runs_on(rollout: Cloud) -> Iterator[None]:
    """Stop what a test has left running: there is room for one model."""
    yield
    for project in sorted({project for project, _ in running(rollout)}):
        # An image that found its model asleep is hidden for a quarter of an hour, which a stop would wait for in part.
        rollout.clients("sqs").purge_queue(QueueUrl=rollout.deployment.project(project).queue_url)
        stop(rollout, project)


def test_a_second_training_waits_until_the_first_has_ended(rollout: Cloud, two_labels: PictureSet) -> None:
    guesses = noise(two_labels)
    keys = [upload(rollout, "picky", dataset, guesses) for dataset in ("one", "two")]
    ends = [rollout.end_of(rollout.training_of(key)) for key in keys]
    assert [ended.error for ended, _ in ends] == ["ModelRejected", "ModelRejected"]
    assert ["Wait for a place" in states for _, states in ends] in ([True, False], [False, True])
    trained = {name.partition(".")[0]: model.status for name, model in models(rollout, "picky").items()}
    assert (trained["one"], trained["two"]) == (VersionStatus.TRAINING_COMPLETED, VersionStatus.TRAINING_COMPLETED)


def test_a_training_for_which_no_place_comes_free_fails_with_the_services_words(
    rollout: Cloud, two_labels: PictureSet
) -> None:
    trained = [model for model in models(rollout, "picky").values() if model.status is VersionStatus.TRAINING_COMPLETED]
    _fill_with_copies(rollout, "full", trained[0])
    with rollout.subscriber(rollout.deployment.training_topic_arn, Project=["full"]) as subscriber:
        ended, states = rollout.end_of(rollout.training_of(upload(rollout, "full", "first", two_labels)))
        told = subscriber.receive(30, lambda received: bool(received))
    assert ended.error == "QuotaFull"
    assert states.count("Wait for a place") == 96
    assert f"quota of {MODELS_PER_PROJECT} models of a project" in str(ended.cause)
    assert told[0]["ErrorCode"] == "QuotaFull"


def _fill_with_copies(cloud: Cloud, project: str, model: Model) -> None:
    """Copy a version into a project until it keeps as many as it may."""
    rekognition = cloud.clients("rekognition")
    arn = rekognition.create_project(ProjectName=f"{cloud.deployment.rekognition_prefix}{project}")["ProjectArn"]
    for number in range(MODELS_PER_PROJECT):
        rekognition.copy_project_version(
            SourceProjectArn=model.project_arn,
            SourceProjectVersionArn=model.arn,
            DestinationProjectArn=arn,
            VersionName=f"copy-{number}",
            OutputConfig={"S3Bucket": cloud.deployment.datasets_bucket, "S3KeyPrefix": "copies"},
        )


def test_a_training_that_finds_its_version_made_goes_on_with_it(rollout: Cloud, two_labels: PictureSet) -> None:
    """So it is where CreateProjectVersion was done, but its answer lost."""
    key = upload(rollout, "picky", "lost-answer", noise(two_labels))
    rollout.end_of(rollout.training_of(key))
    before = models(rollout, "picky")
    version = next(name for name in before if name.startswith("lost-answer."))
    attempt = _attempt(rollout, "picky", version)
    rollout.clients("dynamodb").delete_item(
        TableName=rollout.deployment.registry_table, Key={"PK": attempt["PK"], "SK": attempt["SK"]}
    )
    ended, states = rollout.execute(rollout.deployment.train_model_arn, event_of(rollout, key))
    assert "Look for the version" in states
    assert ended.error == "ModelRejected"
    assert models(rollout, "picky") == before


def _attempt(cloud: Cloud, project: str, version_name: str) -> dict[str, Any]:
    answer = cloud.clients("dynamodb").query(
        TableName=cloud.deployment.registry_table,
        KeyConditionExpression="PK = :project AND begins_with(SK, :attempt)",
        ExpressionAttributeValues={":project": {"S": f"PROJECT#{project}"}, ":attempt": {"S": "ATTEMPT#"}},
    )
    return next(item for item in answer["Items"] if item["VersionName"]["S"] == version_name)


def test_throttled_and_failing_calls_are_made_again(rollout: Cloud, two_labels: PictureSet, faults: Faults) -> None:
    operations = ["DescribeProjects", "CreateProjectVersion", "DescribeProjectVersions"]
    faults(
        *({"fault": "throttling", "operations": [operation], "on": [1]} for operation in operations),
        {"fault": "internal_error", "operations": operations[1:], "on": [3]},
        {"fault": "connection_cut", "operations": operations[2:], "on": [4]},
    )
    key = upload(rollout, "picky", "throttled", noise(two_labels))
    ended, _ = rollout.end_of(rollout.training_of(key))
    assert ended.error == "ModelRejected"
    assert len([name for name in models(rollout, "picky") if name.startswith("throttled.")]) == 1


def test_a_model_waits_until_another_project_lets_it_run(rollout: Cloud, two_labels: PictureSet) -> None:
    train(rollout, "rival", "first", two_labels)
    run = rollout.training_of(upload(rollout, "swap", "waits", two_labels))
    stepfunctions = rollout.clients("stepfunctions")
    await_state(rollout, run, "Run the model")
    (started,) = [
        page["executionArn"]
        for page in stepfunctions.list_executions(
            stateMachineArn=rollout.deployment.run_model_arn, statusFilter="RUNNING"
        )["executions"]
    ]
    await_state(rollout, started, "Wait for a place")
    stop(rollout, "rival")
    ended, _ = rollout.end_of(run)
    assert ended.status == "SUCCEEDED", ended
    assert running(rollout) == {("swap", active(rollout, "swap").version)}


def test_a_model_for_which_no_place_comes_free_fails_and_leaves_the_others_alone(rollout: Cloud) -> None:
    rival, waiting = active(rollout, "rival"), active(rollout, "swap")
    start(rollout, "rival")
    ended, states = rollout.end_of(start_run(rollout.clients, rollout.deployment, waiting))
    assert ended.error == "QuotaFull"
    assert "twelve hours" in str(ended.cause)
    assert "Make room" not in states  # nothing of its own is in the way
    assert running(rollout) == {("rival", rival.version)}


@pytest.fixture
def former(rollout: Cloud) -> Model:
    """The active version of `swap`, which runs and takes the only place."""
    start(rollout, "swap")
    return active(rollout, "swap")


def test_a_version_takes_the_place_of_the_one_before_where_only_one_fits(
    rollout: Cloud, two_labels: PictureSet, former: Model
) -> None:
    image = rollout.drop("swap/before.png", two_labels.unseen[0].body)
    new = train(rollout, "swap", "better", two_labels)
    assert new.active
    assert running(rollout) == {("swap", new.version)}
    assert models(rollout, "swap")[former.version].status is VersionStatus.STOPPED
    assert event_source_state(rollout, "swap").startswith("Enabl")
    later = rollout.drop("swap/after.png", two_labels.unseen[0].body)
    assert rollout.unfailed(image, "swap")
    assert rollout.result_of(later, "swap").status == "SUCCEEDED"


def test_images_wait_while_a_version_makes_room(rollout: Cloud, two_labels: PictureSet, former: Model) -> None:
    other = next(model for model in models(rollout, "swap").values() if model.version != former.version)
    run = start_run(rollout.clients, rollout.deployment, other)
    await_state(rollout, run, "Make room")
    image = rollout.drop("swap/meanwhile.png", two_labels.unseen[0].body)
    ended, states = rollout.end_of(run)
    assert ended.status == "SUCCEEDED", ended
    assert "Stop the former version" not in states  # it is stopped already
    assert rollout.unfailed(image, "swap")


def test_the_former_version_runs_again_where_its_successor_does_not_start(
    rollout: Cloud, two_labels: PictureSet, former: Model, faults: Faults
) -> None:
    other = next(model for model in models(rollout, "swap").values() if model.version != former.version)
    # Of the starts, the first two are refused for want of a place.
    faults({"fault": "hosting_failed", "operations": ["StartProjectVersion"], "on": [4], "message": "No capacity."})
    ended, states = rollout.end_of(start_run(rollout.clients, rollout.deployment, other))
    assert (ended.status, ended.error) == ("FAILED", "StartFailed")
    assert "No capacity." in str(ended.cause)
    assert "Bring the former version back" in states
    assert active(rollout, "swap").version == former.version
    assert running(rollout) == {("swap", former.version)}
    assert event_source_state(rollout, "swap").startswith("Enabl")
    image = rollout.drop("swap/again.png", two_labels.unseen[0].body)
    assert rollout.result_of(image, "swap").status == "SUCCEEDED"


def test_a_failure_that_leaves_no_version_running_says_so(
    rollout: Cloud, two_labels: PictureSet, former: Model, faults: Faults
) -> None:
    faults({"fault": "hosting_failed"})
    ended, _ = rollout.end_of(rollout.training_of(upload(rollout, "swap", "third", two_labels)))
    assert ended.error == "StartFailed"
    assert f"{former.version} could not be started again" in str(ended.cause)
    assert running(rollout) == set()
    assert event_source_state(rollout, "swap").startswith("Disabl")
