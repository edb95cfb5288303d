"""Tests for the values of cdk.json, each with the words that say what passes it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any


class SettingsError(ValueError):
    """A setting is missing, unknown or out of range; the message names its key."""


@dataclass(frozen=True)
class Check:
    """A test for one value and the words that say what passes it."""

    passes: Callable[[Any], bool]
    must: str


def checked(where: str, raw: Mapping[str, Any], checks: Mapping[str, Check], words: type) -> dict[str, Any]:
    """Return the values of `raw` that have a check, after it; refuse keys that `words` does not have."""
    known = {item.name for item in fields(words)} - {"name"}
    for key in raw:
        if key not in known:
            raise SettingsError(f"{where}.{key} is not a setting; known are {', '.join(sorted(known))}")
    values = {key: value for key, value in raw.items() if key in checks}
    for key, value in values.items():
        if not checks[key].passes(value):
            raise SettingsError(f"{where}.{key} is {value!r}; it must be {checks[key].must}")
    return values


def checked_object(where: str, raw: Any, checks: Mapping[str, Check], words: type) -> dict[str, Any]:
    """Return the values of an object after their checks; refuse what is no object."""
    if not isinstance(raw, Mapping):
        raise SettingsError(f"{where} must be an object")
    return checked(where, raw, checks, words)


def is_number(value: Any) -> bool:
    """Tell a number; JSON's true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole(low: int, high: int) -> Check:
    """Accept a whole number."""
    return Check(lambda value: type(value) is int and low <= value <= high, f"a whole number from {low} to {high}")


def ratio(high: float) -> Check:
    """Accept a number from 0."""
    return number_from(0, high)


def number_from(low: float, high: float) -> Check:
    """Accept a number, both ends included."""
    return Check(lambda value: is_number(value) and low <= value <= high, f"a number from {low:g} to {high:g}")


def over(high: float) -> Check:
    """Accept a number over 0."""
    return Check(lambda value: is_number(value) and 0 < value <= high, f"a number over 0 and up to {high:g}")


def yes_or_no() -> Check:
    """Accept true or false."""
    return Check(lambda value: isinstance(value, bool), "true or false")


def one_of(*words: str) -> Check:
    """Accept one of some words."""
    return Check(lambda value: value in words, " or ".join(words))


def or_null(check: Check) -> Check:
    """Accept null too."""
    return Check(lambda value: value is None or check.passes(value), f"null or {check.must}")


def list_of(pattern: re.Pattern[str], what: str) -> Check:
    """Accept a list of different texts that match a pattern."""
    return Check(
        lambda value: (
            isinstance(value, list)
            and all(isinstance(entry, str) and pattern.fullmatch(entry) for entry in value)
            and len(set(value)) == len(value)
        ),
        f"a list of different {what}",
    )
