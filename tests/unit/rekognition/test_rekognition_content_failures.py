"""Every failure of content: the data that causes it, the words, and where the manifest summary tells it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from rekognition_bench import Bench, drawing, label_line, put_drawings
from test_rekognition_datasets import box_line

from local.rekognition.limits import DEFAULT_LIMITS

SMALL = replace(DEFAULT_LIMITS, lines=20, labels=4, manifest_bytes=100_000)
CAUSES = {
    "bad rows": ("TOO_MANY_INVALID_ROWS_IN_MANIFEST", "The manifest file contains too many invalid rows.", "training"),
    "bad test rows": (
        "TOO_MANY_INVALID_ROWS_IN_MANIFEST",
        "The manifest file contains too many invalid rows.",
        "testing",
    ),
    "two buckets": (
        "IMAGES_IN_MULTIPLE_S3_BUCKETS",
        "The manifest file contains images from multiple S3 buckets.",
        "training",
    ),
    "a bucket each": (
        "IMAGES_IN_MULTIPLE_S3_BUCKETS",
        "The manifest file contains images from multiple S3 buckets.",
        "spanning",
    ),
    "no permission": (
        "INVALID_PERMISSIONS_IMAGES_S3_BUCKET",
        "The permissions for the images S3 bucket are invalid.",
        "training",
    ),
    "no key": ("FAILED_IMAGES_S3_COPY", "Failed to copy images from S3 bucket.", "training"),
    "other owner": ("INVALID_IMAGES_S3_BUCKET_OWNER", "Invalid owner id for images S3 bucket.", "training"),
    "rare label": (
        "INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT",
        "The manifest file contains insufficient labeled images per label to perform auto-split.",
        "training",
    ),
    "one label": ("MANIFEST_TOO_FEW_LABELS", "The manifest file has too few labels.", "training"),
    "many labels": ("MANIFEST_TOO_MANY_LABELS", "The manifest file has too many labels.", "training"),
    "strange tests": (
        "INSUFFICIENT_LABEL_OVERLAP",
        "Less than 50% label overlap between the training and testing manifest files.",
        "spanning",
    ),
    "one usable label": ("MANIFEST_TOO_FEW_USABLE_LABELS", "The manifest file has too few usable labels.", "training"),
    "unusable tests": (
        "INSUFFICIENT_USABLE_LABEL_OVERLAP",
        "Less than 50% usable label overlap between the training and testing manifest files.",
        "spanning",
    ),
}


def elsewhere(lines: list[str]) -> list[str]:
    return [line.replace("s3://data/", "s3://images/") for line in lines]


def data_of(bench: Bench, cause: str) -> tuple[list[str], list[str] | None]:
    """Return the training and the testing lines that fail for this cause; None to split."""
    train, test = put_drawings(bench, "train", 10), put_drawings(bench, "test", 4, first=100)
    if cause in ("a bucket each", "other owner", "no permission"):
        for (_, key, version), body in list(bench.objects.contents.items()):
            bench.objects.contents["images", key, version] = body
    match cause:
        case "bad rows":
            return [*train, *["{}"] * 3], test
        case "bad test rows":
            return train, [*test, "{}", "{}"]
        case "two buckets":
            return [*train, *elsewhere(train[:1])], test
        case "a bucket each":
            return train, elsewhere(test)
        case "no permission":
            bench.objects.forbidden.add("images")
            return elsewhere(train), elsewhere(test)
        case "no key":
            bench.objects.undecipherable |= {key for _, key, _ in bench.objects.contents if key.endswith(".png")}
        case "other owner":
            bench.objects.owners["images"] = "stranger"
            return elsewhere(train), elsewhere(test)
        case "rare label":
            return [*train, label_line("train/0.png", "star")], None
        case "one label":
            return train[::2], test
        case "many labels":
            return [*train, label_line("train/0.png", "star", "moon", "sun")], test
        case "strange tests":
            return train, [label_line("test/100.png", "moon")]
        case "one usable label":
            return [*train[::2], box_line("train/0.png", ("cross", 8, 8, 40, 40), size=(80, 80))], test
        case "unusable tests":
            boxed = [box_line(f"test/{n}.png", (label, 8, 8, 40, 40)) for n, label in ((100, "disc"), (101, "cross"))]
            return train, boxed
    return train, test


def failed(bench: Bench, train: list[str], test: list[str] | None) -> dict[str, Any]:
    project = bench.call("CreateProject", ProjectName="shapes")["ProjectArn"]
    testing = {"AutoCreate": True} if test is None else bench.put_manifest("t.manifest", test)
    data = {"TrainingData": bench.put_manifest("m.manifest", train), "TestingData": testing}
    return bench.trained(bench.create_version(project, **data))


@pytest.mark.parametrize("cause", CAUSES)
def test_a_failure_of_content_is_told_in_words_and_in_the_summary(cause):
    bench = Bench(limits=SMALL)
    found = failed(bench, *data_of(bench, cause))
    name, message, place = CAUSES[cause]
    assert (found["Status"], found["StatusMessage"]) == ("TRAINING_FAILED", message)
    assert found["ManifestSummary"]["S3Object"]["Name"] == "results/ManifestSummary-shapes-v1.json"
    summary = json.loads(bench.objects.read("out", "results/ManifestSummary-shapes-v1.json"))
    told = summary["errors"] if place == "spanning" else summary["statistics"][place]["errors"]
    assert {"code": f"ERROR_{name}", "message": message} in told
    assert "EvaluationResult" not in found
    assert "Output" not in found["TrainingDataResult"]


def test_all_failures_are_in_the_summary_and_the_lines_are_judged_too():
    bench = Bench()
    train = put_drawings(bench, "train", 10)[::2]
    failed(bench, [*train, "{}", "{}"], [label_line("train/0.png", "moon")])
    summary = json.loads(bench.objects.read("out", "results/ManifestSummary-shapes-v1.json"))
    assert [error["code"] for error in summary["statistics"]["training"]["errors"]] == [
        "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST",
        "ERROR_MANIFEST_TOO_FEW_LABELS",
    ]
    assert [error["code"] for error in summary["errors"]] == ["ERROR_INSUFFICIENT_LABEL_OVERLAP"]
    assert summary["statistics"]["training"]["use_case"] == "NOT_DETERMINED"
    assert summary["statistics"]["training"]["error_json_line_indices"] == [6, 7]
    written = bench.objects.read("out", "results/TrainingManifestWithValidation-shapes-v1.json").decode()
    assert sum("ERROR_MISSING_SOURCE_REF" in line for line in written.splitlines()) == 2


def test_a_fifth_of_bad_lines_is_not_too_many_and_warnings_are_not_counted():
    bench = Bench()
    bare = [json.dumps({"source-ref": f"s3://data/bare/{number}.png"}) for number in range(5)]
    found = failed(bench, [*put_drawings(bench, "train", 11), *["{}"] * 4, *bare], put_drawings(bench, "test", 4))
    assert found["Status"] == "TRAINING_COMPLETED"


def test_a_manifest_that_is_too_large_leaves_no_summary():
    bench = Bench(limits=SMALL)
    found = failed(bench, [*put_drawings(bench, "train", 10), " " * 100_000 + "{}"], None)
    assert found["StatusMessage"] == "The manifest file size exceeds the maximum supported size."
    assert "ManifestSummary" not in found
    assert not any(bucket == "out" for bucket, _, _ in bench.objects.contents)


@pytest.mark.parametrize("rows", [(21, 4), (10, 21)])
def test_too_many_rows_leave_no_summary_and_no_image_is_looked_at(rows):
    bench = Bench(limits=SMALL)
    train, test = ([label_line(f"{number}.png", "disc") for number in range(count)] for count in rows)
    found = failed(bench, train, test)
    assert (found["Status"], found["StatusMessage"]) == ("TRAINING_FAILED", "The manifest file has too many rows.")
    assert "ManifestSummary" not in found


def test_manifests_together_are_no_larger_than_one_may_be():
    bench = Bench(limits=SMALL)
    project = bench.call("CreateProject", ProjectName="shapes")["ProjectArn"]
    half = bench.put_manifest("m.manifest", [" " * 60_000 + "{}"])["Assets"]
    found = bench.trained(
        bench.create_version(project, TrainingData={"Assets": half * 2}, TestingData={"AutoCreate": True})
    )
    assert found["StatusMessage"] == "The manifest file size exceeds the maximum supported size."


def test_of_many_buckets_no_owner_is_asked_for():
    bench, asked = Bench(), []
    bench.objects.owner = asked.append
    lines = [label_line(f"{number}.png", "disc").replace("//data", f"//b{number}") for number in range(50)]
    found = failed(bench, [*put_drawings(bench, "train", 10), *lines], put_drawings(bench, "test", 4))
    assert found["Status"] == "TRAINING_FAILED"
    assert len(asked) <= 2


def test_a_manifest_without_an_extension_is_of_no_format():
    bench = Bench()
    project = bench.call("CreateProject", ProjectName="shapes")["ProjectArn"]
    data = bench.put_manifest("lot.1/manifest", put_drawings(bench, "train", 10))
    found = bench.trained(bench.create_version(project, TrainingData=data, TestingData={"AutoCreate": True}))
    assert found["StatusMessage"] == "The manifest file extension or contents are invalid."


def test_small_regions_take_fewer_images():
    assert DEFAULT_LIMITS.most_lines("eu-west-2", testing=False) == 28_000
    assert DEFAULT_LIMITS.most_lines("ap-south-1", testing=True) == 7_000
    assert DEFAULT_LIMITS.most_lines("eu-west-1", testing=True) == 250_000


def snapshot(bench: Bench, name: str, project: str = "shapes") -> list[dict[str, Any]]:
    written = bench.objects.read("out", f"results/{name}GroundTruth-{project}-v1.json").decode()
    return [json.loads(line) for line in written.splitlines()]


def test_the_training_snapshot_has_the_usable_lines_as_they_were_trained(bench, project):
    lines = [*put_drawings(bench, "train", 8), label_line("gone.png", "disc")]
    data = {
        "TrainingData": bench.put_manifest("m.manifest", lines),
        "TestingData": bench.put_manifest("t.manifest", put_drawings(bench, "test", 4)),
    }
    bench.trained(bench.create_version(project, **data))
    found = snapshot(bench, "Training")
    assert [line["source-ref"] for line in found] == [f"s3://data/train/{number}.png" for number in range(8)]
    assert [line["rekognition-custom-labels-object-id"] for line in found] == list(range(8))
    metadata = found[0]["rekognition-custom-labels-training-0-metadata"]
    assert (metadata["class-name"], metadata["type"]) == ("disc", "groundtruth/image-classification")
    assert "rekognition-custom-labels-evaluation-0" not in found[0]


def test_the_testing_snapshot_judges_each_prediction_at_its_threshold(bench, version):
    summary = json.loads(bench.objects.read("out", "results/EvaluationResultSummary-shapes-v1.json"))
    cuts = {label["Label"]: label["Metrics"]["Threshold"] for label in summary["LabelEvaluationResults"]}
    lines = snapshot(bench, "Testing")
    assert len(lines) == 8
    for line in lines:
        truth = line["rekognition-custom-labels-training-0-metadata"]["class-name"]
        for number in range(2):
            metadata = line[f"rekognition-custom-labels-evaluation-{number}-metadata"]
            accepted = metadata["confidence"] >= cuts[metadata["class-name"]]
            right = metadata["class-name"] == truth
            assert metadata["rekognition-custom-labels-evaluation-details"] == {
                "version": 1,
                "ground-truth-labelling-jobs": ["rekognition-custom-labels-training-job"],
                "is-true-positive": accepted and right,
                "is-true-negative": not accepted and not right,
                "is-false-positive": accepted and not right,
                "is-false-negative": not accepted and right,
                "is-present-in-ground-truth": right,
            }


def test_the_snapshot_of_objects_gives_boxes_in_pixels_of_the_image(bench, project):
    bench.objects.write("data", "one.png", drawing("disc", 0, (200, 100)), "image/png")
    lines = bench.put_manifest("m.manifest", [box_line("one.png", ("disc", 8, 8, 44, 44), size=(1, 1))])
    version = bench.create_version(project, TrainingData=lines, TestingData=lines)
    assert bench.trained(version)["Status"] == "TRAINING_COMPLETED"
    (line,) = snapshot(bench, "Testing")
    for name in ("training-0", "evaluation"):
        attribute = line[f"rekognition-custom-labels-{name}"]
        assert attribute["image_size"] == [{"width": 200, "height": 100, "depth": 3}]
        objects = line[f"rekognition-custom-labels-{name}-metadata"]["objects"]
        assert len(attribute["annotations"]) == len(objects) > 0
    best = line["rekognition-custom-labels-evaluation-metadata"]["objects"][0]
    assert best["rekognition-custom-labels-evaluation-details"]["is-present-in-ground-truth"] is True
    summary = json.loads(bench.objects.read("out", "results/EvaluationResultSummary-shapes-v1.json"))
    assert summary["AggregatedEvaluationResults"]["AverageRecall"] == 1.0
    assert 0 < summary["AggregatedEvaluationResults"]["AveragePrecision"] <= 1.0
