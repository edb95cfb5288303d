"""The cheapest plan of starts and stops for a trace that is known from the beginning: an exact dynamic programme.

By the end of a minute, all that matters of the past is the mode (no model runs, or one of so many units), what was
billed, and how many images are done: images are done first come, first served, by as much as the model can. Of two
pasts in the same mode the dearer one with no more images done can do nothing that the other could not. So for each
mode and each sum of unit-minutes the programme keeps the greatest number of images done, and nothing else; where fewer
are done than must be, none.

A start takes as long as the trace says of the day on which it is made, and is billed from its first minute. A stop
takes no time: the next start may follow at once. The governor's stops take longer: the optimum is held too low rather
than too high.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks.simulation.serving import PER_UNIT, Minutes, cumulative, due_by, served_by
from benchmarks.simulation.sessions import Month, Session, running_units
from benchmarks.simulation.traces import Trace


class NoPlanError(ValueError):
    """No plan keeps every image of a trace within its bound."""


@dataclass(eq=False)
class _Best:
    """The greatest number of images done for each sum of unit-minutes, of those sums that are worth keeping.

    `images` grows strictly where it grows, and its first entry is one that keeps the bound; a sum beyond its end buys
    no more than the last one does.
    """

    sum: int = 0  # of the first entry
    images: Minutes = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def add(self, sum_: int, images: Minutes) -> None:
        """Take the better of what is kept and of other ways to the same mode."""
        if not len(images):
            return
        if not len(self.images):
            self.sum, self.images = sum_, images.copy()
            return
        first = min(self.sum, sum_)
        both = np.full(max(self.sum + len(self.images), sum_ + len(images)) - first, -1, dtype=np.int64)
        both[self.sum - first : self.sum - first + len(self.images)] = self.images
        part = both[sum_ - first : sum_ - first + len(images)]
        np.maximum(part, images, out=part)
        np.maximum.accumulate(both, out=both)
        self.sum, self.images = first, both

    def trim(self, due: int) -> None:
        """Forget sums for which too little is done, and those beyond the least that does the most."""
        images = self.images
        if not len(images):
            return
        low = 0 if images[0] >= due else int(images.searchsorted(due))
        high = int(images.searchsorted(images[-1])) + 1
        self.sum += low
        self.images = images[low:high]


def optimum(trace: Trace) -> Month:
    """Return a cheapest plan that keeps every image within the bound.

    Raises NoPlanError where there is none.
    """
    known = cumulative(trace.arrivals)
    off = _all_off(trace, known)
    last = off[-1]
    if not len(last.images) or last.images[-1] < known[-1]:
        raise NoPlanError(f"{trace.name}: no plan keeps every image within {trace.max_wait} minutes")
    sessions = _plan(trace, known, off)
    return Month(sessions, served_by(known, running_units(sessions, trace.minutes)))


def _all_off(trace: Trace, known: Minutes) -> list[_Best]:
    """Return what can be reached with no model running at the end of each minute, and before the first one."""
    due, come = due_by(known, trace.max_wait).tolist(), known.tolist()
    entries, next_arrivals = _entries(trace), _next_arrivals(trace)
    off = _Best(0, np.zeros(1, dtype=np.int64))
    all_off = [off]
    running = {units: _Best() for units in range(1, trace.max_units + 1)}
    while (minute := len(all_off) - 1) < trace.minutes:
        idle = next_arrivals[minute] - minute - max(trace.startups)
        if idle > 1 and len(off.images) == 1 and off.images[0] == come[minute]:
            # All is done, and a start can wait: to run until the next image comes is dearer than to start just before.
            running = {units: _Best() for units in running}
            all_off.extend([off] * idle)
            continue
        off = _Best(off.sum, off.images)
        for units, best in running.items():
            for started in entries[minute]:
                before = all_off[started]
                kept = int(before.images.searchsorted(due[minute - 1]))  # none fell due while it was STARTING
                best.add(before.sum + kept + units * (minute - started), before.images[kept:])
            if not len(best.images):
                continue
            best.sum += units
            best.images = np.minimum(best.images + PER_UNIT * units, come[minute])
            best.trim(due[minute])
            off.add(best.sum, best.images)
        off.trim(due[minute])
        all_off.append(off)
    return all_off


def _next_arrivals(trace: Trace) -> list[int]:
    """Return for each minute the first one, itself or later, in which images come; the end, where there is none."""
    following = [trace.minutes] * (trace.minutes + 1)
    for minute in range(trace.minutes - 1, -1, -1):
        following[minute] = minute if trace.arrivals[minute] else following[minute + 1]
    return following


def _entries(trace: Trace) -> list[list[int]]:
    """Return for each minute those in which a start was made that has just ended."""
    entries: list[list[int]] = [[] for _ in range(trace.minutes)]
    for minute in range(trace.minutes):
        runs_from = minute + trace.startup(minute)
        if runs_from < trace.minutes:
            entries[runs_from].append(minute)
    return entries


def _plan(trace: Trace, known: Minutes, off: list[_Best]) -> tuple[Session, ...]:
    """Follow a cheapest way back from the end."""
    sessions: list[Session] = []
    minute, images = len(off) - 1, int(known[-1])
    sum_ = _least_sum(off[minute], images)
    while sum_ > 0:
        while minute and _holds(off[minute - 1], sum_, images):
            minute -= 1
        session, sum_, images = next(_last_sessions(trace, known, off, minute, sum_, images))
        sessions.append(session)
        minute = session.started
    return tuple(reversed(sessions))


def _least_sum(best: _Best, images: int) -> int:
    return best.sum + int(best.images.searchsorted(images))


def _holds(best: _Best, sum_: int, images: int) -> bool:
    """Tell whether so many images can have been done for so much."""
    done = _done_for(best, sum_)
    return done is not None and done >= images


def _done_for(best: _Best, sum_: int) -> int | None:
    place = min(sum_ - best.sum, len(best.images) - 1)
    return int(best.images[place]) if place >= 0 else None


def _last_sessions(
    trace: Trace, known: Minutes, off: list[_Best], stopped: int, sum_: int, images: int
) -> Iterator[tuple[Session, int, int]]:
    """Find the sessions that can have ended at a minute with so much billed and so many images done.

    Yields each with what was billed and done before it.
    """
    due = due_by(known, trace.max_wait)
    for started in range(stopped - 1, -1, -1):
        running = started + trace.startup(started)
        if running >= stopped:
            continue
        for units in range(1, trace.max_units + 1):
            before = sum_ - units * (stopped - started)
            done = _done_for(off[started], before) if before >= 0 else None
            if done is None or done < due[running - 1] or done + PER_UNIT * units * (stopped - running) < images:
                continue
            reached = _run(known[running:stopped], due[running:stopped], done, units)
            if reached is not None and reached >= images:
                yield Session(started, running, stopped, units), before, done


def _run(known: Minutes, due: Minutes, done: int, units: int) -> int | None:
    """Return how many images are done at the end of a run; None if one of them is too late."""
    for come, must in zip(known.tolist(), due.tolist(), strict=True):
        done = min(come, done + PER_UNIT * units)
        if done < must:
            return None
    return done
