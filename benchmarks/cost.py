"""Dollars per 1,000 images beside the model's hours, from the calls that a drained backlog really makes.

Ours and the baseline drain as in benchmarks/drain.py, each with a recorder before its handler. The writes to DynamoDB
are then made once more, one by one, against a table without company, to see the items before and after each: their
sizes and the indexes say what a write costs.
"""

import json
import math
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import prices
from benchmarks.drain import LATENCY, Backlog, baseline_backlog, drained, our_backlog
from benchmarks.pipeline import PER_UNIT, BenchmarkError, Pipeline
from benchmarks.repeated_calls import WRITES, Call, units_read, units_written
from benchmarks.side_functions import give_back, put_before

IMAGES: Final = 150
PROJECT: Final = "three"
_RECORDER: Final = "recording_handler.handle"
_PLATFORM_LOG: Final = 350  # bytes of the lines START, END and REPORT that Lambda writes of an invocation, about


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
    """Measure both; return the report's keys."""
    pipeline.fail(LATENCY)
    try:
        ours, theirs = bill(_ours(pipeline, images)), bill(_baseline(pipeline, images))
    finally:
        pipeline.fail()
    return {
        "cost_per_1000": {
            "ours": round(sum(ours.values()), 6),
            "baseline": round(sum(theirs.values()), 6),
            "model": round(prices.INFERENCE_UNIT_HOUR / (PER_UNIT * 3600) * 1000, 6),  # of one unit at capacity
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
        write_units=units_written(dynamodb, [call for call in calls if call["operation"] in WRITES]),
        read_units=units_read(dynamodb, [call for call in calls if call["operation"] not in WRITES]),
        megabytes=megabytes,
        gb_second=gb_second,
        through_eventbridge=through_eventbridge,
    )
