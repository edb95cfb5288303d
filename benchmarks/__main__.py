"""Run the benchmarks, all or those that are named: `make bench`, `make bench ONLY=drain`."""

import argparse
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.cost import cost
from benchmarks.document import filled
from benchmarks.drain import drain
from benchmarks.faults import faults
from benchmarks.goals import verdicts
from benchmarks.latency import latency
from benchmarks.overhead import overhead
from benchmarks.pipeline import UNITS, Pipeline, deployed_pipeline
from benchmarks.report import REPORT, machine, merge, read, say
from benchmarks.stand_in import stand_in
from benchmarks.tables import goals, tables, title
from benchmarks.training import training

Numbers = dict[str, Any]

# Those that need the deployed pipeline share one. Faults, which leave the most behind, come last.
ON_A_PIPELINE: Final[Mapping[str, Callable[[Pipeline], Numbers]]] = {
    "drain": drain,
    "latency": latency,
    "cost": cost,
    "faults": faults,
}
ALONE: Final[Mapping[str, Callable[[], Numbers]]] = {"stand_in": stand_in, "overhead": overhead, "training": training}
NAMES: Final = (*ALONE, *ON_A_PIPELINE)
_MARKDOWN: Final = "measure nothing; print the tables of the last report, or put them into FILE"


def main() -> int:
    """Run the benchmarks and write their numbers as they come."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; none means all")
    parser.add_argument("--markdown", nargs="?", const="-", metavar="FILE", help=_MARKDOWN)
    given = parser.parse_args()
    if given.markdown:
        return write_tables(None if given.markdown == "-" else Path(given.markdown))
    names = given.names or list(NAMES)
    if unknown := sorted(set(names) - set(NAMES)):
        parser.error(f"{', '.join(unknown)}: no benchmark; there are {', '.join(NAMES)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop the local cloud then, too
    run(names)
    return 0


def run(names: Sequence[str]) -> None:
    """Run the named benchmarks; print their tables and which goals they met, and keep their numbers."""
    merge({"machine": machine()})
    print(f"On {machine()}", flush=True)
    measured: Numbers = {}
    for name in ALONE:
        if name in names:
            measured |= _measured(name, ALONE[name])
    with ExitStack() as stack:
        pipeline: Pipeline | None = None
        for name in ON_A_PIPELINE:
            if name in names:
                pipeline = pipeline or stack.enter_context(deployed_pipeline(list(UNITS)))
                measured |= _measured(name, partial(ON_A_PIPELINE[name], pipeline))
    if any(verdicts(measured)):
        print(f"\nGoals\n\n{goals(measured)}")


def _measured(name: str, benchmark: Callable[[], Numbers]) -> Numbers:
    say(f"{name} ...")
    numbers = benchmark()
    merge(numbers)
    print(f"\n{title(name)}\n\n{tables(numbers)[name]}", flush=True)
    return numbers


def write_tables(document: Path | None) -> int:
    """Print the report's tables, or put them into a document; return the exit code."""
    report = read()
    if not report:
        print(f"{REPORT} has no numbers yet; run `make bench` first", file=sys.stderr)
        return 1
    texts = {**tables(report), "goals": goals(report), "machine": report["machine"]}
    if document is None:
        print("\n\n".join(texts.values()))
        return 0
    try:
        document.write_text(filled(document.read_text(encoding="utf-8"), texts), encoding="utf-8")
    except (OSError, ValueError) as error:
        print(f"{document}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
