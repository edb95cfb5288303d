"""Objects in buckets of another Region than the endpoint's: they cannot be had."""

from __future__ import annotations

import pytest
from rekognition_bench import REGION, Bench, drawing, put_drawings, shapes_data


@pytest.fixture
def bench() -> Bench:
    """A bucket "far" in another Region, with what "data" has, which is in the caller's."""
    bench = Bench()
    bench.objects.regions |= {"data": REGION, "far": "us-east-1"}
    return bench


def test_an_image_elsewhere_is_no_valid_object(bench, version):
    bench.run(version)
    for bucket in ("data", "far"):
        bench.objects.write(bucket, "disc.png", drawing("disc", 0), "image/png")
    near, far = ({"S3Object": {"Bucket": bucket, "Name": "disc.png"}} for bucket in ("data", "far"))
    found = bench.call("DetectCustomLabels", ProjectVersionArn=version, Image=near)
    assert [label["Name"] for label in found["CustomLabels"]] == ["disc"]
    for operation, request in (("DetectCustomLabels", {"ProjectVersionArn": version}), ("DetectLabels", {})):
        assert bench.error(operation, Image=far, **request) == "InvalidS3ObjectException"


def test_a_video_elsewhere_is_no_valid_object(bench):
    bench.objects.write("far", "a.mp4", b"video", "video/mp4")
    place = {"Bucket": "far", "Name": "a.mp4"}
    assert bench.error("StartLabelDetection", Video={"S3Object": place}) == "InvalidS3ObjectException"


def test_a_manifest_elsewhere_fails_the_creation(bench, project):
    source = bench.put_manifest("a.manifest", put_drawings(bench, "all", 4))["Assets"][0]
    bench.objects.regions["data"] = "us-east-1"
    dataset = bench.created_dataset(ProjectArn=project, DatasetType="TRAIN", DatasetSource=source)
    found = bench.dataset(dataset)
    message = "The manifest file extension or contents are invalid."
    assert (found["Status"], found["StatusMessage"]) == ("CREATE_FAILED", message)


def test_results_are_not_written_elsewhere(bench, project):
    bench.objects.regions["out"] = "us-east-1"
    found = bench.trained(bench.create_version(project, **shapes_data(bench)))
    assert found["StatusMessage"] == "Unable to write to output S3 bucket."
