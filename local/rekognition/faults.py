"""Fail on purpose, as a plan says."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from local.rekognition.errors import ServiceError
from local.rekognition.failures import SERVICE_ISSUE
from local.rekognition.fault_plans import MOST_SECONDS, NO_FAULTS, STEPS, Fault, FaultPlan

_REFUSALS: Final[Mapping[Fault, tuple[str, str, int]]] = {
    Fault.THROTTLING: ("ThrottlingException", "Amazon Rekognition is temporarily unable to process the request.", 500),
    Fault.PROVISIONED_THROUGHPUT: ("ProvisionedThroughputExceededException", "Provisioned Rate exceeded.", 400),
    Fault.INTERNAL_ERROR: ("InternalServerError", SERVICE_ISSUE, 500),
    Fault.ACCESS_DENIED: ("AccessDeniedException", "You are not authorized to perform the action.", 400),
}


@dataclass(frozen=True)
class Struck:
    """What shall go wrong with one request."""

    wait: float = 0.0  # seconds, before anything else; at most MOST_SECONDS
    cut: bool = False
    refusal: ServiceError | None = None
    endings: Mapping[Fault, str] = field(default_factory=dict)  # of the step that it begins: the StatusMessage


class Faults:
    """A plan at work. Safe to use from any thread."""

    def __init__(self, plan: FaultPlan = NO_FAULTS) -> None:
        self._lock = threading.Lock()
        self.follow(plan)

    def follow(self, plan: FaultPlan) -> None:
        """Follow a plan from its beginning."""
        with self._lock:
            self.plan = plan
            self._requests = [0] * len(plan.rules)
            # A chance of its own for each rule: what concerns one does not change what another draws.
            self._chances = [random.Random(f"{plan.seed}/{number}") for number in range(len(plan.rules))]

    def strike(self, operation: str) -> Struck:
        """Return what goes wrong with this request; of several refusals the first rule's counts."""
        wait, cut, refusal = 0.0, False, None
        endings: dict[Fault, str] = {}
        with self._lock:
            for number, rule in enumerate(self.plan.rules):
                if not rule.concerns(operation) or not self._hits(number):
                    continue
                if rule.latency:
                    wait += rule.latency.draw(self._chances[number])
                elif rule.fault is Fault.CONNECTION_CUT:
                    cut = True
                elif rule.fault in STEPS:
                    endings[rule.fault] = rule.message or SERVICE_ISSUE
                else:
                    code, message, status = _REFUSALS[rule.fault]
                    refusal = refusal or ServiceError(code, rule.message or message, status)
        return Struck(min(wait, MOST_SECONDS), cut, refusal, endings)

    def _hits(self, number: int) -> bool:
        rule = self.plan.rules[number]
        self._requests[number] += 1
        if rule.on and self._requests[number] not in rule.on:
            return False
        return self._chances[number].random() < rule.probability
