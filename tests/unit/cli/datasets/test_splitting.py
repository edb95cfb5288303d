import io
import random
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from cli.datasets.examples import Example
from cli.datasets.fingerprints import Likenesses, fingerprint
from cli.datasets.preparing import Prepared
from cli.datasets.splitting import split, without_frozen
from demo.pictures import digits


def picture(number, label="dent", shown=None):
    return Prepared(
        example=Example(image=Path(f"{number}.png"), labels=(label,)),
        path=Path(f"{number}.png"),
        digest=f"{number:032x}",
        format="PNG",
        size=1,
        width=64,
        height=64,
        measured=(64.0, 64.0),
        fingerprint=shown,
        changes=(),
    )


def digests(side):
    return {one.digest for one in side}


def test_about_the_share_is_for_testing():
    parts = split([picture(number) for number in range(5000)], 0.2)
    assert 900 < len(parts.test) < 1100
    assert len(parts.train) + len(parts.test) == 5000


def test_the_order_of_the_images_does_not_matter():
    pictures = [picture(number, "ab"[number % 2]) for number in range(100)]
    shuffled = random.Random(0).sample(pictures, len(pictures))
    assert digests(split(shuffled, 0.2).test) == digests(split(pictures, 0.2).test)


def test_images_that_come_later_move_no_other():
    pictures = [picture(number, "ab"[number % 2]) for number in range(400)]
    before, after = split(pictures[:200], 0.2), split(pictures, 0.2)
    assert digests(before.test) <= digests(after.test)
    assert digests(before.train) <= digests(after.train)


def test_images_that_are_nearly_the_same_are_on_one_side():
    rng = random.Random(0)
    shown = {number: rng.getrandbits(256) for number in range(100)}
    pictures = [picture(number, shown=shown[number]) for number in shown]
    pictures += [picture(number + 1000, shown=bits ^ 0b1010101 << number) for number, bits in shown.items()]
    test = {int(digest, 16) for digest in digests(split(pictures, 0.3).test)}
    assert {number + 1000 for number in test if number < 1000} == {number for number in test if number >= 1000}
    assert test


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_every_label_with_two_images_is_on_both_sides(share):
    parts = split([picture(number, f"label {number // 2}") for number in range(40)], share)
    for side in (parts.train, parts.test):
        assert Counter(one.example.labels for one in side) == {(f"label {number}",): 1 for number in range(20)}


def test_the_only_image_of_a_label_is_trained_with():
    parts = split([picture(number, f"label {number}") for number in range(40)], 0.99)
    assert len(parts.train) == 40


def test_an_image_of_a_frozen_test_set_is_not_trained_with_though_it_shows_too_little_to_be_told_apart():
    parts = without_frozen([picture(1), picture(2)], {picture(1).digest: None})
    assert (digests(parts.train), digests(parts.in_frozen_test)) == ({picture(2).digest}, {picture(1).digest})


def changed(body, **options):
    image = Image.open(io.BytesIO(body)).convert("RGB")
    file = io.BytesIO()
    image = image.resize(options.get("size", image.size))
    image = ImageEnhance.Brightness(image).enhance(options.get("brightness", 1))
    image.save(file, "JPEG", quality=options.get("quality", 90))
    return file.getvalue()


@pytest.mark.parametrize("change", [{"quality": 50}, {"size": (64, 64)}, {"brightness": 1.05}])
def test_a_copy_of_another_size_compression_or_brightness_is_found_and_other_pictures_are_not(change):
    pictures = digits(train=60, test=0, unseen=0).train
    known = Likenesses()
    for one in pictures:
        known.add(fingerprint(io.BytesIO(one.body)), one.name)
    found = [known.find(fingerprint(io.BytesIO(changed(one.body, **change)))) for one in pictures]
    assert found == [one.name for one in pictures]


def test_a_picture_that_shows_nothing_is_like_no_other():
    file = io.BytesIO()
    Image.new("RGB", (99, 99), "grey").save(file, "PNG")
    assert fingerprint(file) is None
