"""costs: what the models ran for, and what that costs."""

import argparse
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from cli.command_line import CommandLine, WrongCommandLineError, positive
from cli.cost_picture import write_cost_picture
from cli.costs import Costs, Usage, find_costs
from cli.deployment import Clients, Deployment
from cli.output import say, show, table
from lambdas.prices import LABEL_DETECTION_MINUTE, MODERATED_IMAGE, TRAINING_HOUR

_MOST_DAYS: Final = 366
_COLUMNS: Final = 6  # projects with a column of their own; a line has room for so many
_BAR: Final = 16  # characters
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"


class PictureError(RuntimeError):
    """The picture cannot be written; the message says where and why."""


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    costing = commands.add(costs)
    costing.add_argument("project", metavar="PROJECT", nargs="?", help="this project alone")
    costing.add_argument("--days", type=positive, default=30, metavar="N", help="so many, today included (default 30)")
    costing.add_argument("--png", type=Path, metavar="FILE", help="draw them into FILE, too")


def costs(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Show for how long models ran each day, what it costs, and what always-on would have cost.

    Trainings, label detection of videos and moderation are billed too, and left out here.
    """
    if options.days > _MOST_DAYS:
        raise WrongCommandLineError(f"--days is {options.days}; a year, {_MOST_DAYS} days, is the most")
    found = find_costs(clients, deployment, options.project, options.days, time.time())
    if options.png:
        title = f"{deployment.name} / {options.project}" if options.project else deployment.name
        try:
            write_cost_picture(options.png, title, found)
        except OSError as error:
            raise PictureError(f"{options.png} cannot be written: {error.strerror}; name another --png") from error
        say(f"drawn into {options.png}")
    show(options, found.to_json(), _lines(found))
    return 0


def _lines(found: Costs) -> Iterator[str]:
    yield from _by_day(found)
    yield ""
    yield from _by_project(found)
    yield ""
    yield from _in_words(found)


def _by_day(found: Costs) -> list[str]:
    """Spell a line a day: dollars of each project, and the sums of all with a bar."""
    shown = _columns(found)
    most = max(found.dollars(found.of_day(number)) for number in range(len(found.days)))
    rows: list[tuple[str, ...]] = [
        ("DAY", *(name.upper() for name in shown), "UNIT-HOURS", "BUSY", "IDLE", "IMAGES", "DOLLARS", "")
    ]
    for number, day in enumerate(found.days):
        usage = found.of_day(number)
        cells = [_dollars(sum(found.dollars(found.projects[it][number]) for it in names)) for names in shown.values()]
        rows.append((_day(day), *cells, *_sums(found, usage), bar(found.dollars(usage), most)))
    return table(rows, numbers=range(1, len(shown) + 6))


def _columns(found: Costs) -> dict[str, list[str]]:
    """Return the projects of each column, by its heading: those that cost most stand alone, where there are many."""
    if len(found.projects) == 1:
        return {}  # its dollars are the day's
    if len(found.projects) <= _COLUMNS:
        return {name: [name] for name in found.projects}
    ranked = sorted(found.projects, key=lambda name: -found.dollars(found.of_project(name)))
    return {name: [name] for name in ranked[: _COLUMNS - 1]} | {"others": ranked[_COLUMNS - 1 :]}


def _by_project(found: Costs) -> list[str]:
    headings = ("UNIT-HOURS", "BUSY", "IDLE", "IMAGES", "DOLLARS", "STARTS", "PER 1,000 IMAGES", "ALWAYS ON")
    rows: list[tuple[str, ...]] = [("PROJECT", *headings)]
    usages = {name: found.of_project(name) for name in found.projects}
    if len(usages) > 1:
        usages["all"] = found.whole
    for name, usage in usages.items():
        each = found.per_thousand(usage)
        more = (str(usage.starts), "-" if each is None else _dollars(each), _dollars(found.always_on(usage)))
        rows.append((name, *_sums(found, usage), *more))
    return table(rows, numbers=range(1, len(headings) + 1))


def _sums(found: Costs, usage: Usage) -> tuple[str, ...]:
    share = usage.idle_share
    return (
        f"{usage.running:,.2f}",
        f"{usage.busy:,.2f}",
        "-" if share is None else f"{share:.0%}",
        f"{usage.images:,}",
        _dollars(found.dollars(usage)),
    )


def _in_words(found: Costs) -> Iterator[str]:
    whole = found.whole
    ran, always = found.dollars(whole), found.always_on(whole)
    yield f"${ran:,.2f} for {whole.running:,.2f} unit-hours at ${found.price:g}"
    if not always:
        yield "no project has an active version that could have been always on"
    elif ran <= always:
        yield f"always on it would have been ${always:,.2f}: ${always - ran:,.2f} ({1 - ran / always:.1%}) saved"
    else:
        yield f"always on it would have been ${always:,.2f}, which is ${ran - always:,.2f} less"
    yield (
        f"left out: trainings (about ${TRAINING_HOUR:.2f} an hour), label detection of videos "
        f"(${LABEL_DETECTION_MINUTE:.2f} a minute), moderation (${MODERATED_IMAGE * 1000:.2f} for 1,000 images)"
    )


def bar(value: float, most: float) -> str:
    """Draw a value as a bar that is `_BAR` characters long for the most; what is not nothing can be seen."""
    if value <= 0:
        return ""
    eighths = max(1, round(value / most * _BAR * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _day(day: date) -> str:
    return f"{day.isoformat()} {day:%a}"


def _dollars(dollars: float) -> str:
    return f"{dollars:,.2f}"
