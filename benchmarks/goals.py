"""What the benchmarks should reach, and whether a report does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Goal:
    """A number of the report and its bound."""

    what: str
    path: tuple[str, ...]  # of the number in the report
    least: float | None = None
    most: float | None = None

    def met_by(self, number: float) -> bool:
        """Tell whether a number keeps the bounds, both included."""
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)

    @property
    def bound(self) -> str:
        """Return the bound in words."""
        return f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"


@dataclass(frozen=True)
class Verdict:
    """What a report says of a goal."""

    goal: Goal
    number: float
    met: bool


GOALS: Final = (
    Goal("cold start, x the floor", ("overhead", "cold_ratio"), most=1.3),
    Goal("CPU of a warm image, x its bare calls", ("overhead", "warm_cpu_ratio"), most=2),
    Goal("1 unit: capacity used", ("drain", "1", "used"), least=0.95),
    Goal("1 unit: calls throttled", ("drain", "1", "throttled"), most=0.05),
    Goal("1 unit: images lost", ("drain", "1", "lost"), most=0),
    Goal("1 unit: results twice", ("drain", "1", "twice"), most=0),
    Goal("3 units: capacity used", ("drain", "3", "used"), least=0.95),
    Goal("3 units: calls throttled", ("drain", "3", "throttled"), most=0.05),
    Goal("3 units: images lost", ("drain", "3", "lost"), most=0),
    Goal("3 units: results twice", ("drain", "3", "twice"), most=0),
    Goal("faults: uploads lost", ("faults", "lost"), most=0),
    Goal("faults: results twice", ("faults", "twice"), most=0),
)


def verdicts(report: Mapping[str, Any]) -> Iterator[Verdict]:
    """Hold a report against the goals; what it does not have is left out."""
    for goal in GOALS:
        found: Any = report
        for key in goal.path:
            found = found.get(key) if isinstance(found, Mapping) else None
        if found is not None:
            yield Verdict(goal, float(found), goal.met_by(float(found)))
