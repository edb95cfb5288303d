"""Every finding on a manifest line: what causes it, and at which element it is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rekognition_bench import Bench, drawing, label_line, put_drawings
from test_rekognition_datasets import box_line

LINE, ATTRIBUTE, METADATA = (), ("bb",), ("bb-metadata",)
BOX = ("bb", "annotations", 0)
GOOD = ("disc", 8, 8, 40, 40)


def image_level(**metadata: Any) -> dict[str, Any]:
    line = json.loads(label_line("good.png", "disc"))
    line["bb"], line["bb-metadata"] = line.pop("a0"), line.pop("a0-metadata") | metadata
    return line


def boxes(*given: tuple[str, int, int, int, int]) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(box_line("good.png", *(given or (GOOD,)), size=(80, 80)))
    return line


def without(line: dict[str, Any], *path: str | int) -> dict[str, Any]:
    """Return the line without the element at the path."""
    *way, last = path
    here: Any = line
    for step in way:
        here = here[step]
    del here[last]
    return line


def setting(line: dict[str, Any], value: object, *path: str) -> dict[str, Any]:
    """Return the line with the value at the path."""
    *way, last = path
    here: Any = line
    for step in way:
        here = here[step]
    here[last] = value
    return line


# Code, where it is told, the line that causes it.
WHOLE_LINE = [
    ("ERROR_INVALID_JSON_LINE", "{"),
    ("ERROR_INVALID_JSON_LINE", ""),
    ("ERROR_INVALID_JSON_LINE", "[]"),
    ("ERROR_INVALID_JSON_LINE", '{"source-ref": NaN}'),
    ("ERROR_INVALID_JSON_LINE", '{"source-ref": "s3://data/good.png", "x": 1e999}'),
    ("ERROR_INVALID_JSON_LINE", '{"source-ref": "s3://data/good.png", "x": ' + "[" * 600 + "]" * 600 + "}"),
    ("ERROR_INVALID_JSON_LINE", r'{"source-ref": "s3://data/\ud800.png"}'),
    ("ERROR_INVALID_JSON_LINE", " " * 100_000 + label_line("good.png", "disc")),
    ("ERROR_MISSING_SOURCE_REF", "{}"),
    ("ERROR_INVALID_SOURCE_REF_FORMAT", '{"source-ref": "https://data/good.png"}'),
    ("ERROR_INVALID_SOURCE_REF_FORMAT", '{"source-ref": 7}'),
    ("ERROR_NO_LABEL_ATTRIBUTES", json.dumps(without(boxes(), "bb-metadata"))),
    ("ERROR_NO_LABEL_ATTRIBUTES", json.dumps(without(boxes(), "bb"))),
    ("ERROR_NO_VALID_LABEL_ATTRIBUTES", label_line("good.png", *map(str, range(51)))),
    ("ERROR_INVALID_IMAGE", label_line("gone.png", "disc")),
    ("ERROR_INVALID_IMAGE", label_line("text.png", "disc")),
    ("ERROR_INVALID_IMAGE_DIMENSION", label_line("small.png", "disc")),
    ("ERROR_INVALID_IMAGE_DIMENSION", label_line("large.png", "disc")),
    ("ERROR_INVALID_IMAGE_DIMENSION", label_line("narrow.png", "disc")),
    ("ERROR_INVALID_IMAGE_DIMENSION", label_line("heavy.png", "disc")),
]
INNER = [
    ("ERROR_UNSUPPORTED_USE_CASE_TYPE", METADATA, image_level(type="groundtruth/multi-label-classification")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", LINE, setting(boxes(), 7, "bb-metadata")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", METADATA, without(boxes(), "bb-metadata", "type")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", METADATA, without(boxes(), "bb-metadata", "class-map")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", METADATA, without(boxes(), "bb-metadata", "objects")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", METADATA, without(image_level(), "bb-metadata", "class-name")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", METADATA, without(image_level(), "bb-metadata", "confidence")),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", METADATA, image_level(**{"class-name": ""})),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", METADATA, image_level(**{"class-name": "x" * 256})),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", METADATA, boxes(("x" * 256, 8, 8, 40, 40))),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", LINE, setting(boxes(), 1, "bb")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", ATTRIBUTE, without(boxes(), "bb", "image_size")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", ATTRIBUTE, setting(boxes(), "none", "bb", "annotations")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", BOX, without(boxes(), *BOX, "left")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", ATTRIBUTE, setting(boxes(), [7], "bb", "annotations")),
    ("ERROR_TOO_MANY_BOUNDING_BOXES", ATTRIBUTE, boxes(*[GOOD] * 51)),
    ("ERROR_MISSING_CLASS_MAP_ID", BOX, without(boxes(), "bb-metadata", "class-map", "0")),
    ("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", METADATA, without(boxes(), "bb-metadata", "objects", 0)),
    ("ERROR_INVALID_BOUNDING_BOX", BOX, boxes(("disc", -1, 8, 40, 40))),
    ("ERROR_INVALID_BOUNDING_BOX", BOX, boxes(("disc", 8, 8, 40, 73))),
    ("ERROR_BOUNDING_BOX_TOO_SMALL", BOX, boxes(("disc", 8, 8, 1, 40))),
    ("ERROR_NO_VALID_ANNOTATIONS", ATTRIBUTE, boxes(("disc", 8, 8, 1, 40))),
    ("ERROR_NO_VALID_LABEL_ATTRIBUTES", LINE, boxes(("disc", 8, 8, 1, 40))),
]
WARNINGS = [
    ("WARNING_UNANNOTATED_RECORD", LINE, {"source-ref": "s3://data/good.png"}),
    ("WARNING_NO_ANNOTATIONS", LINE, setting(boxes(), [], "bb", "annotations")),
    ("WARNING_NO_ATTRIBUTE_ANNOTATIONS", ATTRIBUTE, setting(boxes(), [], "bb", "annotations")),
    ("WARNING_NO_ATTRIBUTE_ANNOTATIONS", ATTRIBUTE, without(boxes(), "bb", "annotations")),
]


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    for name, size in {"good": (80, 80), "small": (63, 80), "large": (64, 4097), "narrow": (64, 1281)}.items():
        bench.objects.write("data", f"{name}.png", drawing("disc", 0, size), "image/png")
    bench.objects.write("data", "text.png", b"no image", "image/png")
    bench.objects.write("data", "heavy.png", bytes(15 * 1024 * 1024 + 1), "image/png")
    return bench


def validated(bench: Bench, line: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Train with one such line among good ones; return it from the validation manifest, and the statistics."""
    project = bench.call("CreateProject", ProjectName="codes")["ProjectArn"]
    testing = put_drawings(bench, "test", 4)
    data = {
        "TrainingData": bench.put_manifest("m.manifest", [line, *put_drawings(bench, "train", 8)]),
        "TestingData": bench.put_manifest("t.manifest", testing),
    }
    assert bench.trained(bench.create_version(project, **data))["Status"] == "TRAINING_COMPLETED"
    written = bench.objects.read("out", "results/TrainingManifestWithValidation-codes-v1.json").decode()
    summary = json.loads(bench.objects.read("out", "results/ManifestSummary-codes-v1.json"))
    return json.loads(written.splitlines()[0]), summary["statistics"]["training"]


