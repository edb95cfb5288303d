"""Accuracy, training, memory and speed of the Rekognition stand-in.

Every data set has a process of its own (benchmarks/stand_in_process.py), so that its peak of memory is its own. All
numbers are of this machine, and say nothing about Amazon Rekognition.
"""

import json
import subprocess
import sys
from typing import Any

from benchmarks.report import say
from benchmarks.stand_in_process import DATA_SETS
from local.toolchain import CHECKOUT


def stand_in() -> dict[str, Any]:
    """Measure every data set; return the report's keys."""
    return {"stand_in": {name: _measured_apart(name) for name in DATA_SETS}}


def _measured_apart(name: str) -> dict[str, float]:
    say(f"{name} ...")
    command = [sys.executable, "-m", "benchmarks.stand_in_process", name]
    ended = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True)
    return {key: round(number, 4) for key, number in json.loads(ended.stdout).items()}
