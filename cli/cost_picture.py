"""Draws costs: a bar a day, stacked by project, under the line of what always-on would have cost."""

import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from cli.costs import Costs
from lambdas.pen import Pen, pen_on

_SIZE: Final = (1200, 630)  # pixels: what previews of links are cut to
_GROUND, _INK, _MUTED, _GRID = "#0e1116", "#e7e9ed", "#98a2b0", "#262c36"
_ACCENT, _ALWAYS_ON = "#7ea6ff", "#ff8f86"
# Told apart also by those who see few colours: they differ in lightness too.
_COLOURS: Final = ("#7ea6ff", "#4cc58c", "#ffd166", "#c792ea", "#56d4dd", "#f78c6c")
_OTHERS: Final = "#5c6672"
_MARGIN: Final = 64
_LEFT, _RIGHT, _TOP, _BOTTOM = 128, _SIZE[0] - _MARGIN, 268, 544  # of the bars' field
_WIDEST: Final = 64  # pixels of a bar
_STEPS: Final = (1, 2, 2.5, 5, 10)


def write_cost_picture(file: Path, title: str, costs: Costs) -> None:
    """Write a PNG. Raises OSError where the file cannot be written."""
    file.write_bytes(cost_picture(title, costs))


def cost_picture(title: str, costs: Costs) -> bytes:
    """Return the picture as PNG."""
    pen = pen_on(_SIZE, _GROUND)
    _draw_head(pen, title, costs)
    series = _series(costs)
    _draw_legend(pen, [(name, colour) for name, colour, _ in series])
    always_on = [costs.always_on(costs.of_day(number)) for number in range(len(costs.days))]
    sums = [costs.dollars(costs.of_day(number)) for number in range(len(costs.days))]
    ticks = ticks_up_to(max(*sums, *always_on))
    _draw_scale(pen, ticks)
    for number in range(len(costs.days)):
        _draw_day(pen, number, len(costs.days), [(dollars[number], colour) for _, colour, dollars in series], ticks[-1])
    _draw_always_on(pen, always_on, ticks[-1])
    _draw_days(pen, costs.days)
    return pen.png()


def _draw_head(pen: Pen, title: str, costs: Costs) -> None:
    whole, first, last = costs.whole, costs.days[0], costs.days[-1]
    end = pen.text((_MARGIN, 74), "COSTS OF RUNNING MODELS", 17, _ACCENT, bold=True)
    pen.text((end + 20, 74), title, 17, _INK, bold=True, room=400)
    period = _written(last) if first == last else f"{_written(first)} to {_written(last)}"
    pen.text((_RIGHT, 74), f"{period}, UTC", 17, _MUTED, anchor="rs")
    ran, always_on = costs.dollars(whole), costs.always_on(whole)
    end = pen.text((_MARGIN - 3, 152), f"${ran:,.2f}", 64, _INK, bold=True)
    if always_on:
        pen.text((end + 24, 122), f"${always_on:,.2f} if always on", 22, _ALWAYS_ON)
        pen.text((end + 24, 152), _compared(ran, always_on), 22, _INK)
    each, share = costs.per_thousand(whole), whole.idle_share
    said = [f"{whole.running:,.1f} unit-hours at ${costs.price:g}"]
    said += [f"{share:.0%} of them idle"] if share is not None else []
    said += [f"{whole.images:,} images"]
    said += [f"${each:,.2f} for 1,000 of them"] if each is not None else []
    pen.text((_MARGIN, 190), "   |   ".join(said), 19, _MUTED, room=_RIGHT - _MARGIN)


def _compared(ran: float, always_on: float) -> str:
    return f"{abs(1 - ran / always_on):.1%} {'less' if ran <= always_on else 'more'}"


