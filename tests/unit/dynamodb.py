"""A DynamoDB table in memory, with the few forms of expression that lambdas/ use; any other form is an error here."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.unit.aws import Refusal

Item = dict[str, Any]

_SORT_KEYS: Final = {"ByLabel": "Confidence", "ByImage": "CreatedAt", "ByStatus": "CreatedAt"}
_RESERVED: Final = frozenset({"STATUS", "NAME", "COUNT", "TIMESTAMP", "STATE", "VALUE", "KEY"})
_PAGE: Final = 2  # small, so that readers must page


class Table:
    """A table with the keys PK and SK."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        self.refuse_next: dict[str, Refusal] = {}  # by operation
        self.unprocessed = 0  # items that the next BatchWriteItem leaves out

    def get_item(self, TableName: str, Key: Item, ConsistentRead: bool = False) -> Item:
        self._maybe_refuse("get_item")
        assert ConsistentRead, "a pointer or a job that was just written must be read consistently"
        item = self.items.get(_key(Key))
        return {} if item is None else {"Item": item}

    def put_item(self, TableName: str, Item: Item, **said: Any) -> Item:
        self._maybe_refuse("put_item")
        _all_used(said.get("ConditionExpression", ""), said)
        self._check(_key(Item), said)
        self.items[_key(Item)] = dict(Item)
        return {}

    def update_item(self, TableName: str, Key: Item, UpdateExpression: str, **said: Any) -> Item:
        self._maybe_refuse("update_item")
        _all_used(f"{UpdateExpression} {said.get('ConditionExpression', '')}", said)
        self._check(_key(Key), said)
        item = self.items.setdefault(_key(Key), dict(Key))
        verb, _, rest = UpdateExpression.partition(" ")
        for part in rest.split(", "):
            if verb == "SET":
                name, value = part.split(" = ")
                item[_name(name, said)] = said["ExpressionAttributeValues"][value]
            else:
                assert verb == "REMOVE", f"this table does not know {UpdateExpression!r}"
                item.pop(_name(part, said), None)
        return {"Attributes": item} if said.get("ReturnValues") == "ALL_NEW" else {}

    def batch_write_item(self, RequestItems: Mapping[str, list[Item]]) -> Item:
        self._maybe_refuse("batch_write_item")
        ((table, requests),) = RequestItems.items()
        assert 1 <= len(requests) <= 25, "BatchWriteItem takes 1 to 25 items"
        items = [request["PutRequest"]["Item"] for request in requests]
        assert len({_key(item) for item in items}) == len(items), "BatchWriteItem refuses the same key twice"
        taken = items[: len(items) - self.unprocessed]
        self.unprocessed = 0
        self.items |= {_key(item): dict(item) for item in taken}
        left = requests[len(taken) :]
        return {"UnprocessedItems": {table: left} if left else {}}

    def query(self, TableName: str, KeyConditionExpression: str, **said: Any) -> Item:
        assert not (said.get("ConsistentRead") and "IndexName" in said), "no consistent reads from an index"
        _all_used(KeyConditionExpression, said)
        holds = _condition(KeyConditionExpression, said)
        order = _SORT_KEYS[said["IndexName"]] if "IndexName" in said else "SK"
        found = sorted(
            (item for item in self.items.values() if order in item and holds(item)),
            key=lambda item: float(item[order]["N"]) if "N" in item[order] else item[order]["S"],
            reverse=not said.get("ScanIndexForward", True),
        )
        start = said.get("ExclusiveStartKey")
        after = [_key(item) for item in found].index(_key(start)) + 1 if start else 0
        page = found[after : after + _PAGE]
        more = {"LastEvaluatedKey": {"PK": page[-1]["PK"], "SK": page[-1]["SK"]}} if found[after + _PAGE :] else {}
        return {"Items": page, **more}

    def _check(self, key: tuple[str, str], said: Mapping[str, Any]) -> None:
        expression = said.get("ConditionExpression")
        if expression is None:
            return
        standing = self.items.get(key)
        if not _condition(expression, said)(standing or {}):
            refusal = Refusal("ConditionalCheckFailedException")
            if said.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and standing is not None:
                refusal.answer["Item"] = standing
            raise refusal

    def _maybe_refuse(self, operation: str) -> None:
        if operation in self.refuse_next:
            raise self.refuse_next.pop(operation)


def _key(item: Item) -> tuple[str, str]:
    return item["PK"]["S"], item["SK"]["S"]


def _name(spelled: str, said: Mapping[str, Any]) -> str:
    if spelled.startswith("#"):
        return str(said["ExpressionAttributeNames"][spelled])
    assert spelled.upper() not in _RESERVED, f"{spelled} is a reserved word of DynamoDB; use a placeholder"
    return spelled


def _all_used(expressions: str, said: Mapping[str, Any]) -> None:
    """DynamoDB refuses placeholders that no expression uses, and uses that no placeholder explains."""
    used = set(re.findall(r"[#:]\w+", expressions))
    given = set(said.get("ExpressionAttributeNames", {})) | set(said.get("ExpressionAttributeValues", {}))
    if used != given:
        raise Refusal("ValidationException", message=f"placeholders differ: {used ^ given}")


def _condition(expression: str, said: Mapping[str, Any]) -> Callable[[Item], bool]:
    terms = [_term(term, said) for term in expression.split(" AND ")]
    return lambda item: all(term(item) for term in terms)


def _term(term: str, said: Mapping[str, Any]) -> Callable[[Item], bool]:
    values = said.get("ExpressionAttributeValues", {})
    if match := re.fullmatch(r"attribute_(not_)?exists\((\S+)\)", term):
        missing, name = bool(match[1]), _name(match[2], said)
        return lambda item: (name not in item) is missing
    if match := re.fullmatch(r"begins_with\((\S+), (:\w+)\)", term):
        name, prefix = _name(match[1], said), values[match[2]]["S"]
        return lambda item: item.get(name, {}).get("S", "").startswith(prefix)
    match = re.fullmatch(r"(\S+) = (:\w+)", term)
    assert match, f"this table does not know {term!r}"
    name, value = _name(match[1], said), values[match[2]]
    return lambda item: item.get(name) == value
