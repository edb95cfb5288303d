"""What may be done to a project or a version, when, and how long it takes."""

from __future__ import annotations

import re

import pytest
from rekognition_bench import ACCOUNT, DURATIONS, REGION, asset, shapes_data


def names(bench, project, **request):
    found = bench.call("DescribeProjectVersions", ProjectArn=project, **request)
    return [v["ProjectVersionArn"].split("/")[-2] for v in found["ProjectVersionDescriptions"]]


@pytest.fixture
def unusable(bench):
    """Training data that fails at once: nothing is learned."""
    empty = bench.put_manifest("empty.manifest", [])
    return {"TrainingData": empty, "TestingData": {"AutoCreate": True}}


def test_a_project_arn_ends_in_its_creation_time_in_milliseconds(bench, project):
    assert project == f"arn:aws:rekognition:{REGION}:{ACCOUNT}:project/shapes/1700000000000"
    described = bench.call("DescribeProjects")["ProjectDescriptions"]
    assert [(p["ProjectArn"], p["Status"], p["CreationTimestamp"]) for p in described] == [
        (project, "CREATED", 1_700_000_000.0)
    ]


def test_no_two_arns_of_one_instant_are_alike(bench):
    arns = [bench.call("CreateProject", ProjectName=f"p{n}")["ProjectArn"] for n in range(5)]
    stamps = [int(arn.rsplit("/", 1)[1]) for arn in arns]
    assert stamps == sorted(set(stamps))


def test_projects_are_filtered_by_name(bench, project):
    bench.call("CreateProject", ProjectName="other")
    found = bench.call("DescribeProjects", ProjectNames=["shapes"])["ProjectDescriptions"]
    assert [p["ProjectArn"] for p in found] == [project]


def test_accounts_do_not_see_each_other(bench, project):
    _, body = bench.send("DescribeProjects", account="999999999999")
    assert body["ProjectDescriptions"] == []
    status, body = bench.send("DeleteProject", account="999999999999", ProjectArn=project)
    assert (status, body["__type"]) == (400, "ResourceNotFoundException")


def test_pages_show_everything_once_and_newest_first(bench):
    for number in range(5):
        bench.call("CreateProject", ProjectName=f"p{number}")
    found, token = [], None
    while token != "":
        answer = bench.call("DescribeProjects", MaxResults=2, **({"NextToken": token} if token else {}))
        found.append([p["ProjectArn"].split("/")[1] for p in answer["ProjectDescriptions"]])
        token = answer.get("NextToken", "")
    assert found == [["p4", "p3"], ["p2", "p1"], ["p0"]]


@pytest.mark.parametrize("token", ["nonsense", "W10=", "WzEsMl0=", "bnVsbA=="])
def test_a_made_up_token_is_refused(bench, project, token):
    assert bench.error("DescribeProjects", NextToken=token) == "InvalidPaginationTokenException"


def test_a_token_belongs_to_its_request(bench):
    for number in range(3):
        bench.call("CreateProject", ProjectName=f"p{number}")
    token = bench.call("DescribeProjects", MaxResults=1)["NextToken"]
    refused = bench.error("DescribeProjects", NextToken=token, ProjectNames=["p0"])
    assert refused == "InvalidPaginationTokenException"


def test_a_deleted_project_lingers_and_then_is_gone(bench, project):
    assert bench.call("DeleteProject", ProjectArn=project) == {"Status": "DELETING"}
    assert bench.call("DescribeProjects")["ProjectDescriptions"][0]["Status"] == "DELETING"
    assert bench.error("CreateProject", ProjectName="shapes") == "ResourceInUseException"
    bench.clock.pass_(DURATIONS.deleting)
    assert bench.call("DescribeProjects")["ProjectDescriptions"] == []
    bench.call("CreateProject", ProjectName="shapes")


def test_a_project_with_versions_cannot_be_deleted(bench, project, unusable):
    bench.create_version(project, **unusable)
    assert bench.error("DeleteProject", ProjectArn=project) == "ResourceInUseException"


@pytest.mark.parametrize("missing", ["DescribeProjectVersions", "DeleteProject"])
def test_a_project_that_is_not_there_is_not_found(bench, missing):
    arn = f"arn:aws:rekognition:{REGION}:{ACCOUNT}:project/none/1"
    assert bench.error(missing, ProjectArn=arn) == "ResourceNotFoundException"


def test_a_version_name_is_used_once(bench, project, unusable):
    bench.create_version(project, "v1", **unusable)
    refused = bench.error(
        "CreateProjectVersion", ProjectArn=project, VersionName="v1", OutputConfig={"S3Bucket": "out"}, **unusable
    )
    assert refused == "ResourceInUseException"