def codes(line: dict[str, Any], path: tuple[str | int, ...], key: str = "errors") -> list[str]:
    element: Any = line
    for step in path:
        element = element[step]
    return [finding["code"] for finding in element.get(key, [])]


@pytest.mark.parametrize(("code", "line"), WHOLE_LINE)
def test_what_ails_the_whole_line_is_told_on_it(bench, code, line):
    found, statistics = validated(bench, line)
    assert codes(found, LINE) == [code]
    assert (statistics["invalid_json_lines"], statistics["error_json_line_indices"]) == (1, [1])
    if code == "ERROR_INVALID_JSON_LINE":
        assert found.keys() == {"errors"}


@pytest.mark.parametrize(("code", "path", "line"), INNER)
def test_what_ails_an_element_is_told_at_it(bench, code, path, line):
    found, statistics = validated(bench, json.dumps(line))
    assert code in codes(found, path)
    assert codes(found, LINE)[-1] == "ERROR_NO_VALID_LABEL_ATTRIBUTES"
    assert statistics["invalid_json_lines"] == 1


@pytest.mark.parametrize(("code", "path", "line"), WARNINGS)
def test_a_line_with_warnings_alone_is_ignored(bench, code, path, line):
    found, statistics = validated(bench, json.dumps(line))
    assert codes(found, path, "warnings") == [code]
    assert "errors" not in json.dumps(found)
    assert (statistics["ignored_json_lines"], statistics["invalid_json_lines"]) == (1, 0)
    assert statistics["error_json_line_indices"] == []


