"""A DynamoDB table in memory, with the operations and expressions that lambdas/ use."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from tests.unit.aws import Refusal
from tests.unit.dynamodb_expressions import Item, check_placeholders, condition, updated

# By index: partition key and sort key. An item without both is not in the index.
_INDEXES: Final = {
    "ByLabel": ("ProjectLabel", "Confidence"),
    "ByImage": ("ImageKey", "CreatedAt"),
    "ByStatus": ("ProjectStatus", "CreatedAt"),
    "Unnotified": ("Unnotified", "CreatedAt"),
}
_PAGE: Final = 2  # small, so that readers must page
_MAX_ITEM: Final = 400 * 1024  # bytes
_MAX_KEY: Final = 1024  # bytes of a sort key


class Table:
    """A table with the keys PK and SK."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        self.refuse_next: dict[str, Refusal] = {}  # by operation
        self.conflicts = 0  # so many of the next transactions meet another one at their first item
        self.page = _PAGE  # items of one answer at most
        self.answered: dict[str, list[Item]] = {}  # transactions of the last ten minutes by their tokens

    def get_item(self, TableName: str, Key: Item, ConsistentRead: bool = False) -> Item:
        self._maybe_refuse("get_item")
        assert ConsistentRead, "a pointer or a job that was just written must be read consistently"
        item = self.items.get(_key(Key))
        return {} if item is None else {"Item": item}

    def batch_get_item(self, RequestItems: Mapping[str, Item]) -> Item:
        self._maybe_refuse("batch_get_item")
        ((table, request),) = RequestItems.items()
        keys = request["Keys"]
        assert 1 <= len(keys) <= 100, "BatchGetItem takes 1 to 100 keys"
        assert len({_key(key) for key in keys}) == len(keys), "BatchGetItem refuses the same key twice"
        found = [self.items[_key(key)] for key in keys[: self.page] if _key(key) in self.items]
        left = {table: {"Keys": keys[self.page :]}} if keys[self.page :] else {}
        return {"Responses": {table: found}, "UnprocessedKeys": left}

    def put_item(self, TableName: str, Item: Item, **said: Any) -> Item:
        self._maybe_refuse("put_item")
        check_placeholders(said.get("ConditionExpression", ""), said)
        self._check(_key(Item), said)
        self._store(Item)
        return {}

    def update_item(self, TableName: str, Key: Item, UpdateExpression: str, **said: Any) -> Item:
        self._maybe_refuse("update_item")
        check_placeholders(f"{UpdateExpression} {said.get('ConditionExpression', '')}", said)
        self._check(_key(Key), said)
        self._store(updated(self.items.get(_key(Key), dict(Key)), UpdateExpression, said))
        return {"Attributes": self.items[_key(Key)]} if said.get("ReturnValues") == "ALL_NEW" else {}

    def delete_item(self, TableName: str, Key: Item, **said: Any) -> Item:
        self._maybe_refuse("delete_item")
        self._check(_key(Key), said)
        self.items.pop(_key(Key), None)
        return {}

    def transact_write_items(self, TransactItems: list[Item], ClientRequestToken: str) -> Item:
        self._maybe_refuse("transact_write_items")
        if self.answered.setdefault(ClientRequestToken, TransactItems) != TransactItems:
            raise Refusal("IdempotentParameterMismatchException")
        if self.answered[ClientRequestToken] is not TransactItems:
            return {}
        actions = [next(iter(action.items())) for action in TransactItems]
        assert 1 <= len(actions) <= 100, "TransactWriteItems takes 1 to 100 actions"
        keys = [_key(said["Item"] if verb == "Put" else said["Key"]) for verb, said in actions]
        assert len(set(keys)) == len(keys), "TransactWriteItems refuses two actions on one item"
        reasons = [self._reason(key, said) for key, (_, said) in zip(keys, actions, strict=True)]
        if self.conflicts:
            self.conflicts -= 1
            reasons[0] = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
        if any(reason["Code"] != "None" for reason in reasons):
            del self.answered[ClientRequestToken]
            refusal = Refusal("TransactionCanceledException")
            refusal.answer["CancellationReasons"] = reasons
            raise refusal
        for key, (verb, said) in zip(keys, actions, strict=True):
            self._act(key, verb, said)
        return {}

    def query(self, TableName: str, KeyConditionExpression: str, **said: Any) -> Item:
        self._maybe_refuse("query")
        assert not (said.get("ConsistentRead") and "IndexName" in said), "no consistent reads from an index"
        check_placeholders(KeyConditionExpression, said)
        holds = condition(KeyConditionExpression, said)
        partition, order = _INDEXES[said["IndexName"]] if "IndexName" in said else ("PK", "SK")
        forward = said.get("ScanIndexForward", True)

        def place(item: Item) -> tuple[Any, str, str]:
            return _sortable(item[order]), item["PK"]["S"], item["SK"]["S"]

        found = [item for item in self.items.values() if partition in item and order in item and holds(item)]
        found.sort(key=place, reverse=not forward)
        start = said.get("ExclusiveStartKey")
        if start is not None:
            if set(start) != {"PK", "SK", partition, order} or not holds(start):
                raise Refusal("ValidationException", message="The provided starting key is invalid")
            found = [item for item in found if (place(item) > place(start) if forward else place(item) < place(start))]
        page = found[: min(self.page, said.get("Limit", self.page))]
        # Like DynamoDB's, the last page may turn out to be an empty one after it.
        more = page and (len(page) == said.get("Limit") or found[len(page) :])
        last = {name: page[-1][name] for name in ("PK", "SK", partition, order)} if more else None
        return {"Items": page, **({"LastEvaluatedKey": last} if last else {})}

    def _check(self, key: tuple[str, str], said: Mapping[str, Any]) -> None:
        reason = self._reason(key, said)
        if reason["Code"] != "None":
            refusal = Refusal("ConditionalCheckFailedException")
            refusal.answer |= {"Item": reason["Item"]} if "Item" in reason else {}
            raise refusal

    def _reason(self, key: tuple[str, str], said: Mapping[str, Any]) -> Item:
        """Return why a write cannot be; the code None where it can."""
        expression = said.get("ConditionExpression")
        standing = self.items.get(key)
        if expression is None or condition(expression, said)(standing or {}):
            return {"Code": "None"}
        shown = said.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and standing is not None
        failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
        return {**failed, "Item": standing} if shown else failed

    def _act(self, key: tuple[str, str], verb: str, said: Mapping[str, Any]) -> None:
        check_placeholders(f"{said.get('UpdateExpression', '')} {said.get('ConditionExpression', '')}", said)
        match verb:
            case "Put":
                self._store(said["Item"])
            case "Update":
                self._store(updated(self.items.get(key, dict(said["Key"])), said["UpdateExpression"], said))
            case "Delete":
                self.items.pop(key, None)
            case _:
                assert verb == "ConditionCheck", f"this table does not know {verb}"

    def _store(self, item: Item) -> None:
        if len(str(item)) > 3 * _MAX_ITEM and _size(item) > _MAX_ITEM:
            raise Refusal("ValidationException", message="Item size has exceeded the maximum allowed size")
        if len(item["SK"]["S"].encode()) > _MAX_KEY:
            raise Refusal("ValidationException", message="Size of rangekey has exceeded the maximum size limit")
        self.items[_key(item)] = dict(item)

    def _maybe_refuse(self, operation: str) -> None:
        if operation in self.refuse_next:
            raise self.refuse_next.pop(operation)


def _key(item: Item) -> tuple[str, str]:
    return item["PK"]["S"], item["SK"]["S"]


def _sortable(value: Item) -> Any:
    return Decimal(value["N"]) if "N" in value else value["S"]


def _size(value: Any) -> int:
    """Return the bytes that DynamoDB counts of an item or of a value."""
    if not isinstance(value, dict):
        raise TypeError(value)
    if len(value) == 1 and next(iter(value)) in ("S", "N", "BOOL", "NULL", "L", "M"):
        ((kind, inner),) = value.items()
        match kind:
            case "S":
                return len(inner.encode())
            case "N":
                return len(inner) // 2 + 2
            case "L":
                return 3 + sum(1 + _size(entry) for entry in inner)
            case "M":
                return 3 + sum(1 + len(name.encode()) + _size(entry) for name, entry in inner.items())
            case _:
                return 1
    return sum(len(name.encode()) + _size(entry) for name, entry in value.items())
