"""Copies of models, within an account and from one to another."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from rekognition_bench import ACCOUNT, DURATIONS, REGION, Bench, drawing, shapes_data

from local.rekognition.fault_plans import Fault, FaultPlan, Rule
from local.rekognition.quotas import NO_QUOTAS

OTHER = "999999999999"


@pytest.fixture
def other_project(bench) -> str:
    return bench.call("CreateProject", ProjectName="copies")["ProjectArn"]


def request(project: str, version: str, destination: str, **changes):
    return {
        "SourceProjectArn": project,
        "SourceProjectVersionArn": version,
        "DestinationProjectArn": destination,
        "VersionName": "c1",
        "OutputConfig": {"S3Bucket": "copied", "S3KeyPrefix": "here"},
    } | changes


def policy(version: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": "rekognition:CopyProjectVersion",
        "Resource": version,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_copy_takes_its_time_and_then_runs_like_its_source(bench, project, version, other_project):
    copy = bench.call("CopyProjectVersion", **request(project, version, other_project))["ProjectVersionArn"]
    assert copy.startswith(f"arn:aws:rekognition:{REGION}:{ACCOUNT}:project/copies/version/c1/")
    assert bench.describe(copy)["Status"] == "COPYING_IN_PROGRESS"
    assert bench.error("DeleteProjectVersion", ProjectVersionArn=copy) == "ResourceInUseException"
    bench.clock.pass_(DURATIONS.copying)
    found = bench.describe(copy)
    assert (found["Status"], found["SourceProjectVersionArn"]) == ("COPYING_COMPLETED", version)
    assert "BillableTrainingTimeInSeconds" not in found
    bench.run(copy)
    assert [label["Name"] for label in bench.detect(copy, drawing("cross", 555))] == ["cross"]
    assert bench.service.usage()[copy].training_seconds == 0


def test_a_copy_has_the_tags_that_it_is_given(bench, project, version, other_project):
    wanted = request(project, version, other_project, Tags={"of": "copy"})
    copy = bench.call("CopyProjectVersion", **wanted)["ProjectVersionArn"]
    assert bench.call("ListTagsForResource", ResourceArn=copy)["Tags"] == {"of": "copy"}


def test_the_training_output_is_copied_under_the_copy_s_names(bench, project, version, other_project):
    copy = bench.call("CopyProjectVersion", **request(project, version, other_project))["ProjectVersionArn"]
    bench.clock.pass_(DURATIONS.copying)
    source, found = bench.describe(version), bench.describe(copy)
    assert found["EvaluationResult"]["F1Score"] == source["EvaluationResult"]["F1Score"]
    old, new = (each["EvaluationResult"]["Summary"]["S3Object"] for each in (source, found))
    assert new == {"Bucket": "copied", "Name": "here/EvaluationResultSummary-copies-c1.json"}
    contents = bench.objects.contents
    assert contents["copied", new["Name"], None] == contents["out", old["Name"], None]
    written = sorted(key for bucket, key, _ in contents if bucket == "copied")
    assert written == [
        f"here/{name}-copies-c1.json"
        for name in (
            "EvaluationResultSummary",
            "ManifestSummary",
            "TestingGroundTruth",
            "TestingManifestWithValidation",
            "TrainingGroundTruth",
            "TrainingManifestWithValidation",
        )
    ]


def test_a_copy_of_a_copy_keeps_the_names_right(bench, project, version, other_project):
    first = bench.call("CopyProjectVersion", **request(project, version, other_project))["ProjectVersionArn"]
    bench.clock.pass_(DURATIONS.copying)
    changes = {"VersionName": "c2", "OutputConfig": {"S3Bucket": "again"}}
    second = bench.call("CopyProjectVersion", **request(other_project, first, project, **changes))["ProjectVersionArn"]
    bench.clock.pass_(DURATIONS.copying)
    found = bench.describe(second)
    assert found["ManifestSummary"]["S3Object"] == {"Bucket": "again", "Name": "ManifestSummary-shapes-c2.json"}


def test_a_copy_fails_when_its_output_cannot_be_written(bench, project, version, other_project):
    bench.objects.forbidden.add("copied")
    copy = bench.call("CopyProjectVersion", **request(project, version, other_project))["ProjectVersionArn"]
    bench.clock.pass_(DURATIONS.copying)
    assert bench.describe(copy)["Status"] == "COPYING_FAILED"
    start = {"ProjectVersionArn": copy, "MinInferenceUnits": 1}
    assert bench.error("StartProjectVersion", **start) == "ResourceInUseException"
    bench.call("DeleteProjectVersion", ProjectVersionArn=copy)


def test_a_copy_fails_on_purpose(bench, project, version, other_project):
    bench.service.faults.follow(FaultPlan((Rule(Fault.COPYING_FAILED, message="No luck."),)))
    copy = bench.call("CopyProjectVersion", **request(project, version, other_project))["ProjectVersionArn"]
    bench.clock.pass_(DURATIONS.copying)
    found = bench.describe(copy)
    assert (found["Status"], found["StatusMessage"]) == ("COPYING_FAILED", "No luck.")


def test_another_account_copies_only_with_a_policy(bench, project, version):
    _, body = bench.send("CreateProject", account=OTHER, ProjectName="theirs")
    wanted = request(project, version, body["ProjectArn"])
    status, body = bench.send("CopyProjectVersion", account=OTHER, **wanted)
    assert (status, body["__type"]) == (400, "AccessDeniedException")
    bench.call("PutProjectPolicy", ProjectArn=project, PolicyName="p", PolicyDocument=policy(version))
    status, body = bench.send("CopyProjectVersion", account=OTHER, **wanted)
    assert status == 200
    assert f":{OTHER}:project/theirs/version/c1/" in body["ProjectVersionArn"]
    bench.clock.pass_(DURATIONS.copying)
    status, body = bench.send("DescribeProjectVersions", account=OTHER, ProjectArn=wanted["DestinationProjectArn"])
    assert body["ProjectVersionDescriptions"][0]["Status"] == "COPYING_COMPLETED"


def test_another_account_does_not_learn_what_there_is(bench, project, version):
    _, body = bench.send("CreateProject", account=OTHER, ProjectName="theirs")
    missing = request(project, version + "0", body["ProjectArn"])
    status, body = bench.send("CopyProjectVersion", account=OTHER, **missing)
    assert (status, body["__type"]) == (400, "AccessDeniedException")


def test_a_deny_binds_the_owner_too(bench, project, version, other_project):
    document = policy(version).replace("Allow", "Deny").replace(OTHER, ACCOUNT)
    bench.call("PutProjectPolicy", ProjectArn=project, PolicyName="p", PolicyDocument=document)
    assert bench.error("CopyProjectVersion", **request(project, version, other_project)) == "AccessDeniedException"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"VersionName": "v1"}, "ResourceInUseException"),
        ({"DestinationProjectArn": "none"}, "ResourceNotFoundException"),
        ({"SourceProjectArn": "none"}, "ResourceNotFoundException"),
        ({"SourceProjectArn": "copies"}, "ResourceNotFoundException"),  # not this version's project
        ({"SourceProjectVersionArn": "none"}, "ResourceNotFoundException"),
        ({"SourceProjectVersionArn": "far"}, "InvalidParameterException"),
        ({"OutputConfig": {}}, "InvalidParameterException"),
    ],
)
def test_what_cannot_be_copied_is_refused(bench, project, version, other_project, changes, refusal):
    arns = {
        ("DestinationProjectArn", "none"): f"arn:aws:rekognition:{REGION}:{ACCOUNT}:project/none/1",
        ("SourceProjectArn", "none"): f"arn:aws:rekognition:{REGION}:{ACCOUNT}:project/none/1",
        ("SourceProjectArn", "copies"): other_project,
        ("SourceProjectVersionArn", "none"): version + "0",
        ("SourceProjectVersionArn", "far"): version.replace(REGION, "us-west-2"),
    }
    changed = {name: arns.get((name, str(value)), value) for name, value in changes.items()}
    assert bench.error("CopyProjectVersion", **request(project, version, project) | changed) == refusal


def test_a_version_without_a_model_cannot_be_copied(bench, project, other_project):
    data = {"TrainingData": bench.put_manifest("empty", []), "TestingData": {"AutoCreate": True}}
    version = bench.create_version(project, **data)
    wanted = request(project, version, other_project)
    assert bench.error("CopyProjectVersion", **wanted) == "ResourceInUseException"  # in training
    bench.trained(version)
    assert bench.error("CopyProjectVersion", **wanted) == "InvalidParameterException"


def test_a_copy_counts_as_a_model_of_its_project():
    bench = Bench(quotas=replace(NO_QUOTAS, models_per_project=1))
    project = bench.call("CreateProject", ProjectName="shapes")["ProjectArn"]
    version = bench.create_version(project, **shapes_data(bench))
    bench.trained(version)
    assert bench.error("CopyProjectVersion", **request(project, version, project)) == "LimitExceededException"
