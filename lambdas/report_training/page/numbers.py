"""Numbers for people, with the file's own number behind each score."""

from datetime import datetime

from lambdas.report_training.comparison import Change, Direction
from lambdas.report_training.page.markup import Markup, joined, tag

_ARROWS = {Direction.BETTER: "▲", Direction.WORSE: "▼", Direction.SAME: "="}
_UNKNOWN = "–"


def score(value: float | None) -> Markup:
    """Spell a score with three decimals; `<data value>` holds all of them."""
    return tag("data", f"{value:.3f}", value=repr(value)) if value is not None else joined(_UNKNOWN)


def percent(value: float | None) -> Markup:
    """Spell a confidence or threshold, which is a number to 1 in the files, as the API does: in percent."""
    return tag("data", f"{value * 100:.0f}", value=repr(value)) if value is not None else joined(_UNKNOWN)


def change(of: Change) -> Markup:
    """Spell how a score has changed, in signs and colour; nothing where it is not known."""
    if of.difference is None:
        return Markup("")
    direction = of.direction
    said = "no change" if direction is Direction.SAME else f"{_signed(of.difference)}, {direction}"
    shown = _ARROWS[direction] if direction is Direction.SAME else f"{_ARROWS[direction]} {_signed(of.difference)}"
    return tag("span", shown, class_=f"change {direction}", title=said)


def seen_change(of: Change) -> Markup:
    """Spell how a score has changed; nothing where it has not."""
    return Markup("") if of.direction is Direction.SAME else change(of)


def count(value: int | None) -> str:
    """Spell a whole number."""
    return _UNKNOWN if value is None else f"{value:,}"


def duration(seconds: float | None) -> str:
    """Spell a time span in the two largest units."""
    if seconds is None:
        return _UNKNOWN
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def dollars(value: float | None) -> str:
    """Spell an amount; under a cent with all that is left of it."""
    if value is None:
        return _UNKNOWN
    return f"${value:,.2f}" if value >= 0.01 or not value else f"${value:.4f}"


def moment(value: datetime | None) -> str:
    """Spell a time to the minute."""
    return _UNKNOWN if value is None else value.strftime("%Y-%m-%d %H:%M UTC")


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")
