"""What is billed, and the units that a model scales to."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from rekognition_bench import DURATIONS, Bench, drawing, shapes_data

from local.rekognition.quotas import NO_QUOTAS

IMAGE = {"Bytes": base64.b64encode(drawing("disc", 0)).decode()}


def trained_in(bench: Bench) -> str:
    project = bench.call("CreateProject", ProjectName="shapes")["ProjectArn"]
    version = bench.create_version(project, **shapes_data(bench))
    assert bench.trained(version)["Status"] == "TRAINING_COMPLETED"
    return version


def run(bench: Bench, version: str, **units: int) -> None:
    bench.call("StartProjectVersion", ProjectVersionArn=version, **{"MinInferenceUnits": 1} | units)
    bench.clock.pass_(DURATIONS.starting)


def test_a_running_model_is_billed_for_its_units_until_it_is_stopped(bench, version):
    run(bench, version, MinInferenceUnits=3)
    bench.clock.pass_(100)
    assert bench.service.usage()[version].billed_unit_seconds == 300
    bench.call("StopProjectVersion", ProjectVersionArn=version)
    bench.clock.pass_(1000)
    run(bench, version)
    bench.clock.pass_(10)
    used = bench.service.usage()[version]
    assert used.billed_unit_seconds == used.running_unit_seconds == 310
    assert used.starting_unit_seconds == 4 * DURATIONS.starting


def test_starting_is_billed_when_the_meter_is_told_so():
    bench = Bench(more={"bill_starting": True})
    version = trained_in(bench)
    bench.call("StartProjectVersion", ProjectVersionArn=version, MinInferenceUnits=2)
    bench.clock.pass_(10)
    assert bench.service.usage()[version].billed_unit_seconds == 20


def test_a_training_is_billed_as_it_is_described(bench, version):
    described = bench.describe(version)["BillableTrainingTimeInSeconds"]
    assert bench.service.usage()[version].training_seconds == described >= DURATIONS.training


def test_a_training_that_failed_is_not_billed(bench, project):
    data = {"TrainingData": bench.put_manifest("empty", []), "TestingData": {"AutoCreate": True}}
    version = bench.create_version(project, **data)
    assert bench.trained(version)["Status"] == "TRAINING_FAILED"
    assert bench.service.usage()[version].training_seconds == 0


def test_what_a_deleted_version_used_is_still_told(bench, version):
    run(bench, version)
    bench.clock.pass_(50)
    bench.call("StopProjectVersion", ProjectVersionArn=version)
    bench.clock.pass_(DURATIONS.stopping)
    bench.call("DeleteProjectVersion", ProjectVersionArn=version)
    bench.clock.pass_(DURATIONS.deleting)
    assert (
        bench.call(
            "DescribeProjectVersions", ProjectArn=bench.call("DescribeProjects")["ProjectDescriptions"][0]["ProjectArn"]
        )["ProjectVersionDescriptions"]
        == []
    )
    assert bench.service.usage()[version].billed_unit_seconds == 50


@pytest.mark.parametrize(
    ("asked", "units"),
    [(0, 1), (60, 1), (61, 2), (240, 3)],  # 1 a second and unit; at most 3 units
)
def test_the_load_of_a_minute_sets_the_units_of_the_next(asked, units):
    bench = Bench(quotas=replace(NO_QUOTAS, detections_per_unit=1.0))
    version = trained_in(bench)
    run(bench, version, MaxInferenceUnits=3)
    request = {"ProjectVersionArn": version, "Image": IMAGE}
    for _ in range(asked):
        bench.send("DetectCustomLabels", **request)  # refused ones count
    bench.clock.pass_(60)
    answers = [bench.send("DetectCustomLabels", **request)[0] for _ in range(4)]
    assert answers == [200] * units + [400] * (4 - units)
    bench.clock.pass_(120)  # that window, and one with the least units after so few detections
    assert bench.service.usage()[version].billed_unit_seconds == 60 + 60 * units + 60


def test_a_model_without_maximum_does_not_scale():
    bench = Bench(quotas=replace(NO_QUOTAS, detections_per_unit=0.01))
    version = trained_in(bench)
    run(bench, version, MinInferenceUnits=2)
    for _ in range(10):
        bench.send("DetectCustomLabels", ProjectVersionArn=version, Image=IMAGE)
    bench.clock.pass_(120)
    assert bench.service.usage()[version].billed_unit_seconds == 240
