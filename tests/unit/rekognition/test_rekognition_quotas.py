"""What an account may have at once and how often it may ask, and that each limit can be switched off."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from rekognition_bench import DURATIONS, Bench, drawing, shapes_data

from local.rekognition.quotas import NO_QUOTAS, SERVICE_QUOTAS, UnknownQuotaError, quotas_from, service_tps

IMAGE = {"Bytes": base64.b64encode(drawing("disc", 0)).decode()}


def bench_with(**quotas) -> Bench:
    return Bench(quotas=replace(NO_QUOTAS, **quotas))


def project_in(bench: Bench, name: str = "p") -> str:
    return bench.call("CreateProject", ProjectName=name)["ProjectArn"]


def failing(bench: Bench) -> dict:
    """Return training data that fails at once."""
    return {"TrainingData": bench.put_manifest("empty", []), "TestingData": {"AutoCreate": True}}


def versions(bench: Bench, count: int) -> list[str]:
    """Return versions of one project whose trainings are over."""
    project, data = project_in(bench), shapes_data(bench)
    arns = [bench.create_version(project, f"v{number}", **data) for number in range(count)]
    for arn in arns:
        assert bench.trained(arn)["Status"] == "TRAINING_COMPLETED"
    return arns


def start(version: str, least: int = 1, **more: int) -> dict:
    return {"ProjectVersionArn": version, "MinInferenceUnits": least, **more}


def test_an_account_has_so_many_projects():
    bench = bench_with(projects=2)
    first = project_in(bench, "a")
    project_in(bench, "b")
    assert bench.error("CreateProject", ProjectName="c") == "LimitExceededException"
    bench.call("DeleteProject", ProjectArn=first)
    bench.clock.pass_(DURATIONS.deleting)
    project_in(bench, "c")


def test_another_account_has_its_own_quota():
    bench = bench_with(projects=1)
    project_in(bench)
    status, _ = bench.send("CreateProject", account="999999999999", ProjectName="p")
    assert status == 200


def test_a_project_has_so_many_models():
    bench = bench_with(models_per_project=1)
    project, data = project_in(bench), failing(bench)
    bench.create_version(project, "v1", **data)
    request = {"ProjectArn": project, "VersionName": "v2", "OutputConfig": {"S3Bucket": "out"}}
    assert bench.error("CreateProjectVersion", **request, **data) == "LimitExceededException"
    bench.create_version(project_in(bench, "other"), "v2", **data)


def test_so_many_trainings_run_at_once_over_all_projects():
    bench = bench_with(concurrent_trainings=2)
    project, data = project_in(bench), failing(bench)
    first = bench.create_version(project, "v1", **data)
    bench.create_version(project_in(bench, "other"), "v2", **data)
    request = {"ProjectArn": project, "VersionName": "v3", "OutputConfig": {"S3Bucket": "out"}} | data
    assert bench.error("CreateProjectVersion", **request) == "LimitExceededException"
    bench.trained(first)
    bench.call("CreateProjectVersion", **request)


def test_sydney_trains_one_model_at_once_unless_told_otherwise():
    assert (SERVICE_QUOTAS.trainings("eu-west-1"), SERVICE_QUOTAS.trainings("ap-southeast-2")) == (2, 1)
    assert replace(SERVICE_QUOTAS, concurrent_trainings=4).trainings("ap-southeast-2") == 4


def test_so_many_models_run_at_once_and_a_starting_one_counts():
    bench = bench_with(running_models=2)
    one, two, three = versions(bench, 3)
    bench.run(one)
    bench.call("StartProjectVersion", **start(two))
    assert bench.error("StartProjectVersion", **start(three)) == "LimitExceededException"
    bench.call("StopProjectVersion", ProjectVersionArn=one)
    bench.call("StartProjectVersion", **start(three))


def test_a_model_has_so_many_inference_units():
    bench = bench_with(inference_units=5)
    (version,) = versions(bench, 1)
    assert bench.error("StartProjectVersion", **start(version, 6)) == "LimitExceededException"
    assert bench.error("StartProjectVersion", **start(version, 1, MaxInferenceUnits=6)) == "LimitExceededException"
    bench.call("StartProjectVersion", **start(version, 5, MaxInferenceUnits=5))


def test_without_quotas_nothing_is_limited():
    bench = Bench(quotas=NO_QUOTAS)
    for number in range(101):
        project_in(bench, f"p{number}")


def test_an_operation_is_asked_for_so_often_a_second():
    bench = bench_with(tps_of={"DescribeProjects": 2})
    bench.call("DescribeProjects")
    bench.call("DescribeProjects")
    assert bench.error("DescribeProjects") == "ProvisionedThroughputExceededException"
    project_in(bench)  # another operation
    assert bench.send("DescribeProjects", account="999999999999")[0] == 200
    bench.clock.pass_(0.5)  # one token
    bench.call("DescribeProjects")
    assert bench.error("DescribeProjects") == "ProvisionedThroughputExceededException"


def test_the_service_s_own_rates_are_off_until_asked_for():
    bench = Bench(quotas=SERVICE_QUOTAS)
    for _ in range(50):
        bench.call("DescribeProjects")
    bench = Bench(quotas=replace(SERVICE_QUOTAS, tps=True))
    for _ in range(5):
        bench.call("DescribeProjects")
    assert bench.error("DescribeProjects") == "ProvisionedThroughputExceededException"


@pytest.mark.parametrize(
    ("operation", "region", "rate"),
    [
        ("DetectCustomLabels", "eu-central-1", 50),
        ("CreateProject", "us-east-1", 5),
        ("TagResource", "us-east-1", 10),
        ("DetectLabels", "eu-west-1", 50),
        ("DetectLabels", "eu-west-2", 5),
        ("GetLabelDetection", "us-west-2", 20),
        ("StartLabelDetection", "us-west-2", 5),
    ],
)
def test_the_service_s_rates_depend_on_operation_and_region(operation, region, rate):
    assert service_tps(operation, region) == rate


def test_an_inference_unit_looks_at_so_many_images_a_second():
    bench = bench_with(detections_per_unit=1.0)
    (version,) = versions(bench, 1)
    bench.call("StartProjectVersion", **start(version, 2))
    bench.clock.pass_(DURATIONS.starting)
    detect = {"ProjectVersionArn": version, "Image": IMAGE}
    bench.call("DetectCustomLabels", **detect)
    bench.call("DetectCustomLabels", **detect)
    assert bench.error("DetectCustomLabels", **detect) == "ProvisionedThroughputExceededException"
    bench.clock.pass_(1)
    bench.call("DetectCustomLabels", **detect)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("service", SERVICE_QUOTAS),
        ("off", NO_QUOTAS),
        ("running_models=off", replace(SERVICE_QUOTAS, running_models=None)),
        ("off,projects=3, detections_per_unit=2.5", replace(NO_QUOTAS, projects=3, detections_per_unit=2.5)),
        ("tps=on,DetectCustomLabels=10", replace(SERVICE_QUOTAS, tps=True, tps_of={"DetectCustomLabels": 10.0})),
    ],
)
def test_quotas_are_read_from_a_text(text, expected):
    assert quotas_from(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "none", "projects", "projects=-1", "projects=x", "tps=5", "DetectCustomLabels=nan", "DetectCustomLabel=1"],
)
def test_a_text_that_names_no_quota_is_refused(text):
    with pytest.raises(UnknownQuotaError):
        quotas_from(text)
