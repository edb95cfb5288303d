"""What recorded writes and reads cost, seen by making them again."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

from typing import Any

import pytest

from benchmarks.repeated_calls import units_read, units_written
from tests.unit.aws import client_of
from tests.unit.dynamodb import Table


class Account(Table):
    """A table that says what it is, and takes its copy's place."""

    def describe_table(self, TableName: str) -> dict[str, Any]:
        schema = [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}]
        by_status = [{"AttributeName": "Status", "KeyType": "HASH"}]
        index = {"KeySchema": by_status, "Projection": {"ProjectionType": "ALL"}}
        definitions = [{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK", "Status")]
        return {"Table": {"KeySchema": schema, "AttributeDefinitions": definitions, "GlobalSecondaryIndexes": [index]}}

    def create_table(self, TableName: str, AttributeDefinitions: list[dict[str, str]], **_: Any) -> None:
        assert TableName == "results-again"
        assert {each["AttributeName"] for each in AttributeDefinitions} == {"PK", "SK"}


def account() -> Any:
    return client_of("dynamodb", Account())


KEY = {"PK": {"S": "JOB#1"}, "SK": {"S": "JOB"}}


def call(operation: str, **parameters: Any) -> dict[str, Any]:
    return {"at": 0.0, "service": "dynamodb", "operation": operation, "parameters": parameters}


def put(status: str, **said: Any) -> dict[str, Any]:
    return call("PutItem", TableName="results", Item={**KEY, "Status": {"S": status}}, **said)


def update(status: str) -> dict[str, Any]:
    return {
        "TableName": "results",
        "Key": KEY,
        "UpdateExpression": "SET #s = :s",
        "ExpressionAttributeNames": {"#s": "Status"},
        "ExpressionAttributeValues": {":s": {"S": status}},
    }


def test_a_put_costs_its_table_and_its_index():
    assert units_written(account(), [put("open")]) == 2


def test_a_later_write_is_seen_against_what_the_earlier_ones_have_left():
    assert units_written(account(), [put("open"), call("UpdateItem", **update("done"))]) == 2 + 3


def test_a_transaction_costs_the_table_twice_though_its_token_was_used_before():
    fake = Account()
    transaction = call("TransactWriteItems", TransactItems=[{"Update": update("done")}], ClientRequestToken="t")
    fake.answered["t"] = []  # the recorded call
    assert units_written(client_of("dynamodb", fake), [put("open"), transaction]) == 2 + 4


def test_a_refused_write_has_cost_what_stands_there():
    again = put("open", ConditionExpression="attribute_not_exists(PK)")
    assert units_written(account(), [put("open"), again]) == 2 + 1


def test_a_read_costs_what_it_finds():
    table = account()
    table.put_item(TableName="results", Item={**KEY, "x": {"S": "a" * 5000}})
    read = call("GetItem", TableName="results", Key=KEY, ConsistentRead=True)
    assert units_read(table, [read]) == 2.0
    assert units_read(table, [call("Query", TableName="results")]) == pytest.approx(0.5)
