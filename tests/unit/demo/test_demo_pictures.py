"""The demo's pictures: legal for the service, the same each time, and honestly split."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

import demo.pictures as pictures_module
from demo.pictures import LABELS, SCENE_LABELS, digits, manifest_line, scenes
from local.rekognition.images import open_image
from local.rekognition.manifests import read_lines

DIGITS = digits(train=20, test=10, unseen=10)
SCENES = scenes(train=4, test=3, unseen=3)


@pytest.mark.parametrize("pictures", [DIGITS, SCENES], ids=["digits", "scenes"])
def test_pictures_are_legal_and_say_what_they_are(pictures):
    for picture in (*pictures.train, *pictures.test, *pictures.unseen):
        assert open_image(picture.body, 64).size == (picture.width, picture.height)
        with Image.open(io.BytesIO(picture.body)) as image:
            assert f"image/{image.format.lower()}" == picture.content_type


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others():
    assert digits(train=20, test=10, unseen=10) == DIGITS
    assert scenes(train=4, test=3, unseen=3) == SCENES
    assert digits(train=20, test=10, unseen=10, seed=1) != DIGITS


def test_each_label_has_its_share_of_every_split():
    for split, count in ((DIGITS.train, 2), (DIGITS.test, 1), (DIGITS.unseen, 1)):
        labels = [label for picture in split for label in picture.labels]
        assert {label: labels.count(label) for label in LABELS} == dict.fromkeys(LABELS, count)


def test_no_digit_is_in_two_pictures(monkeypatch):
    drawn = []
    card = pictures_module._card
    monkeypatch.setattr(
        pictures_module, "_card", lambda digit, *rest: drawn.append(digit.tobytes()) or card(digit, *rest)
    )
    digits(train=240, test=80, unseen=60)
    assert len(drawn) == 380
    assert len(set(drawn)) == 380


def test_names_are_unique_over_the_splits():
    for pictures in (DIGITS, SCENES):
        names = [picture.name for picture in (*pictures.train, *pictures.test, *pictures.unseen)]
        assert len(set(names)) == len(names)


def test_cards_lie_inside_their_scene_and_touch_no_other():
    for picture in (*SCENES.train, *SCENES.test, *SCENES.unseen):
        assert 2 <= len(picture.boxes) <= 4
        assert set(picture.labels) == {box.label for box in picture.boxes} <= set(SCENE_LABELS)
        for box in picture.boxes:
            assert box.left >= 0 <= box.top
            assert box.left + box.width <= picture.width
            assert box.top + box.height <= picture.height
            for other in picture.boxes:
                apart_x = box.left + box.width <= other.left or other.left + other.width <= box.left
                apart_y = box.top + box.height <= other.top or other.top + other.height <= box.top
                assert other is box or apart_x or apart_y


def test_a_manifest_line_is_read_back_as_the_picture():
    (line,) = read_lines(manifest_line(DIGITS.train[3], "bucket", "a/b.png"))
    assert (line.source.bucket, line.source.key) == ("bucket", "a/b.png")
    assert (line.labels, line.boxes, line.findings) == ({"three"}, (), ())
    picture = SCENES.train[0]
    (line,) = read_lines(manifest_line(picture, "bucket", "s.jpg"))
    read = [(box.label, box.left, box.top, box.width, box.height) for box in line.boxes]
    assert read == [(box.label, box.left, box.top, box.width, box.height) for box in picture.boxes]
    assert json.loads(line.text)["cards-metadata"]["type"] == "groundtruth/object-detection"
    assert line.findings == ()
