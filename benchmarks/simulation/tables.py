"""The table that a simulation prints, in Markdown."""

from collections.abc import Mapping
from typing import Any, Final

from benchmarks.tables import table

_HEAD: Final = (
    "trace: images a month",
    "units",
    "unit-hours",
    "optimum",
    "ratio",
    "hourly check",
    "always on",
    "dollars",
    "always on",
    "waits p50",
    "p95",
    "max",
    "late",
    "starts",
    "looks a day",
    "from RUNNING",
    "optimum's plan",
)


def simulation_table(report: Mapping[str, Mapping[str, Any]]) -> str:
    """Lay out a row for each trace; waits are minutes."""
    return table(_HEAD, [_row(name, numbers) for name, numbers in report.items()])


def _row(name: str, numbers: Mapping[str, Any]) -> list[str]:
    return [
        name,
        f"{numbers['max_units']}",
        f"{numbers['unit_hours']:.1f}",
        f"{numbers['optimum_unit_hours']:.1f}",
        f"{numbers['ratio']:.3f}",
        f"{numbers['hourly_check_unit_hours']:.1f}",
        f"{numbers['always_on_unit_hours']:.0f}",
        f"${numbers['dollars']:,.0f}",
        f"${numbers['always_on_dollars']:,.0f}",
        f"{numbers['wait_p50']}",
        f"{numbers['wait_p95']}",
        f"{numbers['wait_max']}",
        f"{numbers['bound_missed']}",
        f"{numbers['starts']}",
        f"{numbers['looks_a_day']:.0f}",
        f"{numbers['from_running_unit_hours']:.1f}",
        f"{numbers['optimum_from_running_unit_hours']:.1f}",
    ]
