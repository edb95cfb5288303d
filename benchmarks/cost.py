"""Dollars per 1,000 images beside the model's hours, from the calls that a drained backlog really makes.

Ours and the baseline drain as in benchmarks/drain.py, each with a recorder before its handler. The writes to DynamoDB
are then made once more, one by one, against a table without company, to see the items before and after each: their
sizes and the indexes say what a write costs.
"""

import json
import math
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from benchmarks import prices
from benchmarks.drain import LATENCY, Backlog, baseline_backlog, drained, our_backlog
from benchmarks.pipeline import PER_UNIT, BenchmarkError, Pipeline
from benchmarks.report import show
from benchmarks.side_functions import give_back, put_before
from benchmarks.write_units import Item, Table, read_units, table_of, write_units

IMAGES: Final = 150
PROJECT: Final = "three"
_RECORDER: Final = "recording_handler.handle"
_PLATFORM_LOG: Final = 350  # bytes of the lines START, END and REPORT that Lambda writes of an invocation, about
_WRITES: Final = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")

Call = dict[str, Any]


@dataclass(frozen=True)
class Recorded:
    """What a handler did with a backlog."""

    images: int
    invocations: Sequence[Mapping[str, Any]]
    write_units: int
    read_units: float
    megabytes: int
    gb_second: float  # its price
    through_eventbridge: bool

    @property
    def calls(self) -> list[Call]:
        """All calls of all invocations, in order."""
        found = [call for invocation in self.invocations for call in invocation["calls"]]
        return sorted(found, key=lambda call: float(call["at"]))


def cost(pipeline: Pipeline, images: int = IMAGES) -> dict[str, Any]:
    """Measure both; print the table and return the report's keys."""
    pipeline.fail(LATENCY)
    try:
        ours, theirs = bill(_ours(pipeline, images)), bill(_baseline(pipeline, images))
    finally:
        pipeline.fail()
    _show(ours, theirs)
    mine, other = sum(ours.values()), sum(theirs.values())
    return {
        "cost_per_1000": {
            "ours": round(mine, 6),
            "baseline": round(other, 6),
            "ours_by_service": {service: round(dollars, 6) for service, dollars in ours.items()},
            "baseline_by_service": {service: round(dollars, 6) for service, dollars in theirs.items()},
        }
    }


def bill(recorded: Recorded) -> dict[str, float]:
    """Return the dollars per 1,000 images, by service."""
    calls = Counter((call["service"], call["operation"]) for call in recorded.calls)
    by_reference = sum(
        "S3Object" in call["parameters"]["Image"]
        for call in recorded.calls
        if call["operation"] == "DetectCustomLabels"
    )
    seconds = sum(math.ceil(invocation["millis"]) / 1000 for invocation in recorded.invocations)
    invocations = len(recorded.invocations)
    logged = sum(invocation["log_bytes"] for invocation in recorded.invocations) + _PLATFORM_LOG * invocations
    own_queue_calls = sum(number for (service, _), number in calls.items() if service == "sqs")
    dollars = {
        "DynamoDB": recorded.write_units * prices.DYNAMODB_WRITE_UNIT + recorded.read_units * prices.DYNAMODB_READ_UNIT,
        "Lambda": invocations * prices.LAMBDA_REQUEST + seconds * recorded.megabytes / 1024 * recorded.gb_second,
        # A message is sent; each batch is received and deleted.
        "SQS": (recorded.images + 2 * invocations + own_queue_calls) * prices.SQS_REQUEST,
        "SNS": calls["sns", "Publish"] * prices.SNS_PUBLISH,
        # Rekognition reads with its caller's grant, and so on its caller's bill.
        "S3": (calls["s3", "GetObject"] + by_reference) * prices.S3_GET + calls["s3", "PutObject"] * prices.S3_PUT,
        "EventBridge": recorded.images * prices.EVENTBRIDGE_EVENT if recorded.through_eventbridge else 0.0,
        "CloudWatch Logs": logged * prices.LOG_BYTE,
    }
    return {service: 1000 * sum_ / recorded.images for service, sum_ in dollars.items()}


