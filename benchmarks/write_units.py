"""What DynamoDB writes and reads cost in units, from the items' sizes and the indexes that they touch.

After the Developer Guide, "DynamoDB item sizes and formats", "Read and write operations" and "Using Global Secondary
Indexes: write capacity": a write costs a unit for each begun KB of the larger of the item before and after it, twice
as much in a transaction; an index costs a unit for each begun KB of its entry: once where the entry is put, changed
or deleted, twice where its key changes. Whether a transaction doubles the index's share too is not said; here it
does not.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Item = Mapping[str, Mapping[str, Any]]  # in DynamoDB's JSON

_KB = 1024
_READ = 4 * _KB


@dataclass(frozen=True)
class Index:
    """A global secondary index: its key's attributes, and the others that it holds (None: all)."""

    keys: tuple[str, ...]
    projected: frozenset[str] | None = None

    def entry(self, item: Item, table_keys: Sequence[str]) -> Item | None:
        """Return what the index keeps of an item; None where the item lacks a key."""
        if any(key not in item for key in self.keys):
            return None
        if self.projected is None:
            return item
        kept = {*self.keys, *table_keys, *self.projected}
        return {name: value for name, value in item.items() if name in kept}


@dataclass(frozen=True)
class Table:
    """A table's key and its indexes."""

    keys: tuple[str, ...]
    indexes: tuple[Index, ...] = ()


def table_of(description: Mapping[str, Any]) -> Table:
    """Read what DescribeTable says of a table."""

    def keys(schema: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
        return tuple(each["AttributeName"] for each in schema)

    def projected(projection: Mapping[str, Any]) -> frozenset[str] | None:
        return None if projection["ProjectionType"] == "ALL" else frozenset(projection.get("NonKeyAttributes", []))

    indexes = description.get("GlobalSecondaryIndexes", [])
    return Table(
        keys(description["KeySchema"]),
        tuple(Index(keys(each["KeySchema"]), projected(each["Projection"])) for each in indexes),
    )


def write_units(table: Table, before: Item | None, after: Item | None, *, in_transaction: bool = False) -> int:
    """Return what a write costs that makes `after` of `before`; None is no item."""
    size = max(item_bytes(before or {}), item_bytes(after or {}))
    units = max(1, math.ceil(size / _KB)) * (2 if in_transaction else 1)
    return units + sum(_index_units(table, index, before, after) for index in table.indexes)


def read_units(item: Item | None, *, consistent: bool) -> float:
    """Return what a GetItem costs."""
    units = max(1, math.ceil(item_bytes(item or {}) / _READ))
    return float(units) if consistent else units / 2


def item_bytes(item: Item) -> int:
    """Return an item's size."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _index_units(table: Table, index: Index, before: Item | None, after: Item | None) -> int:
    old = index.entry(before, table.keys) if before else None
    new = index.entry(after, table.keys) if after else None
    if old == new:
        return 0
    units = [math.ceil(item_bytes(entry) / _KB) for entry in (old, new) if entry]
    if old and new and all(old[key] == new[key] for key in index.keys):
        return max(units)
    return sum(units)


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, said),) = value.items()
    match kind:
        case "S":
            return len(said.encode())
        case "N":
            return _number_bytes(said)
        case "B":
            return len(said)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + _value_bytes(each) for each in said)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_bytes(each) for name, each in said.items())
        case "SS":
            return sum(len(each.encode()) for each in said)
        case "NS":
            return sum(_number_bytes(each) for each in said)
    raise ValueError(f"{kind} is no type of DynamoDB that is counted here")


def _number_bytes(number: str) -> int:
    """Two digits a byte, leading and trailing zeros left out, and one byte more; at most 21."""
    digits = number.partition("E")[0].partition("e")[0].lstrip("-+").replace(".", "").strip("0")
    return min(21, math.ceil(len(digits) / 2) + 1 + number.startswith("-"))
