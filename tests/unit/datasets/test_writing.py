import json

import pytest

from lambdas.datasets.labelled import Box, LabelledImage
from lambdas.datasets.manifest_lines import read_line
from lambdas.datasets.writing import write_line, write_manifest
from local.rekognition.limits import DEFAULT_LIMITS
from local.rekognition.manifests import read_line as read_by_the_stand_in

CREATED = "2026-01-01T00:00:00"
WHOLE = LabelledImage(source="s3://b/a.png", labels=("seven", "source-ref", "ü\u2028-metadata"))
BOXES = LabelledImage(
    source="s3://b/b c.jpg",
    width=640,
    height=480,
    boxes=(
        Box(label="dent", left=1, top=2, width=30, height=40),
        Box(label="crack", left=600, top=400, width=40, height=80),
    ),
)
NOTHING = LabelledImage(source="s3://b/c.png", width=64, height=64)


@pytest.mark.parametrize("image", [WHOLE, BOXES])
def test_what_was_written_is_read_again(image):
    line = read_line(write_line(image, CREATED))
    assert line.found == ()
    assert (line.image.source, set(line.image.labels)) == (image.source, set(image.labels))
    assert (line.image.boxes, line.image.width, line.image.height) == (image.boxes, image.width, image.height)


@pytest.mark.parametrize("image", [WHOLE, BOXES])
def test_the_stand_in_reads_what_was_written(image):
    line = read_by_the_stand_in(write_line(image, CREATED), DEFAULT_LIMITS)
    assert line.findings == ()
    assert line.all_labels == image.all_labels


def test_a_line_has_the_members_of_a_ground_truth_job():
    entry = json.loads(write_line(BOXES, CREATED))
    assert entry["boxes-metadata"] == {
        "objects": [{"confidence": 1}, {"confidence": 1}],
        "class-map": {"0": "crack", "1": "dent"},
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
        "creation-date": CREATED,
        "job-name": "custom-labels-pipeline",
    }
    assert entry["boxes"]["image_size"] == [{"width": 640, "height": 480, "depth": 3}]


def test_a_manifest_is_one_line_an_image_whatever_the_labels_are():
    assert write_manifest([WHOLE, BOXES], CREATED).splitlines() == [
        write_line(WHOLE, CREATED),
        write_line(BOXES, CREATED),
    ]


def test_an_image_without_labels_says_that_it_was_looked_at():
    assert [found.code for found in read_line(write_line(NOTHING, CREATED)).found] == [
        "WARNING_NO_ATTRIBUTE_ANNOTATIONS",
        "WARNING_NO_ANNOTATIONS",
    ]


def test_a_box_is_rounded_to_pixels_and_stays_within_its_image():
    box = Box(label="dent", left=0.5, top=10.4, width=99.5, height=89.6)
    image = LabelledImage(source="s3://b/a.png", width=100, height=100, boxes=(box,))
    (read,) = read_line(write_line(image, CREATED)).image.boxes
    assert (read.left + read.width, read.top + read.height) == (100, 100)
