import json

import pytest
from botocore.exceptions import ClientError

from lambdas import clients
from lambdas.check_dataset import handler
from lambdas.check_dataset.manifest import DatasetError, Kind, check_train, read_manifest
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.services import Bucket


def classified(number, label="seven", bucket="datasets"):
    return json.dumps(
        {
            "source-ref": f"s3://{bucket}/images/{number}.png",
            "kind": 1,
            "kind-metadata": {
                "class-name": label,
                "confidence": 1,
                "type": "groundtruth/image-classification",
                "human-annotated": "yes",
                "creation-date": "2026-01-01T00:00:00",
            },
        }
    )


def boxed(number, *labels):
    classes = sorted(set(labels))
    box = {"left": 1, "top": 1, "width": 9, "height": 9}
    return json.dumps(
        {
            "source-ref": f"s3://datasets/images/{number}.png",
            "boxes": {
                "image_size": [{"width": 99, "height": 99, "depth": 3}],
                "annotations": [{"class_id": classes.index(label), **box} for label in labels],
            },
            "boxes-metadata": {
                "class-map": {str(number): label for number, label in enumerate(classes)},
                "type": "groundtruth/object-detection",
            },
        }
    )


def without(line, *path):
    entry = json.loads(line)
    inner = entry
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return json.dumps(entry)


GOOD = [classified(number, label) for number, label in enumerate(["seven", "one"] * 4)]


def checked(lines):
    report = read_manifest(lines)
    check_train("train.manifest", report, "datasets")
    return report


def test_a_classification_counts_the_images_of_each_label():
    report = checked(GOOD)
    assert (report.kind, report.lines, report.images) == (Kind.CLASSIFICATION, 8, {"seven": 4, "one": 4})


def test_a_detection_counts_images_and_not_boxes():
    report = checked([boxed(0, "dent", "dent", "crack"), boxed(1, "dent")])
    assert (report.kind, report.boxes, report.images) == (Kind.DETECTION, 4, {"dent": 2, "crack": 1})


def test_detection_needs_one_label_and_classification_two():
    checked([boxed(0, "dent")])
    with pytest.raises(DatasetError, match="1 labels; a classification data set needs 2 to 250"):
        checked([classified(0)])


def test_more_than_250_labels_are_refused():
    checked([classified(number, f"label {number}") for number in range(250)])
    with pytest.raises(DatasetError, match="251 labels"):
        checked([classified(number, f"label {number}") for number in range(251)])


@pytest.mark.parametrize("lines", [[], ["", "   "]])
def test_an_empty_manifest_is_refused(lines):
    with pytest.raises(DatasetError, match=r"train\.manifest has no lines"):
        checked(lines)


def test_blank_lines_are_skipped_and_line_numbers_are_the_files():
    report = read_manifest([*GOOD, "", "no json"])
    assert (report.lines, [number for number, _ in report.bad]) == (9, [10])


def test_images_in_buckets_that_training_may_not_read_are_refused_with_the_names_and_the_right_bucket():
    with pytest.raises(DatasetError, match=r"are in elsewhere, other, which .* put them into datasets$"):
        checked([*GOOD, classified(98, bucket="other"), classified(99, bucket="elsewhere")])


def test_images_that_are_all_in_one_other_bucket_are_refused():
    with pytest.raises(DatasetError, match=r"^train\.manifest: images are in other, .* put them into datasets$"):
        checked([classified(number, label, bucket="other") for number, label in enumerate(["seven", "one"])])


def test_what_is_said_of_a_bad_line_is_cut_to_300_characters():
    ((_, fault),) = read_manifest([classified("x" * 5000).replace("s3://", "http://")]).bad
    assert fault.startswith("source-ref 'http://datasets/images/xxx")
    assert len(fault) == 300


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("no json", "not JSON"),
        ("[]", "not a JSON object"),
        (without(classified(99), "source-ref"), "no source-ref"),
        (classified(99).replace("s3://", "http://"), "is not s3://BUCKET/KEY"),
        ('{"source-ref": "s3://bucket"}', "is not s3://BUCKET/KEY"),
        ('{"source-ref": "s3://bucket/"}', "is not s3://BUCKET/KEY"),
        ('{"source-ref": 5}', "no source-ref"),
        (GOOD[0], "stands on an earlier line too"),
        (without(classified(99), "kind-metadata"), "no label"),
        (without(classified(99), "kind-metadata", "class-name"), "no label"),
        (classified(99).replace("image-classification", "semantic-segmentation"), "no label"),
        (without(boxed(99, "dent"), "boxes"), "needs annotations and a class-map"),
        (without(boxed(99, "dent"), "boxes-metadata", "class-map"), "needs annotations and a class-map"),
        (boxed(99, "dent").replace('"0": "dent"', '"5": "dent"'), "class_id is not in its class-map"),
        (classified(99, "x" * 100_000), "the limit is 100,000"),
    ],
)
def test_a_bad_line_is_told_by_its_number_and_its_fault(line, said):
    ((number, fault),) = read_manifest([*GOOD, line]).bad
    assert number == 9
    assert said in fault


def test_a_fifth_of_bad_lines_is_borne_and_more_is_refused():
    checked([*GOOD, "bad", "bad"])
    with pytest.raises(DatasetError, match=r"3 of 11 lines cannot be used, more than 20 %.*line 9: not JSON"):
        checked([*GOOD, "bad", "bad", "bad"])


