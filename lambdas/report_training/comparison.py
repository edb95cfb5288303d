"""Hold a score against that of the version before."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lambdas.report_training.evaluation import Evaluation

_SEEN: Final = 0.0005  # a difference that three decimals show


class Direction(StrEnum):
    """How a score has changed."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Change:
    """A score, and what it was; None where it is not known."""

    now: float | None
    before: float | None

    @property
    def difference(self) -> float | None:
        return None if self.now is None or self.before is None else self.now - self.before

    @property
    def direction(self) -> Direction:
        if self.difference is None:
            return Direction.UNKNOWN
        if abs(self.difference) < _SEEN:
            return Direction.SAME
        return Direction.BETTER if self.difference > 0 else Direction.WORSE


def changed_labels(evaluation: Evaluation, former: Evaluation) -> dict[Direction, int]:
    """Count the labels that both versions know by how their F1 has changed."""
    known = {scores.label: scores for scores in former.labels}
    counts = dict.fromkeys(Direction, 0)
    for scores in evaluation.labels:
        if scores.label in known:
            counts[Change(scores.f1, known[scores.label].f1).direction] += 1
    return counts
