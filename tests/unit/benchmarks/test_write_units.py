"""What DynamoDB charges for a write, by its guide's rules."""

import pytest

from benchmarks.write_units import Index, Table, item_bytes, read_units, table_of, write_units

PLAIN = Table(("PK",))
ALL = Table(("PK",), (Index(("Status", "At")),))


def item(**values: str) -> dict[str, dict[str, str]]:
    return {"PK": {"S": "k"}, **{name: {"S": value} for name, value in values.items()}}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "straße"}, 7),
        ({"N": "0"}, 1),
        ({"N": "27"}, 2),
        ({"N": "-27"}, 3),
        ({"N": "1700000000123"}, 8),
        ({"N": "1700000000000"}, 2),
        ({"N": "91.5"}, 3),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": [{"S": "ab"}, {"S": "c"}]}, 3 + 3 + 2),
        ({"M": {"Name": {"S": "ab"}}}, 3 + 1 + 4 + 2),
        ({"SS": ["ab", "c"]}, 3),
    ],
)
def test_a_value_has_the_size_that_the_guide_says(value, size):
    assert item_bytes({"x": value}) == 1 + size


def test_a_type_that_is_not_counted_is_named():
    with pytest.raises(ValueError, match="XX"):
        item_bytes({"x": {"XX": "1"}})


@pytest.mark.parametrize(("length", "units"), [(0, 1), (1000, 1), (1024 - 4, 1), (1025 - 4, 2), (3000, 3)])
def test_a_write_costs_a_unit_for_each_begun_kilobyte(length, units):
    # 4 bytes: the key's name and value, the attribute's name.
    assert write_units(PLAIN, None, item(x="a" * length)) == units


def test_the_larger_of_before_and_after_counts():
    assert write_units(PLAIN, item(x="a" * 2000), item()) == 2
    assert write_units(PLAIN, item(x="a" * 2000), None) == 2


def test_a_transaction_costs_the_table_twice():
    assert write_units(PLAIN, None, item(x="a" * 2000), in_transaction=True) == 4


def test_an_index_is_charged_where_its_entry_comes_changes_or_goes():
    new = {**item(Status="open"), "At": {"N": "1"}}
    told = {**new, "Told": {"BOOL": True}}
    assert write_units(ALL, None, new) == 2
    assert write_units(ALL, new, told) == 2
    assert write_units(ALL, new, None) == 2
    assert write_units(ALL, new, new) == 1


def test_an_index_whose_key_changes_is_charged_twice():
    old = {**item(Status="open"), "At": {"N": "1"}}
    assert write_units(ALL, old, {**old, "Status": {"S": "done"}}) == 3


def test_an_item_without_the_index_keys_is_not_in_the_index():
    assert write_units(ALL, None, item(Status="open")) == 1
    open_item = {**item(Status="open"), "At": {"N": "1"}}
    assert write_units(ALL, open_item, item(At="1")) == 2


def test_an_index_that_holds_keys_only_does_not_see_other_changes():
    table = Table(("PK",), (Index(("Status",), frozenset()),))
    assert write_units(table, item(Status="a", x="1"), item(Status="a", x="2")) == 1
    table = Table(("PK",), (Index(("Status",), frozenset({"x"})),))
    assert write_units(table, item(Status="a", x="1"), item(Status="a", x="2")) == 2


def test_a_read_costs_half_a_unit_for_4_kb_and_twice_that_when_it_is_consistent():
    assert read_units(None, consistent=False) == 0.5
    assert read_units(item(x="a" * 5000), consistent=False) == 1.0
    assert read_units(item(x="a" * 5000), consistent=True) == 2.0


def test_a_tables_description_is_read():
    described = {
        "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        "GlobalSecondaryIndexes": [
            {"KeySchema": [{"AttributeName": "A", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}},
            {
                "KeySchema": [{"AttributeName": "B", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["C"]},
            },
        ],
    }
    assert table_of(described) == Table(("PK", "SK"), (Index(("A",)), Index(("B",), frozenset({"C"}))))
