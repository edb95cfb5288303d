"""What becomes of a trained version (judged, approved or refused, run, taken back), and what is remembered of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli.__main__ import main
from cli.approvals import ApprovalError, approve, refuse
from cli.copying import version_to_copy
from cli.starting import roll_back
from cli.thresholds import suggest_thresholds
from demo.pictures import PictureSet
from lambdas.model_versions import VersionStatus
from tests.harness import Cloud
from tests.workflows.reports import page_of
from tests.workflows.rollouts import active, event_of, models, noise, running, start, stop, train, upload


@pytest.fixture(autouse=True)
def _nothing_runs_on(rollout: Cloud) -> Iterator[None]:
    yield
    for project in sorted({project for project, _ in running(rollout)}):
        stop(rollout, project)


def _attempt(cloud: Cloud, project: str, dataset: str) -> dict[str, Any]:
    """Return what is remembered of the newest training of a data set."""
    attempts = cloud.deployment.registry(cloud.clients).attempts(project)
    return next(attempt for attempt in attempts if attempt["VersionName"].startswith(f"{dataset}."))


def test_a_rejected_version_is_remembered_with_its_scores_reasons_and_cost(
    rollout: Cloud, two_labels: PictureSet
) -> None:
    ended, _ = rollout.end_of(rollout.training_of(upload(rollout, "picky", "remembered", noise(two_labels))))
    attempt = _attempt(rollout, "picky", "remembered")
    assert (attempt["Status"], attempt["ErrorCode"]) == ("REJECTED", "ModelRejected")
    assert attempt["Reasons"][0] in attempt["StatusMessage"]
    assert "min_f1" in str(ended.cause)
    assert 0 <= attempt["F1Score"] < 1
    assert attempt["BillableSeconds"] >= 2
    assert attempt["Dollars"] >= 0
    assert attempt["EndedAt"] > attempt["CreatedAt"]


def test_a_report_that_cannot_be_written_holds_nothing_up_and_is_told(rollout: Cloud, two_labels: PictureSet) -> None:
    iam, role = rollout.clients("iam"), rollout.role_of("report_training")
    denied = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    iam.put_role_policy(RoleName=role, PolicyName="denied-by-test", PolicyDocument=policy)
    try:
        with rollout.subscriber(rollout.deployment.training_topic_arn, Project=["picky"]) as subscriber:
            ended, _ = rollout.end_of(rollout.training_of(upload(rollout, "picky", "unreported", noise(two_labels))))
            told = subscriber.receive(30, lambda received: bool(received))
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="denied-by-test")
    assert ended.error == "ModelRejected"
    assert "AccessDenied" in told[0]["ReportError"]
    assert "Report" not in told[0]


def test_a_training_that_the_service_fails_is_remembered_with_its_worst_lines(rollout: Cloud) -> None:
    bucket = rollout.deployment.datasets_bucket
    metadata = {"confidence": 1, "type": "groundtruth/image-classification", "human-annotated": "yes"}
    lines = [
        json.dumps(
            {
                "source-ref": f"s3://{bucket}/picky/broken/{number}.png",
                "label": 1,
                "label-metadata": metadata | {"class-name": "ab"[number % 2], "creation-date": "2026-01-01T00:00:00"},
            }
        )
        for number in range(10)
    ]
    for number in range(10):  # only opening them tells, which the check before a training does not
        rollout.clients("s3").put_object(Bucket=bucket, Key=f"picky/broken/{number}.png", Body=b"no image")
    rollout.clients("s3").put_object(Bucket=bucket, Key="picky/broken/train.manifest", Body="\n".join(lines).encode())
    ended, _ = rollout.end_of(rollout.training_of("picky/broken/train.manifest"))
    attempt = _attempt(rollout, "picky", "broken")
    assert attempt["Status"] == "FAILED"
    assert attempt["Errors"], attempt
    assert attempt["Errors"][0]["Code"] in str(ended.cause)


def test_the_same_data_under_another_name_is_not_paid_for_again_and_this_is_told(
    rollout: Cloud, two_labels: PictureSet
) -> None:
    s3, bucket = rollout.clients("s3"), rollout.deployment.datasets_bucket
    key = upload(rollout, "picky", "first-name", noise(two_labels))
    rollout.end_of(rollout.training_of(key))
    before = models(rollout, "picky")
    with rollout.subscriber(rollout.deployment.training_topic_arn, Project=["picky"]) as subscriber:
        for name in ("test.manifest", "train.manifest"):
            body = s3.get_object(Bucket=bucket, Key=f"picky/first-name/{name}")["Body"].read()
            s3.put_object(Bucket=bucket, Key=f"picky/second-name/{name}", Body=body)
        ended, states = rollout.end_of(rollout.training_of("picky/second-name/train.manifest"))
        told = subscriber.receive(30, lambda received: bool(received))
    assert (ended.status, ended.output["Outcome"]) == ("SUCCEEDED", "ALREADY_CLAIMED")
    assert "Train the version" not in states
    assert told[0]["Status"] == "SKIPPED"
    assert told[0]["Earlier"]["Status"] == "REJECTED"
    assert models(rollout, "picky") == before


def test_a_version_that_is_no_improvement_on_the_active_one_never_runs(rollout: Cloud, two_labels: PictureSet) -> None:
    first = train(rollout, "judged", "good", two_labels)
    ended, states = rollout.end_of(rollout.training_of(upload(rollout, "judged", "worse", noise(two_labels))))
    assert ended.error == "ModelRejected"
    assert "require_improvement" in str(ended.cause)
    assert "Run the model" not in states
    assert running(rollout) == {("judged", first.version)}
    assert any("tested with other images" in note for note in _attempt(rollout, "judged", "worse")["Notes"])


def test_on_the_same_test_set_each_label_is_compared(rollout: Cloud) -> None:
    event = event_of(rollout, "judged/good/train.manifest", run="again")
    ended, _ = rollout.execute(rollout.deployment.train_model_arn, event)
    assert ended.status == "SUCCEEDED" or "require_improvement" in str(ended.cause)
    assert _attempt(rollout, "judged", "good")["Notes"] == []


def _asked(cloud: Cloud, project: str, dataset: str) -> None:
    registry = cloud.deployment.registry(cloud.clients)
    cloud.eventually(
        lambda: any(
            attempt["VersionName"].startswith(f"{dataset}.") and "ApprovalToken" in attempt
            for attempt in registry.attempts(project)
        ),
        60,
    )


def test_an_approved_version_runs_and_its_token_is_told_to_nobody(rollout: Cloud, two_labels: PictureSet) -> None:
    with rollout.subscriber(rollout.deployment.training_topic_arn, Project=["approved"]) as subscriber:
        execution = rollout.training_of(upload(rollout, "approved", "liked", two_labels))
        _asked(rollout, "approved", "liked")
        token = _attempt(rollout, "approved", "liked")["ApprovalToken"]
        assert running(rollout) == set()
        version = approve(rollout.clients, rollout.deployment, "approved")
        ended, _ = rollout.end_of(execution)
        told = subscriber.receive(30, lambda received: len(received) >= 3)
    assert ended.status == "SUCCEEDED", ended
    assert running(rollout) == {("approved", version)}
    assert {"APPROVAL_ASKED", "RUNNING", "SUCCEEDED"} == {message["Status"] for message in told}
    assert token not in json.dumps(told)
    (asked,) = [message for message in told if message["Status"] == "APPROVAL_ASKED"]
    assert version in page_of(rollout, asked)
    assert "ApprovalToken" not in _attempt(rollout, "approved", "liked")
    with pytest.raises(ApprovalError, match="none"):
        approve(rollout.clients, rollout.deployment, "approved")


def test_a_refused_version_is_rejected_with_the_reason_and_never_runs(rollout: Cloud, two_labels: PictureSet) -> None:
    execution = rollout.training_of(upload(rollout, "approved", "disliked", two_labels))
    _asked(rollout, "approved", "disliked")
    refuse(rollout.clients, rollout.deployment, "approved", "the boxes are too wide")
    ended, states = rollout.end_of(execution)
    assert ended.error == "ModelRefused"
    assert "Run the model" not in states
    attempt = _attempt(rollout, "approved", "disliked")
    assert (attempt["Status"], attempt["StatusMessage"]) == ("REJECTED", "a person refused it: the boxes are too wide")
    assert running(rollout) == set()


def test_an_approval_that_nobody_gives_in_time_is_a_rejection(rollout: Cloud, two_labels: PictureSet) -> None:
    ended, states = rollout.end_of(rollout.training_of(upload(rollout, "expired", "late", two_labels)))
    assert ended.error == "ApprovalExpired"
    assert "Run the model" not in states
    attempt = _attempt(rollout, "expired", "late")
    assert attempt["Status"] == "REJECTED"
    assert attempt["StatusMessage"].startswith("approval expired: nobody answered in 1 hours")
    assert "ApprovalToken" not in attempt


def test_rollback_runs_the_former_version_again_and_can_itself_be_taken_back(
    rollout: Cloud, two_labels: PictureSet
) -> None:
    first = train(rollout, "rival", "before-rollback", two_labels)
    second = train(rollout, "rival", "after-rollback", two_labels)
    for expected in (first, second):
        ended, _ = rollout.end_of(roll_back(rollout.clients, rollout.deployment, "rival"))
        assert ended.status == "SUCCEEDED", ended
        assert active(rollout, "rival").version == expected.version
        assert running(rollout) == {("rival", expected.version)}
    assert models(rollout, "rival")[first.version].status is VersionStatus.STOPPED


def test_a_promotion_deletes_the_versions_that_need_not_be_kept(rollout: Cloud, two_labels: PictureSet) -> None:
    former = active(rollout, "rival")
    new = train(rollout, "rival", "third", two_labels)
    rollout.eventually(lambda: set(models(rollout, "rival")) == {former.version, new.version}, 30)
    assert running(rollout) == {("rival", new.version)}


def test_thresholds_are_registered_with_a_promotion_and_suggested_from_the_evaluation(rollout: Cloud) -> None:
    key = {"PK": {"S": "PROJECT#rival"}, "SK": {"S": "STATE"}}
    state = rollout.clients("dynamodb").get_item(TableName=rollout.deployment.registry_table, Key=key)["Item"]
    assumed = {label: float(value["N"]) for label, value in state["Thresholds"]["M"].items()}
    assert set(assumed) == {"zero", "one"}
    suggestions = suggest_thresholds(rollout.clients, rollout.deployment, "rival", precision=0.9, recall=None)
    assert {said.label: said.assumed for said in suggestions} == assumed
    assert all(said.precision is not None and said.precision >= 0.9 for said in suggestions)


def test_a_version_is_copied_into_another_project_and_starts_there(rollout: Cloud) -> None:
    model = version_to_copy(rollout.clients, rollout.deployment, "rival", active(rollout, "rival").version)
    arguments = ["copy", "rival", model.version, "--to-project", "few", "--deployment", rollout.deployment.name]
    assert main(arguments, rollout.clients) == 0
    ended, _ = start(rollout, "few", model.version)
    assert ended.status == "SUCCEEDED", ended
    assert running(rollout) == {("few", model.version)}


def test_the_last_trainings_their_cost_and_reasons_are_listed_but_no_token(
    rollout: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("models", "trainings"):
        assert main([command, "rival", "--deployment", rollout.deployment.name], rollout.clients) == 0
        said = capsys.readouterr().out
        assert "trainings have cost about $" in said
        assert "newest report: s3://" in said
    assert main(["trainings", "rival", "--json", "--deployment", rollout.deployment.name], rollout.clients) == 0
    told = json.loads(capsys.readouterr().out)
    assert {attempt["Status"] for attempt in told} == {"SUCCEEDED"}
    assert not any({"PK", "ApprovalToken"} & attempt.keys() for attempt in told)
