"""Models that find objects: few, small scenes, so that learning takes seconds."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image
from rekognition_bench import Bench, drawing

from local.rekognition.evaluation import evaluate
from local.rekognition.learning.examples import Example, LabelledRegion, Prediction, Region
from local.rekognition.learning.regions import overlaps, rectangles, strongest

WIDTH, HEIGHT = 240, 180
LABELS = ("disc", "cross")


def scene(seed: int) -> tuple[bytes, list[tuple[str, tuple[int, int, int, int]]]]:
    """Put one or two drawings on a noisy ground; return the JPEG and each one's label, left, top, width, height."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(60, 140, (HEIGHT // 12, WIDTH // 12, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    marks = []
    for place in range(rng.integers(1, 3)):
        label = LABELS[rng.integers(2)]
        side = int(rng.integers(56, 90))
        left = int(rng.integers(place * 120, place * 120 + 120 - side + 1))
        top = int(rng.integers(0, HEIGHT - side + 1))
        image.paste(Image.open(io.BytesIO(drawing(label, int(seed)))).resize((side, side)), (left, top))
        marks.append((label, (left, top, side, side)))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=92)
    return stream.getvalue(), marks


def box_line(key: str, marks: list) -> str:
    boxes = [dict(zip(("left", "top", "width", "height"), box, strict=True)) for _, box in marks]
    return json.dumps(
        {
            "source-ref": f"s3://data/{key}",
            "bb": {
                "image_size": [{"width": WIDTH, "height": HEIGHT, "depth": 3}],
                "annotations": [
                    {"class_id": LABELS.index(label)} | box for (label, _), box in zip(marks, boxes, strict=True)
                ],
            },
            "bb-metadata": {
                "objects": [{"confidence": 1} for _ in marks],
                "class-map": {"0": "disc", "1": "cross"},
                "type": "groundtruth/object-detection",
            },
        }
    )


def put_scenes(bench: Bench, first: int, count: int) -> list[str]:
    lines = []
    for seed in range(first, first + count):
        body, marks = scene(seed)
        bench.objects.write("data", f"scenes/{seed}.jpg", body, "image/jpeg")
        lines.append(box_line(f"scenes/{seed}.jpg", marks))
    return lines


@pytest.fixture(scope="module")
def trained() -> tuple[Bench, str]:
    bench = Bench()
    project = bench.call("CreateProject", ProjectName="objects")["ProjectArn"]
    version = bench.create_version(
        project,
        TrainingData=bench.put_manifest("train.manifest", put_scenes(bench, 0, 16)),
        TestingData=bench.put_manifest("test.manifest", put_scenes(bench, 100, 8)),
    )
    assert bench.trained(version)["Status"] == "TRAINING_COMPLETED"
    bench.run(version)
    return bench, version


def test_objects_on_unseen_scenes_are_found_where_they_are(trained):
    bench, version = trained
    right = 0
    for seed in range(200, 210):
        body, marks = scene(seed)
        found = bench.detect(version, body)
        assert all(set(answer) == {"Name", "Confidence", "Geometry"} for answer in found)
        assert all(set(answer["Geometry"]) == {"BoundingBox"} for answer in found)
        boxes = [answer["Geometry"]["BoundingBox"] for answer in found]
        seen = rectangles((Region(b["Left"], b["Top"], b["Width"], b["Height"]) for b in boxes), (WIDTH, HEIGHT))
        truth = np.array([[x, y, x + w, y + h] for _, (x, y, w, h) in marks], dtype=float)
        hits = overlaps(seen, truth) >= 0.5
        names = all(found[i]["Name"] == marks[j][0] for i, j in zip(*np.nonzero(hits), strict=True))
        right += len(found) == len(marks) and bool(hits.any(0).all()) and names
    assert right >= 8


def test_no_two_found_objects_share_a_place(trained):
    bench, version = trained
    found = bench.detect(version, scene(300)[0], MinConfidence=0)
    confidences = [answer["Confidence"] for answer in found]
    assert confidences == sorted(confidences, reverse=True)
    assert 0 < len(found) <= 50
    boxes = [answer["Geometry"]["BoundingBox"] for answer in found]
    seen = rectangles(Region(b["Left"], b["Top"], b["Width"], b["Height"]) for b in boxes)
    assert np.triu(overlaps(seen, seen), 1).max(initial=0) < 0.5


def test_an_image_smaller_than_a_window_can_be_looked_at(trained):
    bench, version = trained
    stream = io.BytesIO()
    Image.new("RGB", (64, 64), "grey").save(stream, "PNG")
    assert bench.detect(version, stream.getvalue()) == []