def test_the_messages_are_the_guide_s(bench):
    found, _ = validated(bench, json.dumps(setting(boxes(), "none", "bb", "annotations")))
    assert found["bb"]["errors"][0]["message"] == "The format of the label attribute bb is invalid."
    assert found["errors"][0]["message"] == "No valid label attributes found."


def test_a_bad_line_is_given_back_with_its_characters_as_they_are(bench):
    line = json.dumps(image_level(type="日本"), ensure_ascii=False)
    validated(bench, line)
    written = bench.objects.read("out", "results/TrainingManifestWithValidation-codes-v1.json").decode()
    assert '"type":"日本"' in written.splitlines()[0]


@pytest.mark.parametrize("value", [7, "text", {"a": 1}, [{"code": "ERROR_OLD"}]])
def test_a_line_that_has_errors_of_its_own_is_given_back_with_ours(bench, value):
    found, _ = validated(bench, json.dumps({"source-ref": "s3://data/good.png", "errors": value}))
    assert codes(found, LINE)[-1] == "ERROR_NO_LABEL_ATTRIBUTES"


def test_an_attribute_named_errors_is_judged_like_any(bench):
    boxed = boxes(("disc", -1, 8, 40, 40))
    line = {"x": 1, "x-metadata": {"type": "groundtruth/object-detection"}} | boxed
    line["errors"], line["errors-metadata"] = line.pop("bb"), line.pop("bb-metadata")
    found, statistics = validated(bench, json.dumps(line))
    assert codes(found, LINE)[-1] == "ERROR_NO_VALID_LABEL_ATTRIBUTES"
    assert statistics["invalid_json_lines"] == 1


DATASET_CODES = {code for code, _, _ in INNER} | {"ERROR_NO_LABEL_ATTRIBUTES", "ERROR_INVALID_IMAGE_DIMENSION"}


def test_a_dataset_reports_exactly_the_documented_codes(bench):
    project = bench.call("CreateProject", ProjectName="codes")["ProjectArn"]
    lines = [json.dumps(line) for _, _, line in INNER]
    lines += [line for code, line in WHOLE_LINE if code.startswith("ERROR_NO_")]
    lines.append(box_line("gone.png", GOOD, size=(63, 80)))
    for number, line in enumerate(lines):
        lines[number] = json.dumps(json.loads(line) | {"source-ref": f"s3://data/{number}.png"})
    dataset = bench.create_dataset(project, lines)
    listed = bench.call("ListDatasetEntries", DatasetArn=dataset)["DatasetEntries"]
    assert len(listed) == len(lines)
    assert all('"cl-errors"' in entry for entry in listed)
    for code in DATASET_CODES:
        assert any(code in entry for entry in listed), code
    assert len(DATASET_CODES) == 13


@pytest.mark.parametrize(("side", "usable"), [(2, False), (3, True)])
def test_a_box_is_measured_after_the_image_is_shrunk(bench, side, usable):
    bench.objects.write("data", "wide.png", drawing("disc", 0, (2560, 1000)), "image/png")
    project = bench.call("CreateProject", ProjectName="codes")["ProjectArn"]
    dataset = bench.create_dataset(project, [box_line("wide.png", ("disc", 0, 0, side, 900), size=(2560, 1000))])
    assert bench.dataset(dataset)["DatasetStats"]["ErrorEntries"] == (0 if usable else 1)
