"""Say what shall go wrong, for tests and benchmarks: by chance with a seed, or at the requests that a script names."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

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
    VIDEO_ERROR = "video_error"  # the StartLabelDetection's job ends by the service's own fault: its topic hears ERROR


STEPS: Final = {
    Fault.TRAINING_FAILED: "CreateProjectVersion",
    Fault.COPYING_FAILED: "CopyProjectVersion",
    Fault.HOSTING_FAILED: "StartProjectVersion",
    Fault.VIDEO_ERROR: "StartLabelDetection",
}

MOST_SECONDS: Final = 3600.0  # that a latency may name, and that one request may wait in all
MOST_SIGMA: Final = 10.0  # beyond, the wait is either none or the longest


class InvalidFaultPlanError(ValueError):
    """A plan of faults cannot be read."""


class Distribution(StrEnum):
    """How latencies are spread, and what their two numbers of seconds are."""

    FIXED = "fixed"  # always the first
    UNIFORM = "uniform"  # between the first and the second
    EXPONENTIAL = "exponential"  # the first is the mean
    LOGNORMAL = "lognormal"  # the first is the median; the second, 0 to 10 without unit, is sigma of the logarithm


@dataclass(frozen=True)
class Latency:
    """Seconds to wait before a request is looked at."""

    distribution: Distribution
    seconds: float
    second: float = 0.0

    def __post_init__(self) -> None:
        bound = MOST_SIGMA if self.distribution is Distribution.LOGNORMAL else MOST_SECONDS
        for member, value, most in (("seconds", self.seconds, MOST_SECONDS), ("second", self.second, bound)):
            if not 0 <= value <= most:
                raise InvalidFaultPlanError(f"latency.{member} is {value}: give 0 to {most:g}")

    def draw(self, chance: random.Random) -> float:
        """Return the seconds to wait, which may be more than MOST_SECONDS."""
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
        if self.fault is Fault.LATENCY and self.latency is None:
            raise InvalidFaultPlanError("latency is missing: give its distribution and seconds")
        if self.fault is not Fault.LATENCY and self.latency is not None:
            raise InvalidFaultPlanError(f"latency does not belong to {self.fault}: leave it out")
        if not 0 <= self.probability <= 1:
            raise InvalidFaultPlanError(f"probability is {self.probability}: give 0 to 1")
        step = STEPS.get(self.fault)
        if step and self.operations - {step}:
            named = ", ".join(sorted(self.operations))
            raise InvalidFaultPlanError(f"operations is {named}: leave it out, {self.fault} strikes {step} only")
        if any(number < 1 for number in self.on):
            raise InvalidFaultPlanError(f"on is {sorted(self.on)}: count requests from 1")

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
