"""Datasets: what they hold, how they change, and what may be done to them when."""

from __future__ import annotations

import base64
import importlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from rekognition_bench import ACCOUNT, DURATIONS, REGION, Bench, MemoryObjects, asset, label_line, put_drawings

from local.rekognition.limits import DEFAULT_LIMITS

LINES = [label_line(f"{number}.png", ("disc", "cross")[number % 2]) for number in range(10)]
CHANGES = {"GroundTruth": base64.b64encode(LINES[0].encode()).decode()}


def box_line(key: str, *boxes: tuple[str, int, int, int, int], size: tuple[int, int] = (640, 480)) -> str:
    labels = sorted({label for label, *_ in boxes})
    sides = ("left", "top", "width", "height")
    return json.dumps(
        {
            "source-ref": f"s3://data/{key}",
            "bb": {
                "image_size": [{"width": size[0], "height": size[1], "depth": 3}],
                "annotations": [
                    {"class_id": labels.index(label)} | dict(zip(sides, box, strict=True)) for label, *box in boxes
                ],
            },
            "bb-metadata": {
                "objects": [{"confidence": 1} for _ in boxes],
                "class-map": {str(number): label for number, label in enumerate(labels)},
                "type": "groundtruth/object-detection",
            },
        }
    )


def status(bench: Bench, dataset: str) -> tuple[str, str, str | None]:
    found = bench.dataset(dataset)
    return found["Status"], found["StatusMessage"], found.get("StatusMessageCode")


def stats(bench: Bench, dataset: str) -> tuple[int, int, int, int]:
    found = bench.dataset(dataset)["DatasetStats"]
    return found["TotalEntries"], found["LabeledEntries"], found["TotalLabels"], found["ErrorEntries"]


def sources(bench: Bench, dataset: str, **filters) -> list[str]:
    return [entry["source-ref"].removeprefix("s3://data/") for entry in bench.entries(dataset, **filters)]


def test_a_dataset_takes_its_time_to_be_created(bench, project):
    source = bench.put_manifest("a.manifest", LINES)["Assets"][0]
    arn = bench.call("CreateDataset", ProjectArn=project, DatasetType="TRAIN", DatasetSource=source)["DatasetArn"]
    assert re.fullmatch(rf"arn:aws:rekognition:{REGION}:{ACCOUNT}:project/shapes/dataset/train/\d+", arn)
    bench.clock.pass_(DURATIONS.dataset - 1)
    assert status(bench, arn)[0] == "CREATE_IN_PROGRESS"
    assert stats(bench, arn) == (0, 0, 0, 0)
    bench.clock.pass_(1)
    bench.wait_while(lambda: status(bench, arn)[0] == "CREATE_IN_PROGRESS")
    assert status(bench, arn)[::2] == ("CREATE_COMPLETE", "SUCCESS")
    assert stats(bench, arn) == (10, 10, 2, 0)
    assert bench.dataset(arn)["CreationTimestamp"] == int(arn.split("/")[-1]) / 1000


def test_a_project_lists_its_datasets(bench, project):
    train, test = bench.create_dataset(project, LINES), bench.create_dataset(project, None, "TEST")
    found = bench.call("DescribeProjects")["ProjectDescriptions"][0]["Datasets"]
    assert [(dataset["DatasetArn"], dataset["DatasetType"], dataset["Status"]) for dataset in found] == [
        (train, "TRAIN", "CREATE_COMPLETE"),
        (test, "TEST", "CREATE_COMPLETE"),
    ]


def test_a_project_has_one_dataset_of_each_type(bench, project):
    bench.create_dataset(project, None)
    refused = bench.error("CreateDataset", ProjectArn=project, DatasetType="TRAIN")
    assert refused == "ResourceAlreadyExistsException"


