"""`python -m benchmarks.simulation`: thirty days of all traces, the table, the pictures; 1 where a goal is missed."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.document import filled
from benchmarks.simulation.optimum import NoPlanError
from benchmarks.simulation.plots import draw
from benchmarks.simulation.results import Result, missed, simulate_all
from benchmarks.simulation.tables import simulation_table
from benchmarks.simulation.traces import MAX_WAIT, traces

BUILD: Final = Path("build")


def main(arguments: Sequence[str]) -> int:
    """Simulate, print, write; name the goals that were missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    parser.add_argument("--max-wait", type=int, default=MAX_WAIT, help="minutes that an image may wait (%(default)s)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the table into a document, too")
    chosen = parser.parse_args(arguments)
    attempts = simulate_all(traces(chosen.max_wait))
    results = [one for one in attempts if isinstance(one, Result)]
    report = {result.trace.name: result.numbers for result in results}
    BUILD.mkdir(exist_ok=True)
    (BUILD / "simulation.json").write_text(json.dumps(report, indent=2) + "\n")
    print(simulation_table(report))
    if chosen.markdown is not None:
        chosen.markdown.write_text(filled(chosen.markdown.read_text(), {"simulation": simulation_table(report)}))
    for picture in draw(results, BUILD / "simulation"):
        print(picture, file=sys.stderr)
    for impossible in attempts:
        if isinstance(impossible, NoPlanError):
            print(f"Left out. {impossible}", file=sys.stderr)
    goals = [said for name, numbers in report.items() for said in missed(name, numbers)]
    print("\n".join(goals) or "All goals are met.", file=sys.stderr)
    return 1 if goals else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
