"""How long a training may last, and what it may cost, before it is begun."""

from dataclasses import dataclass
from typing import Any, Final

from lambdas.prices import TRAINING_HOUR

# The developer guide: "training takes between 30 minutes and 24 hours".
_SHORTEST_HOURS: Final = 0.5
_LONGEST_HOURS: Final = 24.0
# A line through that half hour and the one training whose size and time the guide shows: its sample evaluation
# summary, of 5,216 + 624 images and 70 minutes.
_HOURS_PER_IMAGE: Final = (70 / 60 - _SHORTEST_HOURS) / (5216 + 624)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Hours and dollars of a training: likely, and at most. Billed time can exceed elapsed time."""

    hours: float
    most_hours: float
    dollars: float
    most_dollars: float

    def to_json(self) -> dict[str, Any]:
        """Spell the estimate for programs."""
        return {
            "Hours": round(self.hours, 2),
            "MostHours": self.most_hours,
            "Dollars": round(self.dollars, 2),
            "MostDollars": round(self.most_dollars, 2),
        }


def estimate_training(images: int) -> Estimate:
    """Estimate a training on so many images, those to test with included."""
    hours = min(_SHORTEST_HOURS + _HOURS_PER_IMAGE * images, _LONGEST_HOURS)
    return Estimate(
        hours=hours,
        most_hours=_LONGEST_HOURS,
        dollars=hours * TRAINING_HOUR,
        most_dollars=_LONGEST_HOURS * TRAINING_HOUR,
    )
