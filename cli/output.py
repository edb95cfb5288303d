"""What a command prints: the result on stdout, for people or as JSON; progress on stderr."""

import argparse
import json
import sys
from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any


def say(line: str) -> None:
    """Show progress; stdout is for the result."""
    print(f"  {line}", file=sys.stderr, flush=True)


def show(options: argparse.Namespace, data: Any, lines: Iterable[str]) -> None:
    """Print the result: `data` where --json was said, else the lines."""
    if options.json:
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return
    for line in lines:
        print(line)


def table(rows: Sequence[tuple[str, ...]], numbers: Container[int] = ()) -> list[str]:
    """Align rows of cells, the columns `numbers` to the right; the first is the heading."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def when(milliseconds: int) -> str:
    """Spell an epoch time in milliseconds for people, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
