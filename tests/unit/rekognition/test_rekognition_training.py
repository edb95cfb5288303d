"""What training makes of manifests: models, results, or the reason why not."""

from __future__ import annotations

import json

import pytest
from rekognition_bench import drawing, label_line, put_drawings, shapes_data


def train(bench, project, lines, testing=None):
    data = {"TrainingData": bench.put_manifest("m.manifest", lines), "TestingData": testing or {"AutoCreate": True}}
    return bench.trained(bench.create_version(project, **data))


def test_a_trained_version_says_where_its_results_are(bench, version):
    found = bench.describe(version)
    places = {
        "EvaluationResultSummary": found["EvaluationResult"]["Summary"],
        "ManifestSummary": found["ManifestSummary"],
        "TrainingGroundTruth": found["TrainingDataResult"]["Output"]["Assets"][0]["GroundTruthManifest"],
        "TestingGroundTruth": found["TestingDataResult"]["Output"]["Assets"][0]["GroundTruthManifest"],
        "TrainingManifestWithValidation": found["TrainingDataResult"]["Validation"]["Assets"][0]["GroundTruthManifest"],
        "TestingManifestWithValidation": found["TestingDataResult"]["Validation"]["Assets"][0]["GroundTruthManifest"],
    }
    for name, place in places.items():
        assert place == {"S3Object": {"Bucket": "out", "Name": f"results/{name}-shapes-v1.json"}}
        assert bench.objects.read("out", f"results/{name}-shapes-v1.json")


def test_the_evaluation_summary_has_the_service_s_fields(bench, version):
    summary = json.loads(bench.objects.read("out", "results/EvaluationResultSummary-shapes-v1.json"))
    details = summary["EvaluationDetails"]
    assert details["Labels"] == ["cross", "disc"]
    assert (details["NumberOfTrainingImages"], details["NumberOfTestingImages"]) == (16, 8)
    assert details["ProjectVersionArn"] == version
    overall = summary["AggregatedEvaluationResults"]
    labels = summary["LabelEvaluationResults"]
    assert overall["F1Score"] == sum(label["Metrics"]["F1Score"] for label in labels) / len(labels)
    assert overall["F1Score"] == bench.describe(version)["EvaluationResult"]["F1Score"] == 1.0
    assert {"GroundTruthLabel": "disc", "PredictedLabel": "disc", "Value": 1.0} in overall["ConfusionMatrix"]
    assert all(0 < label["Metrics"]["Threshold"] < 1 for label in labels)


def test_bad_lines_are_told_and_left_out(bench, project):
    lines = [*put_drawings(bench, "train", 20), "{", label_line("gone.png", "disc")]
    found = train(bench, project, lines)
    assert found["Status"] == "TRAINING_COMPLETED"
    summary = json.loads(bench.objects.read("out", "results/ManifestSummary-shapes-v1.json"))["statistics"]
    assert summary["training"]["use_case"] == "IMAGE_LEVEL_LABELS"
    assert summary["training"]["invalid_json_lines"] + summary["testing"]["invalid_json_lines"] == 2
    checked = b"".join(
        bench.objects.read("out", f"results/{name}ManifestWithValidation-shapes-v1.json")
        for name in ("Training", "Testing")
    ).decode()
    bad = [json.loads(line) for line in checked.splitlines() if '"errors"' in line]
    assert [line["errors"] for line in bad] == [
        [{"code": "ERROR_INVALID_JSON_LINE", "message": "The JSON Line has an invalid format."}],
        [
            {
                "code": "ERROR_INVALID_IMAGE",
                "message": "The image is invalid. Check S3 path and/or image properties.",
            },
        ],
    ]


def test_an_automatic_split_keeps_a_fifth_for_testing(bench, project):
    train(bench, project, put_drawings(bench, "train", 20))
    summary = json.loads(bench.objects.read("out", "results/EvaluationResultSummary-shapes-v1.json"))
    details = summary["EvaluationDetails"]
    assert (details["NumberOfTrainingImages"], details["NumberOfTestingImages"]) == (16, 4)
    assert [label["NumberOfTestingImages"] for label in summary["LabelEvaluationResults"]] == [2, 2]


