"""Pictures of a simulation: a week of each shape, and what all traces cost."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.simulation.results import MOST, Result
from benchmarks.simulation.serving import cumulative
from benchmarks.simulation.sessions import Month
from benchmarks.simulation.traces import DAY

_GOVERNOR, _OPTIMUM, _OTHER, _WAITING = "#1f6fb2", "#e08214", "#9a9a9a", "#c9dcec"
_WEEK: Final = slice(7 * DAY, 14 * DAY)  # the second one, a Monday to a Sunday
_LEAST_SEEN: Final = 3  # minutes, that a bar is wide
_SHOWN: Final = (
    "steady 10,000",
    "office hours 1,000,000",
    "bursty 1,000,000",
    "nightly batch 1,000,000",
    "rare singles 100",
)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

mpl.use("Agg")
mpl.rcParams.update(
    {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.titlelocation": "left"}
)


def draw(results: Sequence[Result], folder: Path) -> list[Path]:
    """Draw what there is to see; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = [result for result in results if result.trace.name in _SHOWN]
    figures = {"costs.png": _costs(results)} | ({"week.png": _week(shown)} if shown else {})
    for name, figure in figures.items():
        figure.savefig(folder / name, dpi=110)
    return [folder / name for name in figures]


def _week(results: Sequence[Result]) -> Figure:
    """Show for each trace the images that wait, and below when whose model is billed."""
    figure = Figure(figsize=(11, 2.1 * len(results)), layout="constrained")
    rows = figure.subplots(2 * len(results), 1, sharex=True, height_ratios=[3, 1] * len(results), squeeze=False)[:, 0]
    hours = np.arange(_WEEK.start, _WEEK.stop)
    for number, result in enumerate(results):
        waiting, states = rows[2 * number], rows[2 * number + 1]
        known = cumulative(result.trace.arrivals)
        backlog = (known - result.governor.done)[_WEEK]
        waiting.fill_between(hours, backlog, color=_WAITING, step="post", label="images waiting, governor")
        ideal = (known - result.optimum.done)[_WEEK]
        waiting.plot(hours, ideal, color=_OPTIMUM, linewidth=0.8, drawstyle="steps-post", label="optimum")
        waiting.set_ylim(bottom=0)
        waiting.set_title(f"{result.trace.name} a month", fontweight="bold")
        for row, (month, color) in enumerate(((result.optimum, _OPTIMUM), (result.governor, _GOVERNOR))):
            _bars(states, month, row, color)
        states.set_yticks([0, 1], ["optimum", "governor"])
        states.set_ylim(-0.6, 1.6)
        for axes in (waiting, states):
            axes.tick_params(axis="x", length=0)
    rows[0].legend(loc="upper right", frameon=False, ncols=2, bbox_to_anchor=(1, 1.35))
    rows[-1].set_xlim(_WEEK.start, _WEEK.stop)
    rows[-1].set_xticks([_WEEK.start + DAY * (day + 0.5) for day in range(7)], _DAYS)
    figure.suptitle("A week: images that wait, and when the model is billed (pale: STARTING)", x=0.01, ha="left")
    return figure


def _bars(axes: Axes, month: Month, row: int, color: str) -> None:
    seen = [session for session in month.sessions if session.stopped > _WEEK.start and session.started < _WEEK.stop]

    starting = [(session.started, session.running - session.started) for session in seen]
    running = [(session.running, max(session.stopped - session.running, _LEAST_SEEN)) for session in seen]
    axes.broken_barh(starting, (row - 0.35, 0.7), color=color, alpha=0.4)
    axes.broken_barh(running, (row - 0.35, 0.7), color=color)


def _costs(results: Sequence[Result]) -> Figure:
    """Show the ratio to the optimum, and the dollars of everybody."""
    numbers = [result.numbers for result in results]
    names = [result.trace.name for result in results]
    places = np.arange(len(names))
    figure = Figure(figsize=(11, 0.32 * len(names) + 1.5), layout="constrained")
    ratio, dollars = figure.subplots(1, 2, sharey=True, width_ratios=[2, 3])
    ratio.barh(places, [one["ratio"] - 1 for one in numbers], left=1, color=_GOVERNOR, height=0.6)
    ratio.axvline(MOST, color=_OPTIMUM, linestyle="--", linewidth=1)
    ratio.text(MOST, -0.9, f" goal {MOST}", color=_OPTIMUM, va="center")
    ratio.set_yticks(places, names)
    ratio.invert_yaxis()
    ratio.set_xlim(1, max(MOST + 0.03, *(one["ratio"] + 0.01 for one in numbers)))
    ratio.set_title("unit-hours, x the optimum", fontweight="bold")
    _dollars(dollars, places, numbers)
    return figure


def _dollars(axes: Axes, places: Any, numbers: Sequence[dict[str, Any]]) -> None:
    for key, color, marker, label in (
        ("always_on_dollars", _OTHER, "s", "always on"),
        ("hourly_check_dollars", "#7b5ba6", "D", "hourly check"),
        ("dollars", _GOVERNOR, "o", "governor"),
        ("optimum_dollars", _OPTIMUM, "|", "optimum"),
    ):
        axes.scatter([one[key] for one in numbers], places, color=color, marker=marker, s=32, label=label)
    ours, theirs = [[one[key] for one in numbers] for key in ("dollars", "always_on_dollars")]
    axes.hlines(places, ours, theirs, color=_OTHER, linewidth=0.6, zorder=0)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"${value:,.0f}")
    axes.tick_params(axis="y", length=0)
    axes.set_title("dollars a month", fontweight="bold")
    axes.legend(loc="lower left", frameon=False)
