"""Run the benchmarks, all or those that are named: `make bench`, `make bench ONLY=drain`."""

import argparse
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final

from benchmarks.cost import cost
from benchmarks.drain import drain
from benchmarks.faults import faults
from benchmarks.latency import latency
from benchmarks.overhead import overhead
from benchmarks.pipeline import UNITS, Pipeline, deployed_pipeline
from benchmarks.report import machine, merge, say
from benchmarks.stand_in import stand_in
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


def main() -> int:
    """Run the benchmarks and write their numbers as they come."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; none means all")
    names = parser.parse_args().names or list(NAMES)
    if unknown := sorted(set(names) - set(NAMES)):
        parser.error(f"{', '.join(unknown)}: no benchmark; there are {', '.join(NAMES)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop the local cloud then, too
    run(names)
    return 0


def run(names: Sequence[str]) -> None:
    """Run the named benchmarks."""
    merge({"machine": machine()})
    print(f"On {machine()}", flush=True)
    for name in ALONE:
        if name in names:
            say(f"{name} ...")
            merge(ALONE[name]())
    with ExitStack() as stack:
        pipeline: Pipeline | None = None
        for name in ON_A_PIPELINE:
            if name in names:
                pipeline = pipeline or stack.enter_context(deployed_pipeline(list(UNITS)))
                say(f"{name} ...")
                merge(ON_A_PIPELINE[name](pipeline))


if __name__ == "__main__":
    sys.exit(main())