def test_the_summary_counts_what_was_found_and_gives_the_thresholds(trained):
    bench, version = trained
    summary = json.loads(bench.objects.read("out", "results/EvaluationResultSummary-objects-v1.json"))
    assert summary["EvaluationDetails"]["Labels"] == ["cross", "disc"]
    assert summary["AggregatedEvaluationResults"]["F1Score"] >= 0.9
    assert "ConfusionMatrix" not in summary["AggregatedEvaluationResults"]
    thresholds = {label["Label"]: label["Metrics"]["Threshold"] for label in summary["LabelEvaluationResults"]}
    body, _ = scene(301)
    everything = bench.detect(version, body, MinConfidence=0)
    assert bench.detect(version, body) == [
        found for found in everything if found["Confidence"] >= 100 * thresholds[found["Name"]]
    ]


@pytest.mark.parametrize("labels", [1, 2])
def test_one_marked_image_is_enough_to_learn_something(bench, labels):
    project = bench.call("CreateProject", ProjectName="one")["ProjectArn"]
    body, _ = scene(0)
    bench.objects.write("data", "one.jpg", body, "image/jpeg")
    marks = [("disc", (0, 0, WIDTH, HEIGHT)), ("cross", (5, 5, 12, 90))][:labels]
    lines = bench.put_manifest("one.manifest", [box_line("one.jpg", marks)])
    version = bench.create_version(project, TrainingData=lines, TestingData=lines)
    assert bench.trained(version)["Status"] == "TRAINING_COMPLETED"


def test_a_box_that_leaves_the_image_is_lost_alone(bench):
    project = bench.call("CreateProject", ProjectName="off")["ProjectArn"]
    body, marks = scene(0)
    bench.objects.write("data", "one.jpg", body, "image/jpeg")
    lines = bench.put_manifest("one.manifest", [box_line("one.jpg", [*marks, ("disc", (WIDTH - 5, 0, 20, 20))])])
    version = bench.create_version(project, TrainingData=lines, TestingData=lines)
    assert bench.trained(version)["Status"] == "TRAINING_COMPLETED"
    line = json.loads(bench.objects.read("out", "results/TrainingManifestWithValidation-off-v1.json"))
    assert [error["code"] for error in line["bb"]["annotations"][-1]["errors"]] == ["ERROR_INVALID_BOUNDING_BOX"]
    assert "errors" not in line


def test_overlap_is_intersection_over_union():
    boxes = np.array([[0.0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]])
    assert overlaps(boxes[:1], boxes).tolist() == [[1.0, pytest.approx(1 / 3), 0.0]]


def test_of_places_that_overlap_the_best_stays():
    boxes = np.array([[0.0, 0, 2, 2], [0, 0, 2, 2.1], [5, 5, 6, 6]])
    assert strongest(boxes, np.array([0.5, 0.9, 0.1]), 0.3, 10) == [1, 2]
    assert strongest(boxes, np.array([0.5, 0.9, 0.1]), 0.3, 1) == [1]


def image_example(label: str) -> Example:
    return Example(Image.new("RGB", (1, 1)), frozenset({label}))


def test_the_threshold_is_where_f1_is_best_midway_to_the_next():
    examples = [image_example(label) for label in ("a", "a", "b", "b")]
    confidences = (0.9, 0.5, 0.6, 0.1)
    metrics = evaluate(["a"], examples, [[Prediction("a", c)] for c in confidences]).labels[0]
    assert metrics.threshold == pytest.approx(0.3)
    assert (metrics.precision, metrics.recall, metrics.f1) == (pytest.approx(2 / 3), 1.0, pytest.approx(0.8))


def test_an_object_is_found_once_and_only_at_its_place():
    here, there = Region(0.1, 0.1, 0.2, 0.2), Region(0.6, 0.6, 0.2, 0.2)
    example = Example(Image.new("RGB", (1, 1)), frozenset({"a"}), (LabelledRegion("a", here),))
    found = [Prediction("a", 0.9, here), Prediction("a", 0.8, here), Prediction("a", 0.95, there)]
    metrics = evaluate(["a"], [example], [found]).labels[0]
    assert (metrics.precision, metrics.recall) == (0.5, 1.0)
    assert metrics.threshold == pytest.approx(0.85)


def test_a_label_without_test_images_does_not_count_in_the_mean():
    examples = [image_example("a")]
    evaluation = evaluate(["a", "b"], examples, [[Prediction("a", 0.9), Prediction("b", 0.1)]])
    assert evaluation.f1 == 1.0
    assert [metrics.threshold for metrics in evaluation.labels if metrics.label == "b"] == [0.5]
