"""Keep the reviews by people that DetectModerationLabels begins. There is no Amazon A2I here: none ever ends.

A flow definition's own conditions are not known here either. A review begins when the answer has a label.
"""

from __future__ import annotations

import json
import re
import threading
from typing import Any

from local.rekognition.errors import ServiceError, invalid_parameter
from local.rekognition.state import Caller

MOST_LOOPS = 5000  # in progress, per account and Region; Amazon's number is unverified
_FLOW_DEFINITION = re.compile(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:flow-definition/[a-z0-9](-*[a-z0-9]){0,62}")


class HumanLoops:
    """All accounts' reviews, by their ARNs."""

    def __init__(self, most: int = MOST_LOOPS) -> None:
        self._lock = threading.Lock()
        self._most = most
        self._arns: set[str] = set()

    def forget(self) -> None:
        """Forget all reviews."""
        with self._lock:
            self._arns.clear()

    def contents(self) -> frozenset[str]:
        """Return all that is to outlive this process."""
        with self._lock:
            return frozenset(self._arns)

    def restore(self, contents: frozenset[str]) -> None:
        """Take over what `contents` once returned."""
        with self._lock:
            self._arns = set(contents)

    def check(self, config: dict[str, Any]) -> None:
        """Raise InvalidParameterException unless the HumanLoopConfig names a flow definition."""
        if not _FLOW_DEFINITION.fullmatch(config["FlowDefinitionArn"]):
            raise invalid_parameter("FlowDefinitionArn is not the ARN of a flow definition.")

    def activation(self, caller: Caller, config: dict[str, Any], least: float, activated: bool) -> dict[str, Any]:
        """Return HumanLoopActivationOutput; begin the review when it is activated.

        Raises ServiceError: InvalidParameterException for a name in use, HumanLoopQuotaExceededException.
        """
        condition = {
            "ConditionType": "ModerationLabelConfidenceCheck",
            "ConditionParameters": {"ModerationLabelName": "*", "ConfidenceGreaterThan": least},
            "EvaluationResult": activated,
        }
        output: dict[str, Any] = {
            "HumanLoopActivationConditionsEvaluationResults": json.dumps({"Conditions": [condition]})
        }
        if not activated:
            return output
        arn = self._begin(caller, config["HumanLoopName"])
        return {"HumanLoopArn": arn, "HumanLoopActivationReasons": ["ConditionsEvaluation"], **output}

    def _begin(self, caller: Caller, name: str) -> str:
        home = f"arn:aws:sagemaker:{caller.region}:{caller.account}:human-loop/"
        with self._lock:
            if home + name in self._arns:
                raise invalid_parameter(f"A human loop named {name} exists; give each image a name of its own.")
            if sum(arn.startswith(home) for arn in self._arns) >= self._most:
                raise _quota_exceeded(self._most)
            self._arns.add(home + name)
        return home + name


def _quota_exceeded(most: int) -> ServiceError:
    message = f"The account has {most} human loops in progress, the most that it may have."
    members = {"ResourceType": "human-loop", "QuotaCode": "local", "ServiceCode": "sagemaker"}
    return ServiceError("HumanLoopQuotaExceededException", message, members=members)