def _series(costs: Costs) -> list[tuple[str, str, list[float]]]:
    """Return name, colour and the dollars of each day, the dearest project first; the cheapest of many as one."""
    ranked = sorted(costs.projects, key=lambda name: -costs.dollars(costs.of_project(name)))
    alone = ranked if len(ranked) <= len(_COLOURS) else ranked[: len(_COLOURS) - 1]
    dollars = {name: [costs.dollars(usage) for usage in costs.projects[name]] for name in ranked}
    series = [(name, colour, dollars[name]) for name, colour in zip(alone, _COLOURS, strict=False)]
    rest = ranked[len(alone) :]
    if rest:
        series.append((f"{len(rest)} others", _OTHERS, [sum(day) for day in zip(*map(dollars.get, rest), strict=True)]))
    return series


def _draw_legend(pen: Pen, names: Sequence[tuple[str, str]]) -> None:
    room = min(150.0, (_RIGHT - _MARGIN - 110) / len(names) - 48)  # for the name of each
    left = float(_MARGIN)
    for name, colour in names:
        pen.pill(left, 220, left + 14, 234, colour, 3)
        left = pen.text((left + 22, 233), name, 17, _INK, room=room) + 26
    pen.line([(left, 227), (left + 22, 227)], _ALWAYS_ON, 2)
    pen.text((left + 30, 233), "always on", 17, _INK)


def ticks_up_to(most: float) -> list[float]:
    """Return round numbers of dollars from 0 to what is no less than the most."""
    rough = max(most, 0.04) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))
    return [number * step for number in range(math.ceil(max(most, 0.04) / step - 1e-9) + 1)]


def _draw_scale(pen: Pen, ticks: Sequence[float]) -> None:
    places = 0 if all(tick == round(tick) for tick in ticks) else 2
    for tick in ticks:
        y = _height(tick, ticks[-1])
        pen.line([(_LEFT, y), (_RIGHT, y)], _MUTED if tick == 0 else _GRID)
        pen.text((_LEFT - 12, y), f"${tick:,.{places}f}", 16, _MUTED, anchor="rm")


def _draw_day(pen: Pen, number: int, days: int, parts: Sequence[tuple[float, str]], top: float) -> None:
    middle, half, below = _middle(number, days), _bar_width(days) / 2, 0.0
    for dollars, colour in parts:
        if dollars > 0:
            high = min(_height(below + dollars, top), _height(below, top) - 1)  # what is not nothing can be seen
            pen.pill(middle - half, high, middle + half, _height(below, top) - 0.5, colour, 0)
            below += dollars


def _draw_always_on(pen: Pen, dollars: Sequence[float], top: float) -> None:
    """Draw a step for each day on which a model could have run all the time."""
    half = (_RIGHT - _LEFT) / len(dollars) / 2
    points: list[tuple[float, float]] = []
    for number, value in enumerate(dollars):
        if value > 0:
            middle, y = _middle(number, len(dollars)), _height(value, top)
            points += [(middle - half, y), (middle + half, y)]
    if points:
        pen.line(points, _ALWAYS_ON, 2)


def _draw_days(pen: Pen, days: Sequence[date]) -> None:
    """Write as many dates as have room, the last day among them."""
    every = math.ceil(len(days) / ((_RIGHT - _LEFT) / 72))
    for number, day in enumerate(days):
        if (len(days) - 1 - number) % every == 0:
            middle = _middle(number, len(days))
            pen.line([(middle, _BOTTOM), (middle, _BOTTOM + 5)], _MUTED)
            pen.text((middle, _BOTTOM + 26), f"{day.day} {day:%b}", 16, _MUTED, anchor="ms")
    pen.text((_LEFT, _BOTTOM + 58), "dollars a day; the last day until now", 16, _MUTED)


def _middle(number: int, days: int) -> float:
    return _LEFT + (_RIGHT - _LEFT) * (number + 0.5) / days


def _bar_width(days: int) -> float:
    return min(_WIDEST, (_RIGHT - _LEFT) / days * 0.72)


def _height(dollars: float, top: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * dollars / top


def _written(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
