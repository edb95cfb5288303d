"""One measured process: `overhead_process.py WHAT OBJECT IMAGES`. Its last line is {"cpu": seconds, "wall": seconds}.

WHAT is `floor` (import boto3, make the clients that the handler makes), `handler` (import it and let it detect so
many images, ten a batch) or `calls` (the same, but once a batch is detected, the very calls that it made are made in
a bare loop for the others). It is run from a folder that holds what Lambda has: `lambdas` with its settings, and the
recorder. CPU is that of this process and of those that it started; the start of the interpreter does not count.
"""

import json
import os
import sys
import time

_begun = time.process_time(), time.monotonic()

BATCH = 10
BUCKET = "images"
SERVICES = ("sqs", "dynamodb", "s3", "rekognition", "sns")


class _Context:
    """What the handler asks of Lambda's context."""

    aws_request_id = "00000000-0000-0000-0000-000000000000"
    function_name = "detect_labels"
    function_version = "1"
    memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:detect_labels"

    def get_remaining_time_in_millis(self) -> int:
        return 90_000


def floor() -> None:
    """Do the least that a function with these clients does."""
    import boto3

    for service in SERVICES:
        boto3.client(service)


def detect(stored: str, images: int) -> None:
    """Let the handler detect so many images."""
    from lambdas.detect_labels import handler

    if images > 1:
        _hurry(handler)
    for first in range(0, images, BATCH):
        answer = handler.handle(_event(stored, first, min(BATCH, images - first)), _Context())
        if answer["batchItemFailures"]:
            raise SystemExit(f"the handler put images off: {answer}")
    handler._detector().eyes.decoder.close()  # its process is counted once it has ended


def call(stored: str, images: int) -> None:
    """Let the handler detect a batch, and make its calls again, one after the other, for the other images."""
    from recording_handler import Recorder  # type: ignore[import-not-found]  # beside this file, there

    recorder = Recorder()
    detect(stored, BATCH)
    calls = recorder.take()
    from lambdas.clients import client

    bare = [
        (getattr(client(one["service"], once=one["service"] == "rekognition"), _snake(one["operation"])), one)
        for one in calls
    ]
    for _ in range(BATCH, images, BATCH):
        for method, one in bare:
            answer = method(**one["parameters"])
            if one["operation"] == "GetObject":
                answer["Body"].read()


def _hurry(handler: object) -> None:
    """Take the pace off, so that nothing is waited for."""
    from lambdas.detect_labels.pacing import Pacer

    unpaced = Pacer(1e6)
    handler._pacers().of = lambda project, settings: unpaced  # type: ignore[attr-defined]  # noqa: ARG005


def _event(stored: str, first: int, count: int) -> dict[str, object]:
    return {"Records": [_record(stored, number) for number in range(first, first + count)]}


def _record(stored: str, number: int) -> dict[str, object]:
    said = {"bucket": {"name": BUCKET}, "object": {"key": f"bench/{number}/{stored}", "size": 1, "version-id": "1"}}
    return {
        "messageId": f"m{number}",
        "receiptHandle": f"r{number}",
        "body": json.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": said}),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": str(int(time.time() * 1000))},
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:custom-labels-bench-detect_labels-bench",
    }


def _snake(operation: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")


def main() -> None:
    """Do what is asked and say what it took."""
    what, stored, images = sys.argv[1], sys.argv[2], int(sys.argv[3])
    match what:
        case "floor":
            floor()
        case "handler":
            detect(stored, images)
        case "calls":
            call(stored, images)
    ended = time.process_time(), time.monotonic()
    import resource

    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = ended[0] - _begun[0] + children.ru_utime + children.ru_stime
    print(json.dumps({"cpu": cpu, "wall": ended[1] - _begun[1]}))


if __name__ == "__main__":
    main()
