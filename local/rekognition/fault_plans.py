"""Say what shall go wrong, for tests and benchmarks: by chance with a seed, or at the requests that a script names."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

_OTHER_DETECTIONS: Final = frozenset(
    {"DetectLabels", "DetectModerationLabels", "StartLabelDetection", "GetLabelDetection"}
)


class Fault(StrEnum):
    """What can go wrong."""

    THROTTLING = "throttling"  # ThrottlingException
    PROVISIONED_THROUGHPUT = "provisioned_throughput"  # ProvisionedThroughputExceededException
    INTERNAL_ERROR = "internal_error"  # InternalServerError
    ACCESS_DENIED = "access_denied"  # AccessDeniedException, as in an account without Custom Labels
    CONNECTION_CUT = "connection_cut"  # no answer
    LATENCY = "latency"  # a later answer
    TRAINING_FAILED = "training_failed"  # the CreateProjectVersion's training ends in TRAINING_FAILED
    COPYING_FAILED = "copying_failed"  # the CopyProjectVersion's copy ends in COPYING_FAILED
    HOSTING_FAILED = "hosting_failed"  # after StartProjectVersion, STARTING ends in FAILED


STEPS: Final = {
    Fault.TRAINING_FAILED: "CreateProjectVersion",
    Fault.COPYING_FAILED: "CopyProjectVersion",
    Fault.HOSTING_FAILED: "StartProjectVersion",
}

MOST_SECONDS: Final = 3600.0


class InvalidFaultPlanError(ValueError):
    """A plan of faults cannot be read."""


class Distribution(StrEnum):
    """How latencies are spread, and what their two numbers of seconds are."""

    FIXED = "fixed"  # always the first
    UNIFORM = "uniform"  # between the first and the second
    EXPONENTIAL = "exponential"  # the first is the mean
    LOGNORMAL = "lognormal"  # the first is the median; the second, without unit, is sigma of the logarithm


@dataclass(frozen=True)
class Latency:
    """Seconds to wait before a request is looked at."""

    distribution: Distribution
    seconds: float
    second: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.seconds < MOST_SECONDS and 0 <= self.second < MOST_SECONDS):
            raise InvalidFaultPlanError(f"a latency is {self.seconds} and {self.second}, give 0 to {MOST_SECONDS}")

    def draw(self, chance: random.Random) -> float:
        match self.distribution:
            case Distribution.FIXED:
                return self.seconds
            case Distribution.UNIFORM:
                return chance.uniform(self.seconds, self.second)
            case Distribution.EXPONENTIAL:
                return chance.expovariate(1 / self.seconds) if self.seconds else 0.0
            case Distribution.LOGNORMAL:
                return self.seconds * chance.lognormvariate(0, self.second)


@dataclass(frozen=True)
class Rule:
    """One fault and the requests that it strikes.

    `operations` is empty for all that the fault can strike (access_denied: all of Custom Labels). Of their requests,
    `on` names the ones to strike, the first is 1; empty: each, with `probability`. `message` replaces the usual one.
    """

    fault: Fault
    operations: frozenset[str] = frozenset()
    probability: float = 1.0
    on: frozenset[int] = frozenset()
    message: str | None = None
    latency: Latency | None = None

    def __post_init__(self) -> None:
        if (self.fault is Fault.LATENCY) != (self.latency is not None):
            raise InvalidFaultPlanError(f"{self.fault}: latency rules, and only they, need a latency")
        if not 0 <= self.probability <= 1:
            raise InvalidFaultPlanError(f"{self.fault}: probability is {self.probability}, give 0 to 1")
        step = STEPS.get(self.fault)
        if step and self.operations - {step}:
            raise InvalidFaultPlanError(f"{self.fault} strikes {step} only, leave operations out")

    def concerns(self, operation: str) -> bool:
        if self.operations:
            return operation in self.operations
        if self.fault is Fault.ACCESS_DENIED:
            return operation not in _OTHER_DETECTIONS
        return STEPS.get(self.fault, operation) == operation


@dataclass(frozen=True)
class FaultPlan:
    """All rules; the same seed and the same requests give the same faults."""

    rules: tuple[Rule, ...] = ()
    seed: int = 0


NO_FAULTS: Final = FaultPlan()


def plan_from(given: object) -> FaultPlan:
    """Read a plan as JSON has it. Raises InvalidFaultPlanError.

    {"seed": 7, "rules": [{"fault": "throttling", "operations": ["DetectCustomLabels"], "probability": 0.1},
    {"fault": "training_failed", "on": [1], "message": "The manifest file is empty."},
    {"fault": "latency", "latency": {"distribution": "lognormal", "seconds": 0.2, "second": 0.5}}]}
    """
    try:
        plan = _members(given, "seed", "rules")
        return FaultPlan(tuple(_rule(rule) for rule in plan.get("rules", [])), int(plan.get("seed", 0)))
    except (TypeError, ValueError, KeyError) as error:
        raise InvalidFaultPlanError(f"the plan of faults cannot be read: {error}") from error


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


def _rule(given: object) -> Rule:
    rule = _members(given, "fault", "operations", "probability", "on", "message", "latency")
    return Rule(
        Fault(rule["fault"]),
        frozenset(map(str, rule.get("operations", []))),
        float(rule.get("probability", 1.0)),
        frozenset(map(int, rule.get("on", []))),
        rule.get("message"),
        _latency(rule["latency"]) if rule.get("latency") else None,
    )


def _latency(given: object) -> Latency:
    latency = _members(given, "distribution", "seconds", "second")
    seconds, second = float(latency["seconds"]), float(latency.get("second", 0.0))
    return Latency(Distribution(latency["distribution"]), seconds, second)


def _members(given: object, *names: str) -> Mapping[str, Any]:
    if not isinstance(given, dict) or given.keys() - set(names):
        raise TypeError(f"expected an object of {', '.join(names)}; got {given!r}")
    return given