def test_a_refusal_lists_the_first_five_bad_lines():
    with pytest.raises(DatasetError) as refused:
        checked(["bad"] * 9)
    assert "line 5:" in str(refused.value)
    assert "line 6:" not in str(refused.value)


def test_a_bad_line_adds_nothing_to_what_the_others_say():
    bad = boxed(99, "crack", "dent").replace('"1": "dent"', '"5": "dent"')
    report = checked([*GOOD, bad])
    assert (report.kind, report.boxes, set(report.images)) == (Kind.CLASSIFICATION, 0, {"seven", "one"})


TRAIN = "digits/lot.1/train.manifest"
TEST = "digits/lot.1/test.manifest"


@pytest.fixture
def bucket():
    return Bucket()


@pytest.fixture
def check(monkeypatch, bucket, lambda_context):
    s3 = client_of("s3", bucket)
    monkeypatch.setattr(clients.boto3, "client", lambda service, **_: {"s3": s3}[service])
    monkeypatch.setenv("DATASETS_BUCKET", "datasets")
    clients.client.cache_clear()

    def run(train, test=None):
        bucket.put(TRAIN, train if isinstance(train, bytes) else "\n".join(train).encode(), version="t1")
        if test is not None:
            bucket.put(TEST, "\r\n".join(test).encode(), version="e1")
        return handler.handle(
            {"Manifest": {"Bucket": "datasets", "Name": TRAIN, "Version": "t1"}, "Adds": False}, lambda_context
        )

    yield run
    clients.client.cache_clear()


def assets(key, version):
    stored = {"Bucket": "datasets", "Name": key, "Version": version}
    return {"Assets": [{"GroundTruthManifest": {"S3Object": stored}}]}


def test_without_a_test_manifest_the_service_splits_the_training_data(check):
    assert check(GOOD) == {
        "Kind": "classification",
        "Lines": 8,
        "BadLines": 0,
        "Labels": ["one", "seven"],
        "Train": {"Bucket": "datasets", "Name": TRAIN, "Version": "t1"},
        "Test": {},
        "TrainingData": assets(TRAIN, "t1"),
        "TestingData": {"AutoCreate": True},
    }


def test_bad_lines_that_are_borne_are_counted(check):
    answer = check([*GOOD, "bad", "bad"])
    assert (answer["Lines"], answer["BadLines"]) == (10, 2)


def test_a_test_manifest_beside_the_train_manifest_is_used_in_its_version(check):
    test = [classified(100, "seven"), classified(101, "one")]
    assert check(GOOD, test)["TestingData"] == assets(TEST, "e1")


def test_images_in_both_manifests_are_refused_with_their_number_and_one_of_them(check):
    with pytest.raises(
        DatasetError, match=r"2 images are in the training set too \(one is s3://datasets/images/0\.png\)"
    ):
        check(GOOD, [*GOOD[:2], classified(100)])


def test_a_test_set_without_most_of_the_labels_is_refused(check):
    train = [classified(number, label) for number, label in enumerate("abcde")]
    with pytest.raises(DatasetError, match=r"3 of 5 labels have no test image \(one is 'c'\)"):
        check(train, [classified(100, "a"), classified(101, "b")])


def test_a_test_set_needs_not_every_label(check):
    train = [classified(number, label) for number, label in enumerate("ab")]
    assert check(train, [classified(100, "a")])["TestingData"] == assets(TEST, "e1")


def test_images_that_show_none_of_the_objects_do_not_count_as_bad():
    report = checked([boxed(0, "dent"), *(boxed(number) for number in range(1, 9))])
    assert (report.ignored, report.bad, report.images) == (8, [], {"dent": 1})


def test_a_bad_test_manifest_is_refused_by_its_name(check):
    with pytest.raises(DatasetError, match=r"^test\.manifest: 1 of 1 lines"):
        check(GOOD, ["bad"])


def test_test_images_in_a_bucket_that_training_may_not_read_are_refused_by_the_manifests_name(check):
    with pytest.raises(DatasetError, match=r"^test\.manifest: images are in other, .* put them into datasets$"):
        check(GOOD, [classified(100, "seven"), classified(101, "one", bucket="other")])


def test_a_manifest_that_is_no_text_is_refused_by_its_name(check):
    with pytest.raises(DatasetError, match=f"^{TRAIN} is not UTF-8"):
        check(b"\xff\xfe{\0}\0")


def test_labels_outside_ascii_arrive_as_they_are(check):
    lines = [
        json.dumps(json.loads(classified(n, label)), ensure_ascii=False)
        for n, label in enumerate(["sieben", "fünf 🦊"])
    ]
    assert check(lines)["Labels"] == ["fünf 🦊", "sieben"]


def test_a_test_manifest_that_may_not_be_read_is_no_missing_one(check, bucket):
    bucket.refusals[TEST] = Refusal("403", 403)
    with pytest.raises(ClientError, match="403"):
        check(GOOD)


def test_images_that_are_added_to_others_need_not_have_labels_enough_by_themselves():
    report = read_manifest([classified(number) for number in range(3)])
    with pytest.raises(DatasetError, match="1 labels"):
        check_train("train.manifest", report, "datasets")
    check_train("train.manifest", report, "datasets", adds=True)


def test_images_that_are_added_must_still_be_readable():
    report = read_manifest([classified(number, bucket="elsewhere") for number in range(3)])
    with pytest.raises(DatasetError, match="elsewhere"):
        check_train("train.manifest", report, "datasets", adds=True)
