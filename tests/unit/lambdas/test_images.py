import re

import pytest

from lambdas.images import ImageRef, image_from_json, job_id


def test_one_object_version_of_a_project_is_one_job(image):
    assert job_id(image, "digits") == job_id(ImageRef(image.bucket, image.key, image.version), "digits")
    assert re.fullmatch(r"[0-9a-f]{32}", job_id(image, "digits"))


def test_the_id_stays_what_it_was_when_results_were_written():
    assert job_id(ImageRef("images", "digits/🦊 a+b.png", "v1"), "digits") == "28973dd9e1180360c8b88d4464e5b98d"


@pytest.mark.parametrize(
    ("other", "project"),
    [
        (ImageRef("images-two", "digits/a.png", "v1"), "digits"),
        (ImageRef("images", "digits/b.png", "v1"), "digits"),
        (ImageRef("images", "digits/a.png", "v2"), "digits"),
        (ImageRef("images", "digits/a.png", "v1"), "scenes"),
        (ImageRef("imagesdigits", "/a.png", "v1"), "digits"),
    ],
)
def test_each_part_makes_another_job(image, other, project):
    assert job_id(other, project) != job_id(image, "digits")


def test_a_reference_comes_back_from_its_json(image):
    assert image_from_json(image.to_json()) == image


def test_rekognition_is_told_the_version(image):
    assert image.to_s3_object() == {"Bucket": "images", "Name": "digits/a.png", "Version": "v1"}


def test_rekognition_is_told_no_version_of_an_object_without_versions():
    assert ImageRef("images", "a.png", "null").to_s3_object() == {"Bucket": "images", "Name": "a.png"}


def test_a_run_is_a_job_of_its_own(image):
    ids = {job_id(image, "digits"), job_id(image, "digits", "monday"), job_id(image, "digits", "tuesday")}
    assert len(ids) == 3
    assert job_id(image, "digits", run=None) == job_id(image, "digits")
