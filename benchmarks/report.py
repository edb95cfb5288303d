"""What benchmarks write: tables on standard output, progress on standard error, numbers in build/bench.json."""

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
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


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: the first column to the left, the others to the right."""
    print(f"\n{title}\n\n{table(head, rows)}", flush=True)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay a table out, in Markdown."""
    lines = [list(head), *map(list, rows)]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(head))]

    def laid_out(line: Sequence[str]) -> str:
        first = line[0].ljust(widths[0])
        return "| " + " | ".join([first, *(cell.rjust(widths[i + 1]) for i, cell in enumerate(line[1:]))]) + " |"

    rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|"
    return "\n".join([laid_out(lines[0]), rule, *map(laid_out, lines[1:])])


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
