"""Which images are put aside to test with."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from local.rekognition.splitting import can_be_split, for_testing


def chosen(*labels: str) -> tuple[frozenset[int], Counter[str], Counter[str]]:
    """Split images whose labels are the letters of each text; return the tests, and the labels of both parts."""
    sets = [frozenset(text) for text in labels]
    testing = for_testing([f"{number} {text}" for number, text in enumerate(labels)], sets)
    tested = Counter(label for number in testing for label in sets[number])
    return testing, tested, Counter(label for each in sets for label in each) - tested


def test_a_fifth_of_seventy_images_is_fourteen():
    testing, tested, _ = chosen(*["a"] * 35, *["b"] * 35)
    assert (len(testing), tested) == (14, {"a": 7, "b": 7})


@pytest.mark.parametrize("counts", [(2, 2), (2, 3, 4), (4, 16), (2,) * 30, (3, 2, 100), (4,) * 50])
def test_every_label_with_two_images_is_learned_and_tested(counts):
    images = [chr(ord("a") + number) for number, count in enumerate(counts) for _ in range(count)]
    _, tested, learned = chosen(*images)
    assert len(tested) == len(learned) == len(counts)


@pytest.mark.parametrize("seed", range(20))
def test_labels_that_share_images_are_learned_and_tested_too(seed):
    chance = random.Random(seed)
    images = ["".join(chance.sample("abcdefgh", chance.randint(1, 3))) for _ in range(40)]
    _, tested, learned = chosen(*images)
    assert set(tested) == set(learned) == set("abcdefgh")


def test_an_image_that_brings_two_missing_labels_is_preferred():
    testing, tested, _ = chosen("a", "a", "ab", "b")
    assert (testing, tested) == ({2}, {"a": 1, "b": 1})


def test_a_label_that_cannot_be_both_is_learned():
    _, tested, learned = chosen("ab", "bc", "ca", *"dddd", "e")
    assert set(learned) == set("abcde")
    assert "e" not in tested
    assert len(set("abc") & set(tested)) == 2


def test_the_same_images_are_chosen_in_whatever_order_they_come():
    texts, labels = [str(number) for number in range(60)], [frozenset("abc"[number % 3]) for number in range(60)]
    first = {texts[number] for number in for_testing(texts, labels)}
    pairs = list(zip(texts, labels, strict=True))
    random.Random(1).shuffle(pairs)
    mixed = [text for text, _ in pairs]
    assert {mixed[number] for number in for_testing(mixed, [mine for _, mine in pairs])} == first


def test_images_without_labels_are_shared_too():
    testing, _, _ = chosen(*[""] * 10, *["a"] * 10)
    assert sorted(number < 10 for number in testing) == [False, False, True, True]


@pytest.mark.parametrize(
    ("labels", "can"), [(["a", "a", "ab", "b"], True), (["a", "a", "b"], False), (["", ""], False)]
)
def test_a_label_of_one_image_cannot_be_split(labels, can):
    assert can_be_split(map(frozenset, labels)) is can
