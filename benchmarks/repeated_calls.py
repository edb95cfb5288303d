"""Recorded calls of DynamoDB made once more, one by one, to see what each of them cost."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import uuid4

from botocore.exceptions import ClientError

from benchmarks.write_units import Item, Table, read_units, table_of, write_units

WRITES: Final = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")

Call = dict[str, Any]  # as benchmarks/recording_handler.py writes it


def units_written(dynamodb: Any, calls: Iterable[Call]) -> int:
    """Make the writes again against copies of their tables; return the units that the first ones cost."""
    copies: dict[str, tuple[str, Table]] = {}
    units = 0
    for call in calls:
        actions = _actions(call)
        for action in actions:
            if action["TableName"] not in copies:
                copies[action["TableName"]] = _copy(dynamodb, action["TableName"])
        looks = [(*copies[action["TableName"]], _key(copies[action["TableName"]][1], action)) for action in actions]
        before = [_item(dynamodb, name, key) for name, _, key in looks]
        _repeat(dynamodb, call, {name: copy for name, (copy, _) in copies.items()})
        after = [_item(dynamodb, name, key) for name, _, key in looks]
        together = call["operation"] == "TransactWriteItems"
        units += sum(
            write_units(table, old, new, in_transaction=together)
            for (_, table, _), old, new in zip(looks, before, after, strict=True)
        )
    return units


def _actions(call: Call) -> list[dict[str, Any]]:
    if call["operation"] != "TransactWriteItems":
        return [call["parameters"]]
    return [action for item in call["parameters"]["TransactItems"] for action in item.values()]


def _key(table: Table, action: Mapping[str, Any]) -> Item:
    return {name: (action.get("Key") or action["Item"])[name] for name in table.keys}


def _item(dynamodb: Any, table: str, key: Item) -> Item | None:
    found: Item | None = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
    return found


def _copy(dynamodb: Any, name: str) -> tuple[str, Table]:
    """Make an empty table with the keys of another; return its name and what DynamoDB charges the other one by."""
    described = dynamodb.describe_table(TableName=name)["Table"]
    table = table_of(described)
    copy = f"{name}-again"
    dynamodb.create_table(
        TableName=copy,
        KeySchema=described["KeySchema"],
        AttributeDefinitions=[
            each for each in described["AttributeDefinitions"] if each["AttributeName"] in table.keys
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return copy, table


def _repeat(dynamodb: Any, call: Call, copies: Mapping[str, str]) -> None:
    """Send a write again; where its condition fails it has cost all the same."""
    parameters = json.loads(json.dumps(call["parameters"]))
    if "ClientRequestToken" in parameters:
        parameters["ClientRequestToken"] = uuid4().hex  # with the first one's it would be answered, not made
    for action in _actions({**call, "parameters": parameters}):
        action["TableName"] = copies[action["TableName"]]
    send = {
        "PutItem": dynamodb.put_item,
        "UpdateItem": dynamodb.update_item,
        "DeleteItem": dynamodb.delete_item,
        "TransactWriteItems": dynamodb.transact_write_items,
    }[call["operation"]]
    try:
        send(**parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ConditionalCheckFailedException", "TransactionCanceledException"):
            raise


def units_read(dynamodb: Any, calls: Iterable[Call]) -> float:
    """Return what the reads cost; of a query, as of one item that is not there."""
    units = 0.0
    for call in calls:
        parameters = call["parameters"]
        found = _item(dynamodb, parameters["TableName"], parameters["Key"]) if call["operation"] == "GetItem" else None
        units += read_units(found, consistent=parameters.get("ConsistentRead", False))
    return units