def _ours(pipeline: Pipeline, images: int) -> Recorded:
    with tempfile.TemporaryDirectory() as folder:
        environment = {"RECORDED_HANDLER": "lambdas.detect_labels.handler.handle", "RECORDS": folder}
        backlog = our_backlog(pipeline, PROJECT, images)
        product = put_before(pipeline, PROJECT, "recording", _RECORDER, environment)
        memory = pipeline.clients("lambda").get_function(FunctionName=product)["Configuration"]["MemorySize"]
        try:
            drained(pipeline, [backlog])
        finally:
            give_back(pipeline, PROJECT, product)
        invocations = _invocations(Path(folder))
    return _recorded(pipeline, backlog, invocations, memory, prices.LAMBDA_GB_SECOND_ARM, through_eventbridge=True)


def _baseline(pipeline: Pipeline, images: int) -> Recorded:
    with tempfile.TemporaryDirectory() as folder:
        environment = {"RECORDED_HANDLER": "baseline_handler.handle", "RECORDS": folder}
        backlog = baseline_backlog(pipeline, PROJECT, images, _RECORDER, "baseline_handler", **environment)
        drained(pipeline, [backlog])
        invocations = _invocations(Path(folder))
    # In the samples S3 tells the queue itself, which costs nothing; Lambda's least memory and usual processor.
    return _recorded(pipeline, backlog, invocations, 128, prices.LAMBDA_GB_SECOND_X86, through_eventbridge=False)


def _invocations(folder: Path) -> list[dict[str, Any]]:
    lines = [line for file in sorted(folder.glob("*.jsonl")) for line in file.read_text().splitlines()]
    if not lines:
        raise BenchmarkError("the recorder recorded nothing")
    return [json.loads(line) for line in lines]


def _recorded(
    pipeline: Pipeline,
    backlog: Backlog,
    invocations: Sequence[Mapping[str, Any]],
    megabytes: int,
    gb_second: float,
    *,
    through_eventbridge: bool,
) -> Recorded:
    dynamodb = pipeline.clients("dynamodb")
    recorded = Recorded(len(backlog.images), invocations, 0, 0.0, megabytes, gb_second, through_eventbridge)
    calls = [call for call in recorded.calls if call["service"] == "dynamodb"]
    return Recorded(
        images=recorded.images,
        invocations=invocations,
        write_units=_written(dynamodb, [call for call in calls if call["operation"] in _WRITES]),
        read_units=_read(dynamodb, [call for call in calls if call["operation"] not in _WRITES]),
        megabytes=megabytes,
        gb_second=gb_second,
        through_eventbridge=through_eventbridge,
    )


def _written(dynamodb: Any, calls: Iterable[Call]) -> int:
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
    parameters.pop("ClientRequestToken", None)
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


def _read(dynamodb: Any, calls: Iterable[Call]) -> float:
    """Return what the reads cost; of a query, as of one item that is not there."""
    units = 0.0
    for call in calls:
        parameters = call["parameters"]
        found = _item(dynamodb, parameters["TableName"], parameters["Key"]) if call["operation"] == "GetItem" else None
        units += read_units(found, consistent=parameters.get("ConsistentRead", False))
    return units


def _show(ours: Mapping[str, float], theirs: Mapping[str, float]) -> None:
    def row(name: str, mine: float, other: float) -> list[str]:
        return [name, f"${mine:.5f}", f"${other:.5f}", f"{mine / other:.2f}" if other else "-"]

    rows = [row(service, ours[service], theirs[service]) for service in ours]
    rows.append(row("all", sum(ours.values()), sum(theirs.values())))
    show("Cost of 1,000 images beside the model's hours (us-east-1)", ["", "ours", "baseline", "ratio"], rows)
    hours = prices.INFERENCE_UNIT_HOUR / (PER_UNIT * 3600) * 1000
    print(f"\nA model at capacity costs ${hours:.3f} for 1,000 images beside that, and idle ones more.")
