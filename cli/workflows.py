"""Follows an execution of a Step Functions workflow."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cli.deployment import Clients, Deployment

_LOOK_SECONDS: Final = 2.0
_SHORT_SECONDS: Final = 0.5
_WORKFLOWS: Final = ("TrainModelArn", "RunModelArn")  # outputs of the training stack


class ExecutionNotFoundError(LookupError):
    """No execution of a workflow was started for what it should have been started for."""


@dataclass(frozen=True)
class Ended:
    """How an execution ended."""

    status: str  # SUCCEEDED, FAILED, TIMED_OUT or ABORTED
    output: dict[str, Any]  # of a SUCCEEDED one
    error: str | None
    cause: str | None


def follow(
    stepfunctions: Any, execution_arn: str, on_state: Callable[[str], None], look_seconds: float = _LOOK_SECONDS
) -> Ended:
    """Call `on_state` with each state that the execution enters, and return how it ended."""
    seen = 0
    while True:
        # The status first: what happened before it ended is in the history then.
        said = stepfunctions.describe_execution(executionArn=execution_arn)
        entered = list(states_entered(stepfunctions, execution_arn))
        for name in entered[seen:]:
            on_state(name)
        seen = len(entered)
        if said["status"] != "RUNNING":
            return Ended(
                status=said["status"],
                output=json.loads(said.get("output") or "{}"),
                error=said.get("error"),
                cause=said.get("cause"),
            )
        time.sleep(look_seconds)


def times_of(attempts: Iterable[Mapping[str, Any]]) -> list[float]:
    """Return the seconds that each finished training took, from its claim to its end."""
    ends = [attempt for attempt in attempts if "EndedAt" in attempt and "CreatedAt" in attempt]
    return [(attempt["EndedAt"] - attempt["CreatedAt"]) / 1000 for attempt in ends]


def in_words(seconds: float) -> str:
    """Spell a time for people: 45 s, 12 min, 3 h 05 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


def states_entered(stepfunctions: Any, execution_arn: str) -> Iterator[str]:
    """Yield the names of the states that an execution has entered, in order."""
    pages = stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    for page in pages:
        for event in page["events"]:
            details = event.get("stateEnteredEventDetails")
            if details:
                yield details["name"]


def executions_running(clients: Clients, deployment: Deployment, project: str) -> Iterator[str]:
    """Yield the ARNs of the executions that work for a project now."""
    stepfunctions = clients("stepfunctions")
    for workflow in (arn for output, arn in deployment.workflows.items() if output in _WORKFLOWS):
        pages = stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=workflow, statusFilter="RUNNING"
        )
        for execution in (execution for page in pages for execution in page["executions"]):
            arn = str(execution["executionArn"])
            given = json.loads(stepfunctions.describe_execution(executionArn=arn)["input"])
            key = given.get("detail", {}).get("object", {}).get("key", "")
            if project in (given.get("Project"), key.partition("/")[0]):
                yield arn


def find_execution(stepfunctions: Any, workflow_arn: str, mark: str, seconds: float) -> str:
    """Return the ARN of the newest execution whose input mentions `mark`; wait at most so many seconds for it.

    Raises ExecutionNotFoundError.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for page in stepfunctions.get_paginator("list_executions").paginate(stateMachineArn=workflow_arn):
            for execution in page["executions"]:
                arn = str(execution["executionArn"])
                if mark in stepfunctions.describe_execution(executionArn=arn)["input"]:
                    return arn
        time.sleep(_SHORT_SECONDS)
    raise ExecutionNotFoundError(f"no execution of {workflow_arn} for {mark} began in {seconds:.0f} s")
