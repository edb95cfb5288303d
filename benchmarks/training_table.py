"""The table of what trainings use, from the report's numbers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

HEAD: Final = ("", "ours", "every 5 s", "ratio", "the sample", "ratio")
_INDENT: Final = "- "


def rows(numbers: Mapping[str, Any]) -> list[list[str]]:
    """Return the rows under HEAD: the transitions and dollars of each training, with what they are the sum of."""
    return [row for hours, one in numbers.items() for row in _of_one(hours, one)]


def _of_one(hours: str, one: Mapping[str, Any]) -> list[list[str]]:
    transitions = one["transitions"], one["baseline_transitions"], one["sample_transitions"]
    dollars = one["dollars"], one["baseline_dollars"], one["sample_dollars"]
    return [
        _row(f"{hours} h: state transitions", transitions, "{:,}"),
        *(
            [f"{_INDENT}{name}", f"{number:,}", *[""] * (len(HEAD) - 2)]
            for name, number in one["transitions_by_workflow"].items()
        ),
        _row(f"{hours} h: dollars", dollars, "${:.4f}"),
        *(
            _row(f"{_INDENT}{service}", (mine, one["baseline_dollars_by_service"][service], None), "${:.4f}")
            for service, mine in one["dollars_by_service"].items()
        ),
    ]


def _row(name: str, numbers: Sequence[float | None], form: str) -> list[str]:
    mine, *others = numbers
    assert mine is not None
    cells = [name, form.format(mine)]
    for other in others:
        cells += [form.format(other), f"{mine / other:.3g}"] if other else ["", ""]
    return cells