def test_versions_are_described_newest_first_and_by_name(bench, project, unusable):
    for name in ("v1", "v2", "v3"):
        bench.create_version(project, name, **unusable)
    assert names(bench, project) == ["v3", "v2", "v1"]
    assert names(bench, project, VersionNames=["v1", "v3"]) == ["v3", "v1"]
    assert names(bench, project, VersionNames=["none"]) == []


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"TrainingData": {"Assets": [asset("data", "a")]}},
        {"TestingData": {"AutoCreate": True}},
        {
            "TrainingData": {"Assets": [asset("data", "a")]},
            "TestingData": {"AutoCreate": True, "Assets": [asset("data", "b")]},
        },
        {"TrainingData": {"Assets": [{}]}, "TestingData": {"AutoCreate": True}},
    ],
)
def test_a_version_needs_training_and_testing_data(bench, project, data):
    request = {"ProjectArn": project, "VersionName": "v1", "OutputConfig": {"S3Bucket": "out"}}
    assert bench.error("CreateProjectVersion", **request, **data) == "InvalidParameterException"
    assert names(bench, project) == []


def test_training_takes_its_time_even_when_the_work_is_done(bench, project):
    version = bench.create_version(project, **shapes_data(bench))
    assert re.fullmatch(rf"arn:aws:rekognition:{REGION}:{ACCOUNT}:project/shapes/version/v1/\d+", version)
    created = bench.describe(version)
    assert created["Status"] == "TRAINING_IN_PROGRESS"
    assert "TrainingEndTimestamp" not in created
    bench.clock.pass_(DURATIONS.training - 1)
    assert bench.describe(version)["Status"] == "TRAINING_IN_PROGRESS"
    found = bench.trained(version)
    assert found["Status"] == "TRAINING_COMPLETED"
    assert found["StatusMessage"] == "The model is ready to run."
    assert found["TrainingEndTimestamp"] >= found["CreationTimestamp"] + DURATIONS.training
    assert found["BillableTrainingTimeInSeconds"] >= DURATIONS.training


def test_a_version_goes_from_start_to_stop_and_back(bench, version):
    start = {"ProjectVersionArn": version, "MinInferenceUnits": 1, "MaxInferenceUnits": 2}
    assert bench.call("StartProjectVersion", **start) == {"Status": "STARTING"}
    bench.clock.pass_(DURATIONS.starting - 1)
    assert bench.describe(version)["Status"] == "STARTING"
    bench.clock.pass_(1)
    running = bench.describe(version)
    assert (running["Status"], running["MinInferenceUnits"], running["MaxInferenceUnits"]) == ("RUNNING", 1, 2)
    assert bench.call("StopProjectVersion", ProjectVersionArn=version) == {"Status": "STOPPING"}
    assert bench.describe(version)["Status"] == "STOPPING"
    bench.clock.pass_(DURATIONS.stopping)
    assert bench.describe(version)["Status"] == "STOPPED"
    assert bench.call("StartProjectVersion", **start) == {"Status": "STARTING"}


def test_each_status_allows_only_its_own_steps(bench, version):
    start = {"ProjectVersionArn": version, "MinInferenceUnits": 1}
    only = {"ProjectVersionArn": version}
    assert bench.error("StopProjectVersion", **only) == "ResourceInUseException"  # trained
    bench.call("StartProjectVersion", **start)
    for operation, request in (
        ("StartProjectVersion", start),
        ("StopProjectVersion", only),
        ("DeleteProjectVersion", only),
    ):
        assert bench.error(operation, **request) == "ResourceInUseException"  # starting
    bench.clock.pass_(DURATIONS.starting)
    for operation, request in (("StartProjectVersion", start), ("DeleteProjectVersion", only)):
        assert bench.error(operation, **request) == "ResourceInUseException"  # running
    bench.call("StopProjectVersion", **only)
    assert bench.error("StartProjectVersion", **start) == "ResourceInUseException"  # stopping
    bench.clock.pass_(DURATIONS.stopping)
    assert bench.call("DeleteProjectVersion", **only) == {"Status": "DELETING"}
    bench.clock.pass_(DURATIONS.deleting)
    assert bench.error("DeleteProjectVersion", **only) == "ResourceNotFoundException"


def test_a_version_in_training_can_be_neither_started_nor_deleted(bench, project, unusable):
    version = bench.create_version(project, **unusable)
    start = {"ProjectVersionArn": version, "MinInferenceUnits": 1}
    assert bench.error("StartProjectVersion", **start) == "ResourceInUseException"
    assert bench.error("DeleteProjectVersion", ProjectVersionArn=version) == "ResourceInUseException"
    assert bench.trained(version)["Status"] == "TRAINING_FAILED"
    assert bench.error("StartProjectVersion", **start) == "ResourceInUseException"
    bench.call("DeleteProjectVersion", ProjectVersionArn=version)


def test_fewer_units_at_most_than_at_least_are_refused(bench, version):
    units = {"MinInferenceUnits": 3, "MaxInferenceUnits": 2}
    assert bench.error("StartProjectVersion", ProjectVersionArn=version, **units) == "InvalidParameterException"
