"""The bill of recorded calls."""

from typing import Any

import pytest

from benchmarks import prices
from benchmarks.cost import Recorded, bill


def call(service: str, operation: str, **parameters: Any) -> dict[str, Any]:
    return {"at": 0.0, "service": service, "operation": operation, "parameters": parameters}


def invocation(*calls: dict[str, Any], messages: int = 1, millis: float = 0.0, log: int = 0) -> dict[str, Any]:
    return {"messages": messages, "millis": millis, "log_bytes": log, "calls": list(calls)}


def recorded(*invocations: dict[str, Any], images: int = 10, eventbridge: bool = True) -> Recorded:
    return Recorded(images, invocations, 40, 2.0, 512, prices.LAMBDA_GB_SECOND_ARM, eventbridge)


def test_every_service_is_billed_by_what_was_called():
    dollars = bill(
        recorded(
            invocation(
                call("s3", "GetObject"),
                call("rekognition", "DetectCustomLabels", Image={"S3Object": {}}),
                call("rekognition", "DetectCustomLabels", Image={"Bytes": {"bytes": 3}}),
                call("sns", "Publish"),
                call("sqs", "ChangeMessageVisibilityBatch"),
                millis=1999.2,
                log=650,
            )
        )
    )
    hundred = 1000 / 10
    assert dollars == {
        "DynamoDB": pytest.approx(hundred * (40 * 0.625e-6 + 2 * 0.125e-6)),
        "Lambda": pytest.approx(hundred * (0.2e-6 + 2.0 * 0.5 * 0.0000133334)),
        "SQS": pytest.approx(hundred * (10 + 2 + 1) * 0.4e-6),
        "SNS": pytest.approx(hundred * 0.5e-6),
        "S3": pytest.approx(hundred * 2 * 0.4e-6),
        "EventBridge": pytest.approx(1000 * 1e-6),
        "CloudWatch Logs": pytest.approx(hundred * 1000 * 0.5e-9),
    }


def test_events_that_s3_sends_to_the_queue_itself_are_free():
    assert bill(recorded(invocation(), eventbridge=False))["EventBridge"] == 0.0


def test_each_invocation_is_billed_by_the_begun_millisecond_and_receives_and_deletes_its_batch():
    one, two = bill(recorded(invocation(millis=0.1))), bill(recorded(invocation(millis=0.1), invocation(millis=0.1)))
    assert two["Lambda"] == pytest.approx(2 * one["Lambda"])
    assert two["SQS"] - one["SQS"] == pytest.approx(100 * 2 * 0.4e-6)