def test_a_dataset_is_copied_from_another(bench, project):
    first = bench.create_dataset(project, LINES)
    other = bench.call("CreateProject", ProjectName="other")["ProjectArn"]
    request = {"ProjectArn": other, "DatasetType": "TEST", "DatasetSource": {"DatasetArn": first}}
    copy = bench.call("CreateDataset", **request)["DatasetArn"]
    bench.clock.pass_(DURATIONS.dataset)
    assert bench.entries(copy) == bench.entries(first)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (
            {"GroundTruthManifest": {"S3Object": {"Bucket": "data", "Name": "a.manifest"}}, "DatasetArn": "itself"},
            "InvalidParameterException",
        ),
        ({"GroundTruthManifest": {"S3Object": {"Bucket": "data"}}}, "InvalidS3ObjectException"),
        ({"DatasetArn": "none"}, "ResourceNotFoundException"),
    ],
)
def test_a_source_that_names_nothing_is_refused(bench, project, source, error):
    if "DatasetArn" in source:
        arn = project.rpartition("/")[0] + "/dataset/train/1"
        source = source | {"DatasetArn": arn}
    assert bench.error("CreateDataset", ProjectArn=project, DatasetType="TRAIN", DatasetSource=source) == error


TINY = replace(
    DEFAULT_LIMITS, manifest_bytes=10_000, lines=20, testing_lines_in_small_regions=7, labels=3, line_characters=600
)
MANIFEST_FAILURES = {
    "missing": "The manifest file extension or contents are invalid.",
    "no extension": "The manifest file extension or contents are invalid.",
    "binary": "The manifest file extension or contents are invalid.",
    "too large": "The manifest file size exceeds the maximum supported size.",
    "too many lines": "The manifest file has too many rows.",
    "forbidden": "The S3 bucket permissions are incorrect.",
    "terminal lines": "The manifest file has too many terminal errors.",
    "too many labels": "The manifest file has too many labels.",
    "two buckets": "The manifest file contains images from multiple S3 buckets.",
}


@pytest.mark.parametrize("cause", MANIFEST_FAILURES)
def test_a_manifest_that_cannot_be_used_fails_the_creation_with_the_service_s_words(cause):
    bench = Bench(limits=TINY)
    project = bench.call("CreateProject", ProjectName="shapes")["ProjectArn"]
    lines, key = LINES, "a.manifest"
    match cause:
        case "missing":
            key = "none.manifest"
        case "no extension":
            key = "folder.d/manifest"
        case "too large":
            lines = [*LINES, " " * 10_000 + LINES[0]]
        case "too many lines":
            lines = [label_line(f"{number}.png", "disc") for number in range(21)]
        case "terminal lines":
            lines = [*LINES, "{", "{}", LINES[0]]
        case "too many labels":
            lines = [label_line(f"{number}.png", str(number)) for number in range(4)]
        case "two buckets":
            lines = [*LINES, label_line("x.png", "disc").replace("s3://data", "s3://elsewhere")]
    bench.put_manifest("a.manifest", lines)
    bench.put_manifest("folder.d/manifest", lines)
    if cause == "binary":
        bench.objects.write("data", key, b"\xff\xfe", "")
    if cause == "forbidden":
        bench.objects.forbidden.add("data")
    request = {"ProjectArn": project, "DatasetType": "TRAIN", "DatasetSource": asset("data", key)}
    arn = bench.created_dataset(**request)
    assert status(bench, arn) == ("CREATE_FAILED", MANIFEST_FAILURES[cause], "CLIENT_ERROR")
    bench.call("DeleteDataset", DatasetArn=arn)


