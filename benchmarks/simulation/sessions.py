"""What a month costs: the sessions for which a model was billed, and what became of the images meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from benchmarks.simulation.serving import Minutes


@dataclass(frozen=True)
class Session:
    """One start and one stop, in minutes since the month began."""

    started: int  # STARTING, and billed, from the beginning of this minute
    running: int  # RUNNING from the beginning of this one
    stopped: int  # not billed any more from this one
    units: int

    @property
    def billed(self) -> int:
        """Unit-minutes from STARTING to the stop."""
        return self.units * (self.stopped - self.started)

    @property
    def billed_from_running(self) -> int:
        """Unit-minutes from RUNNING to the stop."""
        return self.units * max(0, self.stopped - self.running)


@dataclass(frozen=True, eq=False)
class Month:
    """What one contestant made of a trace."""

    sessions: tuple[Session, ...]
    done: Minutes  # images detected by the end of each minute

    @property
    def unit_hours(self) -> float:
        """What is billed."""
        return sum(session.billed for session in self.sessions) / 60

    @property
    def unit_hours_from_running(self) -> float:
        """What would be billed if a start were free."""
        return sum(session.billed_from_running for session in self.sessions) / 60


def running_units(sessions: Iterable[Session], minutes: int) -> Minutes:
    """Return how many units run in each minute, started already."""
    units = np.zeros(minutes, dtype=np.int64)
    for session in sessions:
        units[session.running : session.stopped] += session.units
    return units
