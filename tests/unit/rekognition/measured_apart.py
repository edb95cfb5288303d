"""Run a piece of Python in a process of its own, and measure the memory that it took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_STATUS = Path("/proc/self/status")
# Of the process itself: getrusage would also count the one that it was forked from.
_PRELUDE = """
import json, sys, time
from pathlib import Path
def peak():
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024
"""
_END = """
print(json.dumps({"answer": answer, "megabytes": peak() - before, "seconds": time.process_time() - begun}))
"""

needs_proc = pytest.mark.skipif(not _STATUS.exists(), reason="the peak of a process is read from /proc")


@dataclass(frozen=True)
class Measured:
    answer: Any
    megabytes: float  # that the peak of resident memory grew
    seconds: float  # of processor time


def measured_apart(preparation: str, work: str, *arguments: str) -> Measured:
    """Measure the work, which leaves its `answer`, after the preparation; the arguments are in sys.argv."""
    code = f"{_PRELUDE}\n{preparation}\nbefore, begun = peak(), time.process_time()\n{work}\n{_END}"
    here = Path(__file__).parent
    path = os.pathsep.join([str(here.parents[2]), str(here)])
    command = [sys.executable, "-c", code, *arguments]
    ended = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": path}, stdout=subprocess.PIPE, text=True, check=True, timeout=120
    )
    return Measured(**json.loads(ended.stdout))