class Gate(MemoryObjects):
    """An object store that lets nobody read until it is open."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()

    def read(self, bucket: str, key: str, version: str | None = None) -> bytes:
        assert self.open.wait(60)
        return super().read(bucket, key, version)


def begun(bench: Bench) -> str:
    """Create a dataset whose manifest is still being read."""
    project = bench.call("CreateProject", ProjectName="shapes")["ProjectArn"]
    source = bench.put_manifest("a.manifest", LINES)["Assets"][0]
    request = {"ProjectArn": project, "DatasetType": "TRAIN", "DatasetSource": source}
    arn: str = bench.call("CreateDataset", **request)["DatasetArn"]
    return arn


def test_a_dataset_is_answered_before_its_manifest_is_read():
    bench = Bench(objects=Gate())
    dataset = begun(bench)
    bench.clock.pass_(10 * DURATIONS.dataset)
    assert status(bench, dataset)[0] == "CREATE_IN_PROGRESS"
    assert bench.error("UpdateDatasetEntries", DatasetArn=dataset, Changes=CHANGES) == "ResourceInUseException"
    bench.objects.open.set()
    bench.wait_while(lambda: status(bench, dataset)[0] == "CREATE_IN_PROGRESS")
    assert status(bench, dataset)[0] == "CREATE_COMPLETE"
    assert bench.dataset(dataset)["LastUpdatedTimestamp"] == bench.clock()
    assert stats(bench, dataset) == (10, 10, 2, 0)


def test_a_reading_that_ends_after_a_reset_leaves_nothing():
    bench = Bench(objects=Gate())
    dataset = begun(bench)
    bench.service.reset()
    bench.objects.open.set()
    bench.service.close()  # waits for it
    assert bench.error("DescribeDataset", DatasetArn=dataset) == "ResourceNotFoundException"


def test_a_reading_that_crashes_is_the_service_s_fault(bench, project):
    bench.objects.size = lambda *_: 1 // 0
    dataset = bench.create_dataset(project, LINES)
    message = "Amazon Rekognition experienced a service issue."
    assert status(bench, dataset) == ("CREATE_FAILED", message, "SERVICE_ERROR")


def test_a_dataset_that_could_not_be_created_can_be_filled(bench, project):
    source = asset("data", "none.manifest")
    dataset = bench.created_dataset(ProjectArn=project, DatasetType="TRAIN", DatasetSource=source)
    assert status(bench, dataset)[0] == "CREATE_FAILED"
    bench.change_dataset(dataset, *LINES)
    assert status(bench, dataset)[0] == "UPDATE_COMPLETE"
    assert stats(bench, dataset) == (10, 10, 2, 0)


def test_a_line_that_nests_too_deep_is_dropped(bench, project):
    deep = LINES[0].replace("0.png", "deep.png")[:-1] + ', "x": ' + "[" * 600 + "]" * 600 + "}"
    dataset = bench.create_dataset(project, [*LINES, deep])
    assert len(sources(bench, dataset)) == 10


def test_an_entry_is_listed_with_its_characters_as_they_are(bench, project):
    line = label_line("0.png", "disc")[:-1] + ', "note": "' + "語" * 99_000 + '"}'
    dataset = bench.create_dataset(project, [line])
    (entry,) = bench.call("ListDatasetEntries", DatasetArn=dataset)["DatasetEntries"]
    assert "語" * 99_000 in entry
    assert len(entry) <= 100_000


@pytest.mark.parametrize(("spare", "marked"), [(60_000, ["cl-errors", "cl-metadata"]), (100, ["cl-metadata"]), (0, [])])
def test_an_entry_has_the_marks_that_it_has_room_for(bench, project, spare, marked):
    line = json.loads(box_line("bad.png", ("valve", -1, 0, 100, 100)))
    line["note"] = "x" * (99_990 - spare - len(json.dumps(line, separators=(",", ":"))))
    dataset = bench.create_dataset(project, [json.dumps(line, separators=(",", ":"))])
    (entry,) = bench.entries(dataset)
    assert [name for name in entry if name.startswith("cl-")] == marked


def test_marks_of_attributes_named_like_them_can_be_listed(bench, project):
    names = ("cl", "cl-errors")
    boxed = json.loads(box_line("a.png", ("valve", -1, 0, 100, 100)))
    line = {"source-ref": boxed["source-ref"]}
    line |= dict.fromkeys(names, boxed["bb"]) | {f"{name}-metadata": boxed["bb-metadata"] for name in names}
    dataset = bench.create_dataset(project, [json.dumps(line)])
    (entry,) = bench.entries(dataset)
    assert entry["cl-metadata"] == {"is_labeled": False}


def test_lines_without_a_use_are_dropped_and_nobody_is_told():
    bench = Bench(limits=TINY)
    project = bench.call("CreateProject", ProjectName="shapes")["ProjectArn"]
    long = label_line("x" * 600, "disc")
    for number, bad in enumerate(["{", "{}", LINES[3], '{"source-ref": "https://data/x.png"}', long]):
        dataset = bench.create_dataset(project, [*LINES, bad])
        assert stats(bench, dataset) == (10, 10, 2, 0), number
        bench.call("DeleteDataset", DatasetArn=dataset)
        bench.clock.pass_(DURATIONS.dataset)


def test_an_entry_is_echoed_with_what_was_found_at_each_element(bench, project):
    bad = box_line("bad.png", ("valve", 600, 0, 100, 100), ("valve", 0, 0, 1, 1))
    dataset = bench.create_dataset(project, [LINES[0], bad])
    good, marked = bench.entries(dataset)
    assert good == json.loads(LINES[0]) | {"cl-metadata": {"is_labeled": True}}
    assert [box["cl-errors"][0]["code"] for box in marked["bb"]["annotations"]] == [
        "ERROR_INVALID_BOUNDING_BOX",
        "ERROR_BOUNDING_BOX_TOO_SMALL",
    ]
    assert marked["bb"]["cl-errors"] == [
        {"code": "ERROR_NO_VALID_ANNOTATIONS", "message": "No valid annotations found."}
    ]
    assert [error["code"] for error in marked["cl-errors"]] == ["ERROR_NO_VALID_LABEL_ATTRIBUTES"]


def test_an_entry_that_was_listed_can_be_sent_back(bench, project):
    bad = box_line("bad.png", ("valve", 0, 0, 100, 100), ("valve", 0, 0, 1, 1))
    dataset = bench.create_dataset(project, [bad, json.dumps({"source-ref": "s3://data/bare.png"})])
    before = bench.entries(dataset)
    bench.change_dataset(dataset, *map(json.dumps, before))
    assert bench.entries(dataset) == before


def test_entries_are_filtered(bench, project):
    unlabelled = json.dumps({"source-ref": "s3://data/bare.png"})
    mixed = box_line("deep/box.png", ("valve", 0, 0, 100, 100), ("valve", 0, 0, 1, 1))
    dataset = bench.create_dataset(project, [label_line("a.png", "disc", "star"), LINES[1], mixed, unlabelled])
    assert sources(bench, dataset) == ["a.png", "1.png", "deep/box.png", "bare.png"]
    assert sources(bench, dataset, ContainsLabels=["star", "valve"]) == ["a.png", "deep/box.png"]
    assert sources(bench, dataset, Labeled=True) == ["a.png", "1.png", "deep/box.png"]
    assert sources(bench, dataset, Labeled=False) == ["bare.png"]
    assert sources(bench, dataset, SourceRefContains="data/deep/") == ["deep/box.png"]
    assert sources(bench, dataset, HasErrors=True) == ["deep/box.png"]
    assert len(sources(bench, dataset, HasErrors=False)) == 4
    assert stats(bench, dataset) == (4, 3, 4, 1)


def test_pages_of_entries_show_each_once_and_in_order(bench, project):
    dataset = bench.create_dataset(project, LINES)
    pages, token = [], ""
    while len(pages) < 5:
        answer = bench.call("ListDatasetEntries", DatasetArn=dataset, MaxResults=4, NextToken=token)
        pages.append([json.loads(entry)["source-ref"][-5] for entry in answer["DatasetEntries"]])
        if not (token := answer.get("NextToken", "")):
            break
    assert pages == [["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8", "9"]]


def test_a_token_of_other_filters_is_refused(bench, project):
    dataset = bench.create_dataset(project, LINES)
    token = bench.call("ListDatasetEntries", DatasetArn=dataset, MaxResults=4)["NextToken"]
    deep = base64.b64encode(b"[" * 768).decode()
    for request in ({"Labeled": True, "NextToken": token}, {"NextToken": "nonsense"}, {"NextToken": deep}):
        refused = bench.error("ListDatasetEntries", DatasetArn=dataset, **request)
        assert refused == "InvalidPaginationTokenException"


def test_labels_are_counted_by_images_and_by_images_with_boxes(bench, project):
    boxes = box_line("box.png", ("disc", 0, 0, 50, 50), ("disc", 60, 60, 50, 50), ("valve", 0, 0, 9, 9))
    dataset = bench.create_dataset(project, [LINES[0], LINES[1], boxes])
    answer = bench.call("ListDatasetLabels", DatasetArn=dataset, MaxResults=2)
    assert answer["DatasetLabelDescriptions"] == [
        {"LabelName": "cross", "LabelStats": {"EntryCount": 1}},
        {"LabelName": "disc", "LabelStats": {"EntryCount": 2, "BoundingBoxCount": 1}},
    ]
    rest = bench.call("ListDatasetLabels", DatasetArn=dataset, MaxResults=2, NextToken=answer["NextToken"])
    assert rest == {
        "DatasetLabelDescriptions": [
            {"LabelName": "valve", "LabelStats": {"EntryCount": 1, "BoundingBoxCount": 1}},
        ]
    }


def test_an_update_replaces_by_source_and_adds_the_rest(bench, project):
    dataset = bench.create_dataset(project, LINES[:3])
    changed = bench.dataset(dataset)["LastUpdatedTimestamp"]
    bench.change_dataset(dataset, label_line("1.png", "star"), label_line("new.png", "moon"))
    assert status(bench, dataset)[::2] == ("UPDATE_COMPLETE", "SUCCESS")
    assert sources(bench, dataset) == ["0.png", "1.png", "2.png", "new.png"]
    assert sources(bench, dataset, ContainsLabels=["star", "moon"]) == ["1.png", "new.png"]
    assert bench.dataset(dataset)["LastUpdatedTimestamp"] > changed


def test_a_failed_update_leaves_all_as_it_was(bench, project):
    dataset = bench.create_dataset(project, LINES)
    bench.change_dataset(dataset, label_line("x.png", "disc").replace("s3://data", "s3://elsewhere"))
    message = "The manifest file contains images from multiple S3 buckets."
    assert status(bench, dataset) == ("UPDATE_FAILED", message, "CLIENT_ERROR")
    assert stats(bench, dataset) == (10, 10, 2, 0)
    bench.change_dataset(dataset, LINES[0])
    assert status(bench, dataset)[0] == "UPDATE_COMPLETE"


def meanwhile(monkeypatch, module: str, function: str, act: Callable[[], object]) -> None:
    """Act once, at the moment at which a request begins to judge lines."""
    target = importlib.import_module(f"local.rekognition.{module}")
    works, left = getattr(target, function), [act]

    def work(*args, **keywords):
        if left:
            left.pop()()
        return works(*args, **keywords)

    monkeypatch.setattr(target, function, work)


@pytest.mark.parametrize("function", ["changed_by", "distributed"])
def test_others_are_answered_while_lines_are_judged(bench, project, monkeypatch, function):
    train, test = bench.create_dataset(project, LINES), bench.create_dataset(project, None, "TEST")
    answered = threading.Event()

    def ask() -> None:
        bench.call("DescribeProjects")
        answered.set()

    def another_asks() -> None:
        threading.Thread(target=ask, daemon=True).start()
        assert answered.wait(10)

    meanwhile(monkeypatch, "datasets", function, another_asks)
    if function == "changed_by":
        bench.call("UpdateDatasetEntries", DatasetArn=train, Changes=CHANGES)
    else:
        bench.call("DistributeDatasetEntries", Datasets=[{"Arn": train}, {"Arn": test}])
    assert answered.is_set()


def test_an_update_loses_nothing_of_one_that_overtook_it(bench, project, monkeypatch):
    dataset = bench.create_dataset(project, LINES)
    overtaking = label_line("other.png", "star")
    meanwhile(monkeypatch, "datasets", "changed_by", lambda: bench.change_dataset(dataset, overtaking))
    bench.change_dataset(dataset, label_line("mine.png", "moon"))
    assert sources(bench, dataset)[-2:] == ["other.png", "mine.png"]


def test_an_update_of_what_became_busy_is_refused(bench, project, monkeypatch):
    dataset = bench.create_dataset(project, LINES)
    meanwhile(monkeypatch, "datasets", "changed_by", lambda: bench.call("DeleteDataset", DatasetArn=dataset))
    assert bench.error("UpdateDatasetEntries", DatasetArn=dataset, Changes=CHANGES) == "ResourceInUseException"
    assert status(bench, dataset)[0] == "DELETE_IN_PROGRESS"


def test_a_distribution_takes_the_lines_of_an_update_that_overtook_it(bench, project, monkeypatch):
    train, test = bench.create_dataset(project, LINES), bench.create_dataset(project, None, "TEST")
    new = [label_line(f"new/{number}.png", "star") for number in range(2)]
    meanwhile(monkeypatch, "datasets", "distributed", lambda: bench.change_dataset(train, *new))
    bench.call("DistributeDatasetEntries", Datasets=[{"Arn": train}, {"Arn": test}])
    bench.clock.pass_(DURATIONS.dataset)
    assert len(sources(bench, train)) + len(sources(bench, test)) == 12


def test_a_busy_dataset_is_left_alone(bench, project):
    only = {"DatasetArn": bench.call("CreateDataset", ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]}
    for operation in ("ListDatasetEntries", "ListDatasetLabels"):
        assert bench.error(operation, **only) == "ResourceNotReadyException"  # creating
    assert bench.error("UpdateDatasetEntries", **only, Changes=CHANGES) == "ResourceInUseException"
    assert bench.error("DeleteDataset", **only) == "ResourceInUseException"
    bench.clock.pass_(DURATIONS.dataset)
    bench.call("UpdateDatasetEntries", **only, Changes=CHANGES)
    for operation, request in (
        ("ListDatasetEntries", {}),
        ("ListDatasetLabels", {}),
        ("DeleteDataset", {}),
        ("UpdateDatasetEntries", {"Changes": CHANGES}),
    ):
        assert bench.error(operation, **only, **request) == "ResourceInUseException"  # updating
    bench.clock.pass_(DURATIONS.dataset)
    assert bench.call("DeleteDataset", **only) == {}


def test_a_deleted_dataset_lingers_and_then_is_gone(bench, project):
    dataset = bench.create_dataset(project, LINES)
    bench.call("DeleteDataset", DatasetArn=dataset)
    assert status(bench, dataset)[0] == "DELETE_IN_PROGRESS"
    assert bench.error("CreateDataset", ProjectArn=project, DatasetType="TRAIN") == "ResourceAlreadyExistsException"
    assert bench.error("DeleteProject", ProjectArn=project) == "ResourceInUseException"
    bench.clock.pass_(DURATIONS.dataset)
    assert bench.error("DescribeDataset", DatasetArn=dataset) == "ResourceNotFoundException"
    bench.call("DeleteProject", ProjectArn=project)


def test_another_account_finds_no_dataset(bench, project):
    dataset = bench.create_dataset(project, LINES)
    _, body = bench.send("DescribeDataset", account="999999999999", DatasetArn=dataset)
    assert body["__type"] == "ResourceNotFoundException"


def test_a_distribution_moves_a_fifth_of_every_label(bench, project):
    train, test = bench.create_dataset(project, LINES), bench.create_dataset(project, None, "TEST")
    bench.call("DistributeDatasetEntries", Datasets=[{"Arn": test}, {"Arn": train}])
    assert status(bench, train)[0] == status(bench, test)[0] == "UPDATE_IN_PROGRESS"
    bench.clock.pass_(DURATIONS.dataset)
    assert status(bench, train)[0] == status(bench, test)[0] == "UPDATE_COMPLETE"
    assert (stats(bench, train), stats(bench, test)) == ((8, 8, 2, 0), (2, 2, 2, 0))
    assert not set(sources(bench, train)) & set(sources(bench, test))


def test_of_few_images_each_label_gets_one_to_train_and_one_to_test_with(bench, project):
    train, test = bench.create_dataset(project, LINES[:4]), bench.create_dataset(project, None, "TEST")
    bench.call("DistributeDatasetEntries", Datasets=[{"Arn": train}, {"Arn": test}])
    bench.clock.pass_(DURATIONS.dataset)
    assert (stats(bench, train), stats(bench, test)) == ((2, 2, 2, 0), (2, 2, 2, 0))


def test_a_distribution_leaves_the_lines_in_their_order(bench, project):
    train, test = bench.create_dataset(project, LINES), bench.create_dataset(project, None, "TEST")
    bench.call("DistributeDatasetEntries", Datasets=[{"Arn": train}, {"Arn": test}])
    bench.clock.pass_(DURATIONS.dataset)
    for dataset in (train, test):
        assert sources(bench, dataset) == sorted(sources(bench, dataset))


def test_too_few_images_cannot_be_distributed(bench, project):
    train, test = bench.create_dataset(project, LINES[:3]), bench.create_dataset(project, None, "TEST")
    bench.call("DistributeDatasetEntries", Datasets=[{"Arn": train}, {"Arn": test}])
    bench.clock.pass_(DURATIONS.dataset)
    message = "The manifest file doesn't have enough labeled images to distribute the dataset."
    assert status(bench, train) == status(bench, test) == ("UPDATE_FAILED", message, "CLIENT_ERROR")
    assert len(sources(bench, train)) == 3


def test_only_a_settled_pair_with_an_empty_test_dataset_is_distributed(bench, project):
    train, test = bench.create_dataset(project, LINES), bench.create_dataset(project, LINES[:2], "TEST")
    other = bench.call("CreateProject", ProjectName="other")["ProjectArn"]
    strange = bench.create_dataset(other, None, "TEST")
    for pair in ((train, test), (train, strange), (train, train)):
        refused = bench.error("DistributeDatasetEntries", Datasets=[{"Arn": arn} for arn in pair])
        assert refused == "InvalidParameterException"
    bench.call("DeleteDataset", DatasetArn=test)
    refused = bench.error("DistributeDatasetEntries", Datasets=[{"Arn": train}, {"Arn": test}])
    assert refused == "ResourceNotReadyException"


def test_a_version_is_trained_from_the_project_s_datasets(bench, project):
    bench.create_dataset(project, put_drawings(bench, "train", 16))
    bench.create_dataset(project, put_drawings(bench, "test", 8, first=100), "TEST")
    found = bench.trained(bench.create_version(project))
    assert found["Status"] == "TRAINING_COMPLETED"
    assert found["TrainingDataResult"]["Input"] == {}
    assert found["TestingDataResult"]["Input"] == {"AutoCreate": False}
    assert found["TestingDataResult"]["Output"]["AutoCreate"] is False
    assert found["EvaluationResult"]["F1Score"] == 1.0


def test_a_train_dataset_alone_is_split_for_the_training(bench, project):
    dataset = bench.create_dataset(project, put_drawings(bench, "train", 20))
    assert bench.trained(bench.create_version(project))["Status"] == "TRAINING_COMPLETED"
    summary = json.loads(bench.objects.read("out", "results/EvaluationResultSummary-shapes-v1.json"))
    assert summary["EvaluationDetails"]["NumberOfTestingImages"] == 4
    assert len(sources(bench, dataset)) == 20


def test_a_project_with_datasets_takes_no_manifests(bench, project):
    bench.create_dataset(project, LINES)
    data = {"TrainingData": bench.put_manifest("a.manifest", LINES), "TestingData": {"AutoCreate": True}}
    request = {"ProjectArn": project, "VersionName": "v1", "OutputConfig": {"S3Bucket": "out"}}
    assert bench.error("CreateProjectVersion", **request, **data) == "InvalidParameterException"


def test_no_version_is_trained_from_busy_or_missing_datasets(bench, project):
    request = {"ProjectArn": project, "VersionName": "v1", "OutputConfig": {"S3Bucket": "out"}}
    test = bench.create_dataset(project, LINES, "TEST")
    assert bench.error("CreateProjectVersion", **request) == "InvalidParameterException"
    bench.call("DeleteDataset", DatasetArn=test)
    assert bench.error("CreateProjectVersion", **request) == "ResourceInUseException"


def test_an_empty_dataset_fails_the_training(bench, project):
    bench.create_dataset(project, None)
    found = bench.trained(bench.create_version(project))
    assert (found["Status"], found["StatusMessage"]) == ("TRAINING_FAILED", "The manifest file is empty.")


def test_of_two_lines_of_one_image_the_first_stays(bench, project):
    dataset = bench.create_dataset(project, [*LINES, label_line("0.png", "star")])
    assert sources(bench, dataset, ContainsLabels=["star"]) == []
    assert sources(bench, dataset, ContainsLabels=["disc"])[0] == "0.png"


def test_a_last_page_that_is_full_has_no_token(bench, project):
    dataset = bench.create_dataset(project, LINES)
    assert "NextToken" not in bench.call("ListDatasetEntries", DatasetArn=dataset, MaxResults=10)