def test_a_few_images_are_split_so_that_each_label_is_learned_and_tested(bench, project):
    assert train(bench, project, put_drawings(bench, "train", 4))["Status"] == "TRAINING_COMPLETED"
    summary = json.loads(bench.objects.read("out", "results/EvaluationResultSummary-shapes-v1.json"))
    assert summary["EvaluationDetails"]["NumberOfTrainingImages"] == 2
    assert [label["NumberOfTestingImages"] for label in summary["LabelEvaluationResults"]] == [1, 1]


def test_images_are_split_after_those_that_cannot_be_read_are_left_out(bench, project):
    good, bad = put_drawings(bench, "train", 30), [label_line(f"gone/{number}.png", "disc") for number in range(6)]
    train(bench, project, [*bad, *good])
    summary = json.loads(bench.objects.read("out", "results/EvaluationResultSummary-shapes-v1.json"))
    assert [label["NumberOfTestingImages"] for label in summary["LabelEvaluationResults"]] == [3, 3]


def test_a_split_leaves_the_lines_in_the_manifest_s_order(bench, project):
    train(bench, project, put_drawings(bench, "train", 20))
    for name in ("Training", "Testing"):
        written = bench.objects.read("out", f"results/{name}ManifestWithValidation-shapes-v1.json").decode()
        numbers = [int(json.loads(line)["source-ref"].split("/")[-1].split(".")[0]) for line in written.splitlines()]
        assert numbers == sorted(numbers)


def test_the_same_data_gives_the_same_model(bench, project):
    data = shapes_data(bench)
    image = drawing("disc", 777)
    answers = []
    for name in ("v1", "v2"):
        version = bench.create_version(project, name, **data)
        bench.trained(version)
        bench.run(version)
        answers.append(bench.detect(version, image, MinConfidence=0))
    assert answers[0] == answers[1]


FAILURES = {
    "missing": "The manifest file extension or contents are invalid.",
    "binary": "The manifest file extension or contents are invalid.",
    "forbidden": "The S3 bucket permissions are incorrect.",
    "empty": "The manifest file is empty.",
    "bad lines": "The manifest file contains too many invalid rows.",
    "one label": "The manifest file has too few labels.",
    "two buckets": "The manifest file contains images from multiple S3 buckets.",
    "no images": "The permissions for the images S3 bucket are invalid.",
    "rare label": "The manifest file contains insufficient labeled images per label to perform auto-split.",
    "strange tests": "Less than 50% label overlap between the training and testing manifest files.",
    "locked output": "Unable to write to output S3 bucket.",
}


@pytest.mark.parametrize("cause", FAILURES)
def test_data_that_cannot_be_used_fails_with_the_service_s_words(bench, project, cause):
    good = put_drawings(bench, "train", 10)
    lines, testing, request = good, {"AutoCreate": True}, {}
    match cause:
        case "empty":
            lines = []
        case "bad lines":
            lines = [*good, *["{}"] * 3]
        case "one label":
            lines = good[::2]
        case "two buckets":
            lines = [*good, label_line("x.png", "disc").replace("s3://data", "s3://elsewhere")]
        case "no images":
            lines = [line.replace("train/", "gone/") for line in good]
        case "rare label":
            lines = [*good, label_line("train/0.png", "star")]
        case "strange tests":
            testing = bench.put_manifest("t.manifest", [label_line("train/0.png", "moon")])
        case "locked output":
            bench.objects.forbidden.add("out")
    data = bench.put_manifest("m.manifest", lines)
    place = data["Assets"][0]["GroundTruthManifest"]["S3Object"]
    match cause:
        case "missing":
            place["Name"] = "none.manifest"
        case "binary":
            bench.objects.write("data", "m.manifest", b"\xff\xfe\x00", "")
        case "forbidden":
            bench.objects.forbidden.add("data")
    version = bench.create_version(project, TrainingData=data, TestingData=testing, **request)
    found = bench.trained(version)
    assert (found["Status"], found["StatusMessage"]) == ("TRAINING_FAILED", FAILURES[cause])
    assert "BillableTrainingTimeInSeconds" not in found
    assert "EvaluationResult" not in found


def test_a_learner_that_crashes_fails_the_training(bench, project, monkeypatch):
    monkeypatch.setattr("local.rekognition.training.evaluate", lambda *_: 1 / 0)
    found = bench.trained(bench.create_version(project, **shapes_data(bench)))
    assert (found["Status"], found["StatusMessage"]) == (
        "TRAINING_FAILED",
        "Amazon Rekognition experienced a service issue.",
    )
