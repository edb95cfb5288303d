"""Print how much of the model the stand-in keeps to, and write build/conformance.json; exit code 1 on a failure."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from tests.conformance.constraints import Kind
from tests.conformance.suite import Report, examine

REPORT = Path("build/conformance.json")
_FAILURES_SHOWN = 20


def main() -> int:
    """Run the examination and return the exit code."""
    begun = time.monotonic()
    report = examine()
    _write(report)
    _print(report, time.monotonic() - begun)
    return 1 if report.failures else 0


def _write(report: Report) -> None:
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "operations": report.operations,
        "constraints": report.constraints.total(),
        "covered": report.covered.total(),
        "failures": [asdict(failure) for failure in report.failures],
    }
    REPORT.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _print(report: Report, seconds: float) -> None:
    for failure in report.failures[:_FAILURES_SHOWN]:
        print(f"FAILED {failure.constraint or failure.operation}: {failure.reason}")
    if len(report.failures) > _FAILURES_SHOWN:
        print(f"... and {len(report.failures) - _FAILURES_SHOWN} more in {REPORT}")
    for kind in Kind:
        print(f"{kind:<10} {report.covered[kind]:>5} of {report.constraints[kind]:>5}")
    print(
        f"{report.covered.total()} of {report.constraints.total()} constraints of {report.operations} operations "
        f"are covered, by {report.requests} requests in {seconds:.0f} s.\n"
        f"{report.unbreakable} of the covered are minimum lengths of 0: nothing is shorter, so they are only kept.\n"
        f"{len(report.failures)} failures. {REPORT}"
    )


if __name__ == "__main__":
    sys.exit(main())
