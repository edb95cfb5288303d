"""Kill the function in the middle of its work, now and then. It is deployed beside the product's code.

Each delivery of a message kills with the probability KILL_SHARE, decided by the object's key and the number of its
receives: the same run has the same kills. The process ends at any moment of the invocation, at the latest when all
is done and Lambda does not know it yet. Each kill is a line in the file KILLS.
"""

import importlib
import json
import os
import random
import threading
from pathlib import Path
from typing import Any

LATEST_SECONDS = 2.0


def handle(event: dict[str, Any], context: Any) -> Any:
    """Call the product's handler, and die of it where the chance says so."""
    kills = [chance for chance in map(_chance, event["Records"]) if chance.random() < float(os.environ["KILL_SHARE"])]
    product = importlib.import_module("lambdas.detect_labels.handler").handle
    if not kills:
        return product(event, context)
    threading.Timer(kills[0].uniform(0, LATEST_SECONDS), _die).start()
    product(event, context)
    return _die()


def _chance(record: dict[str, Any]) -> random.Random:
    key = json.loads(record["body"])["detail"]["object"]["key"]
    return random.Random(f"{key}/{record['attributes']['ApproximateReceiveCount']}")


def _die() -> None:
    with Path(os.environ["KILLS"]).open("a") as kills:
        kills.write(f"{os.getpid()}\n")
    os._exit(1)
