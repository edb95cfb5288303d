import json

import pytest
from botocore.exceptions import ClientError

from lambdas import clients
from lambdas.check_dataset import handler
from lambdas.check_dataset.listing import Listing
from lambdas.datasets.lint import DatasetError
from tests.unit.aws import Refusal, client_of
from tests.unit.datasets.manifests import classified, good
from tests.unit.lambdas.services import Bucket

GOOD = good()
TRAIN = "digits/lot.1/train.manifest"
TEST = "digits/lot.1/test.manifest"


def two_labels():
    return [classified(number, label) for number, label in enumerate("ab")]


def spelled(lines, end):
    return end.join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines).encode()


@pytest.fixture
def bucket():
    return Bucket()


@pytest.fixture
def check(monkeypatch, bucket, lambda_context):
    s3 = client_of("s3", bucket)
    monkeypatch.setattr(clients.boto3, "client", lambda service, **_: {"s3": s3}[service])
    monkeypatch.setenv("DATASETS_BUCKET", "datasets")
    clients.client.cache_clear()

    def run(train, test=None, missing=(), adds=False):
        """Check a data set whose images are all there but the missing ones."""
        bucket.put(TRAIN, train if isinstance(train, bytes) else spelled(train, "\n"), version="t1")
        if test is not None:
            bucket.put(TEST, spelled(test, "\r\n"), version="e1")
        for line in [*([] if isinstance(train, bytes) else train), *(test or ())]:
            if isinstance(line, dict) and line["source-ref"].startswith("s3://datasets/"):
                bucket.put(line["source-ref"].removeprefix("s3://datasets/"), b"png")
        for key in missing:
            del bucket.objects[key, "v1"]
        return handler.handle(
            {"Manifest": {"Bucket": "datasets", "Name": TRAIN, "Version": "t1"}, "Adds": adds}, lambda_context
        )

    yield run
    clients.client.cache_clear()


def assets(key, version):
    stored = {"Bucket": "datasets", "Name": key, "Version": version}
    return {"Assets": [{"GroundTruthManifest": {"S3Object": stored}}]}


def test_without_a_test_manifest_the_service_splits_the_training_data(check):
    assert check(GOOD) == {
        "Kind": "classification",
        "Lines": 24,
        "BadLines": 0,
        "Labels": ["a", "b"],
        "Train": {"Bucket": "datasets", "Name": TRAIN, "Version": "t1"},
        "Test": {},
        "TrainingData": assets(TRAIN, "t1"),
        "TestingData": {"AutoCreate": True},
    }


def test_bad_lines_that_are_borne_are_counted(check):
    answer = check([*GOOD, "bad", "bad"])
    assert (answer["Lines"], answer["BadLines"]) == (26, 2)


def test_a_test_manifest_beside_the_train_manifest_is_used_in_its_version(check):
    assert check(GOOD, two_labels())["TestingData"] == assets(TEST, "e1")


def test_images_in_both_manifests_are_refused(check):
    with pytest.raises(DatasetError, match=r"^test\.manifest: .*\(2 images, one on line 1\)"):
        check(GOOD, [*GOOD[:2], *two_labels()])


def test_more_bad_lines_than_the_service_bears_are_refused_and_the_first_are_told(check):
    with pytest.raises(DatasetError, match=r"\(7 of 31\).*train\.manifest line 25: .*ERROR_INVALID_JSON_LINE"):
        check([*GOOD, *["bad"] * 7])


def test_a_bad_test_manifest_is_refused_by_its_name(check):
    with pytest.raises(DatasetError, match=r"^test\.manifest: more than 20 %"):
        check(GOOD, ["bad"])


def test_images_in_a_bucket_that_training_may_not_read_are_refused_with_the_right_bucket(check):
    with pytest.raises(DatasetError, match=r"^train\.manifest: .*\(other, not datasets\)"):
        check(good(bucket="other"))


def test_images_that_are_not_there_are_refused_without_opening_any(check, bucket):
    missing = [f"images/a{number}.png" for number in range(6)]
    with pytest.raises(DatasetError, match=r"\(6 of 24\).*line 1: .*there is no such object"):
        check(GOOD, missing=missing)
    assert bucket.reads == 1


def test_images_that_are_too_large_are_bad_lines(check, bucket):
    bucket.sizes["images/a0.png"] = 15 * 1024**2 + 1
    assert check(GOOD)["BadLines"] == 1


def test_each_folder_of_images_is_listed_once_and_the_51st_is_not(bucket):
    listing = Listing(client_of("s3", bucket), "datasets")
    for folder in range(60):
        for _ in range(2):
            listing.look(f"s3://datasets/folder{folder}/a.png")
    assert bucket.listed == [f"folder{folder}/" for folder in range(50)]


def test_what_was_not_listed_is_not_said_to_be_missing(bucket):
    listing = Listing(client_of("s3", bucket), "datasets")
    assert listing.look("s3://other/a.png") is None
    assert listing.look("s3://datasets/a.png").problem == "there is no such object"


def test_a_manifest_that_is_no_text_is_refused_by_its_name(check):
    with pytest.raises(DatasetError, match=r"^train\.manifest: the manifest is no text in UTF-8 \(line 1"):
        check(b"\xff\xfe{\0}\0")


def test_a_manifest_of_more_than_a_gigabyte_is_refused_unread(check, bucket):
    bucket.sizes[TRAIN] = 1024**3 + 1
    with pytest.raises(DatasetError, match="more than 1 GB"):
        check(GOOD)
    assert bucket.reads == 0


def test_labels_outside_ascii_arrive_as_they_are(check):
    lines = [classified(number, ("sieben", "fünf 🦊")[number % 2]) for number in range(8)]
    assert check(lines)["Labels"] == ["fünf 🦊", "sieben"]


def test_a_test_manifest_that_may_not_be_read_is_no_missing_one(check, bucket):
    bucket.refusals[TEST] = Refusal("403", 403)
    with pytest.raises(ClientError, match="403"):
        check(GOOD)


def test_images_that_are_added_to_others_need_not_have_labels_enough_by_themselves(check):
    one_label = [classified(number, "a") for number in range(3)]
    with pytest.raises(DatasetError, match="1 labels"):
        check(one_label)
    assert check(one_label, adds=True)["Labels"] == ["a"]


def test_images_that_are_added_must_still_be_readable_and_in_one_set(check):
    with pytest.raises(DatasetError, match=r"\(other, not datasets\)"):
        check(good(bucket="other"), adds=True)
    with pytest.raises(DatasetError, match=r"\(2 images, one on line 1\)"):
        check(GOOD, GOOD[:2], adds=True)
