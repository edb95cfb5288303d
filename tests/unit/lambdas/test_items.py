import pytest

from lambdas.items import from_item, to_item

PLAIN = {
    "text": "🦊",
    "whole": 3,
    "part": 98.80000305175781,
    "tiny": 1e-07,
    "none": None,
    "yes": True,
    "labels": [{"Name": "a", "Geometry": {"BoundingBox": {"Left": 0.1}}}, {}],
    "empty": [],
}


def test_plain_values_come_back_from_an_item():
    assert from_item(to_item(PLAIN)) == PLAIN


def test_a_float_keeps_all_its_digits():
    assert to_item({"c": 98.80000305175781}) == {"c": {"N": "98.80000305175781"}}


def test_truth_stays_truth_and_numbers_stay_numbers():
    read = from_item(to_item({"yes": True, "one": 1}))
    assert read["yes"] is True
    assert type(read["one"]) is int


def test_tuples_come_back_as_lists():
    assert from_item(to_item({"pair": (1, 2.5)})) == {"pair": [1, 2.5]}


def test_what_is_not_a_number_is_refused():
    with pytest.raises(TypeError):
        to_item({"c": float("nan")})
