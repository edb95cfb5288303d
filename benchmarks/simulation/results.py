"""What the contestants made of one trace, side by side."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.prices import INFERENCE_UNIT_HOUR
from benchmarks.simulation.contestants import always_on, hourly_check
from benchmarks.simulation.optimum import NoPlanError, optimum
from benchmarks.simulation.service import govern
from benchmarks.simulation.serving import Waits, cumulative
from benchmarks.simulation.sessions import Month
from benchmarks.simulation.traces import DAY, Trace

MOST: Final = 1.15  # times the optimum, that the governor may cost


@dataclass(frozen=True, eq=False)
class Result:
    """One trace, with the months that everybody made of it."""

    trace: Trace
    governor: Month
    optimum: Month
    always_on: Month
    hourly_check: Month
    looks: int  # of the governor, at Rekognition's versions
    alarms: int  # that it raised

    @property
    def numbers(self) -> dict[str, Any]:
        """Return what build/simulation.json says of the trace; hours are unit-hours, waits are minutes."""
        known = cumulative(self.trace.arrivals)
        waits = Waits(known, self.governor.done)
        optimum_hours = self.optimum.unit_hours
        return {
            "unit_hours": self.governor.unit_hours,
            "optimum_unit_hours": optimum_hours,
            "ratio": self.governor.unit_hours / optimum_hours,
            "always_on_unit_hours": self.always_on.unit_hours,
            "hourly_check_unit_hours": self.hourly_check.unit_hours,
            "wait_p50": waits.percentile(0.5),
            "wait_p95": waits.percentile(0.95),
            "wait_max": waits.percentile(1),
            "bound_missed": waits.beyond(self.trace.max_wait),
            "images": self.trace.images,
            "max_wait": self.trace.max_wait,
            "max_units": self.trace.max_units,
            "dollars": self.governor.unit_hours * INFERENCE_UNIT_HOUR,
            "optimum_dollars": optimum_hours * INFERENCE_UNIT_HOUR,
            "always_on_dollars": self.always_on.unit_hours * INFERENCE_UNIT_HOUR,
            "hourly_check_dollars": self.hourly_check.unit_hours * INFERENCE_UNIT_HOUR,
            "starts": len(self.governor.sessions),
            "optimum_starts": len(self.optimum.sessions),
            "from_running_unit_hours": self.governor.unit_hours_from_running,
            "optimum_from_running_unit_hours": self.optimum.unit_hours_from_running,
            "hourly_check_bound_missed": Waits(known, self.hourly_check.done).beyond(self.trace.max_wait),
            "looks_a_day": self.looks / (self.trace.minutes / DAY),
            "alarms": self.alarms,
        }


def simulate(trace: Trace) -> Result:
    """Let all contestants have a go at a trace."""
    governed = govern(trace)
    return Result(
        trace=trace,
        governor=governed.month,
        optimum=optimum(trace),
        always_on=always_on(trace),
        hourly_check=hourly_check(trace),
        looks=governed.looks,
        alarms=governed.alarms,
    )


def simulate_all(traces: Sequence[Trace]) -> list[Result | NoPlanError]:
    """Simulate traces in as many processes as there are cores, the slowest first; return them in order."""
    slowest_first = sorted(traces, key=lambda trace: trace.max_units * trace.images, reverse=True)
    with ProcessPoolExecutor() as processes:
        found = list(processes.map(_attempt, slowest_first))
    by_name = {trace.name: one for trace, one in zip(slowest_first, found, strict=True)}
    return [by_name[trace.name] for trace in traces]


def _attempt(trace: Trace) -> Result | NoPlanError:
    try:
        return simulate(trace)
    except NoPlanError as error:
        return error


def missed(name: str, numbers: dict[str, Any]) -> list[str]:
    """Say which goals a trace misses."""
    found = []
    if numbers["ratio"] > MOST:
        found.append(f"{name}: {numbers['ratio']:.3f} x the optimum, more than {MOST}")
    if numbers["bound_missed"]:
        found.append(f"{name}: {numbers['bound_missed']:,} images waited for more than {numbers['max_wait']} minutes")
    return found
