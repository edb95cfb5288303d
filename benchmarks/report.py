"""What benchmarks write while they run: progress on standard error, numbers in build/bench.json."""

import json
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

REPORT: Final = Path("build/bench.json")


def say(line: str) -> None:
    """Show progress."""
    print(f"    {line}", file=sys.stderr, flush=True)


def merge(numbers: Mapping[str, Any], file: Path = REPORT) -> None:
    """Put the keys of one benchmark into the report; the others' stay as they are."""
    file.parent.mkdir(parents=True, exist_ok=True)
    report = {**read(file), **numbers}
    file.write_text(json.dumps(report, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def read(file: Path = REPORT) -> dict[str, Any]:
    """Return the report so far; empty where there is none, or one of another make."""
    if not file.is_file():
        return {}
    found = json.loads(file.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}


def machine() -> str:
    """Say what was measured on."""
    return (
        f"{os.cpu_count()} cores of {_processor()}, {_memory_gb():.0f} GB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
