"""Read a plan of faults as JSON has it, strictly: a rule that can never strike hides what a test is for.

{"seed": 7, "rules": [{"fault": "throttling", "operations": ["DetectCustomLabels"], "probability": 0.1},
{"fault": "training_failed", "on": [1], "message": "The manifest file is empty."},
{"fault": "latency", "latency": {"distribution": "lognormal", "seconds": 0.2, "second": 0.5}}]}
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from local.rekognition.fault_plans import Distribution, Fault, FaultPlan, InvalidFaultPlanError, Latency, Rule

T = TypeVar("T")
Default = TypeVar("Default")
Word = TypeVar("Word", bound=StrEnum)


def plan_from(given: object, operations: Collection[str]) -> FaultPlan:
    """Read a plan for a service with these operations.

    Raises InvalidFaultPlanError, which names the rule (the first is 1), the member and the remedy.
    """
    plan = _members(given, "the plan", "seed", "rules")
    rules = []
    for number, each in enumerate(_list(plan, "rules", object, "objects"), 1):
        try:
            rules.append(_rule(each, operations))
        except InvalidFaultPlanError as error:
            raise InvalidFaultPlanError(f"rule {number}: {error}") from error
    return FaultPlan(tuple(rules), _one(plan, "seed", int, "a whole number", 0))


def plan_as_json(plan: FaultPlan) -> dict[str, Any]:
    """Write a plan as `plan_from` reads it."""
    return {
        "seed": plan.seed,
        "rules": [
            {"fault": rule.fault, "probability": rule.probability}
            | ({"operations": sorted(rule.operations)} if rule.operations else {})
            | ({"on": sorted(rule.on)} if rule.on else {})
            | ({"message": rule.message} if rule.message is not None else {})
            | ({"latency": vars(rule.latency)} if rule.latency else {})
            for rule in plan.rules
        ],
    }


def _rule(given: object, operations: Collection[str]) -> Rule:
    rule = _members(given, "a rule", "fault", "operations", "probability", "on", "message", "latency")
    return Rule(
        _word(rule, "fault", Fault),
        _operations(rule, operations),
        _number(rule, "probability", 1.0),
        frozenset(_list(rule, "on", int, "whole numbers")),
        _one(rule, "message", str, "a text", None),
        _latency(rule["latency"]) if "latency" in rule else None,
    )


def _operations(rule: Mapping[str, Any], known: Collection[str]) -> frozenset[str]:
    named = _list(rule, "operations", str, "names")
    for name in named:
        if name not in known:
            close = get_close_matches(name, known, 1) or sorted(known)
            raise InvalidFaultPlanError(f"operations has {name!r}, which is not served: give {' or '.join(close)}")
    return frozenset(named)


def _latency(given: object) -> Latency:
    latency = _members(given, "latency", "distribution", "seconds", "second")
    if "seconds" not in latency:
        raise InvalidFaultPlanError("latency.seconds is missing: give a number")
    distribution = _word(latency, "distribution", Distribution)
    return Latency(distribution, _number(latency, "seconds", 0.0), _number(latency, "second", 0.0))


def _members(given: object, what: str, *names: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise InvalidFaultPlanError(f"{what} is {given!r}: give an object of {', '.join(names)}")
    for name in given:
        if name not in names:
            raise InvalidFaultPlanError(f"{what} has {name!r}: it may have {', '.join(names)}")
    return given


def _word(given: Mapping[str, Any], name: str, words: type[Word]) -> Word:
    for word in words:
        if given.get(name) == word:
            return word
    raise InvalidFaultPlanError(f"{name} is {given.get(name)!r}: give one of {', '.join(words)}")


def _list(given: Mapping[str, Any], name: str, kind: type[T], what: str) -> list[T]:
    value = given.get(name, [])
    if not isinstance(value, list) or not all(_is(item, kind) for item in value):
        raise InvalidFaultPlanError(f"{name} is {value!r}: give a list of {what}")
    return value


def _number(given: Mapping[str, Any], name: str, default: float) -> float:
    value = given.get(name, default)
    if not _is(value, int) and not _is(value, float):
        raise InvalidFaultPlanError(f"{name} is {value!r}: give a number")
    try:
        return float(value)
    except OverflowError:
        raise InvalidFaultPlanError(f"{name} is too large: give a smaller number") from None


def _one(given: Mapping[str, Any], name: str, kind: type[T], what: str, default: Default) -> T | Default:
    if name not in given:
        return default
    value = given[name]
    if not isinstance(value, kind) or not _is(value, kind):
        raise InvalidFaultPlanError(f"{name} is {value!r}: give {what}")
    return value


def _is(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)  # JSON's true is no number, Python's is
