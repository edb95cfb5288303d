"""Tells how an execution of a workflow went, for the commands that start one."""

import argparse
import time

from cli.deployment import Clients
from cli.output import say, show
from cli.workflows import Ended, follow, in_words


def report(
    options: argparse.Namespace, clients: Clients, execution: str, usual_seconds: float | None = None, then: str = ""
) -> int:
    """Follow an execution to its end, print how it ended and return the exit code.

    Each state is shown with the time since the start, and the `usual_seconds` where they are known. `then` says how
    it goes on with a model that runs.
    """
    if options.no_wait:
        show(options, {"ExecutionArn": execution}, [execution, *_lines(then)])
        return 0
    ended = _followed(clients, execution, usual_seconds)
    claimed_by = str(ended.output.get("ClaimedBy", ""))
    if claimed_by and _runs(clients, claimed_by):
        say("its upload has started this training already; here is how that goes")
        execution, ended = claimed_by, _followed(clients, claimed_by, usual_seconds)
    elif claimed_by:
        say("the upload has started its training already; to train the same data again, name a new --run")
    runs = ended.output.get("Outcome") == "RUNNING"
    lines = [_ending(ended), *_lines(then if runs else "")]
    show(options, {"ExecutionArn": execution, "Status": ended.status, **ended.output}, lines)
    return 0 if ended.status == "SUCCEEDED" else 1


def _lines(then: str) -> list[str]:
    return [then] if then else []


def _followed(clients: Clients, execution: str, usual_seconds: float | None) -> Ended:
    stepfunctions = clients("stepfunctions")
    began = stepfunctions.describe_execution(executionArn=execution)["startDate"].timestamp()
    usual = "" if usual_seconds is None else f" of usually {in_words(usual_seconds)}"
    return follow(stepfunctions, execution, lambda state: say(f"{in_words(time.time() - began)}{usual}: {state}"))


def _runs(clients: Clients, execution: str) -> bool:
    said = clients("stepfunctions").describe_execution(executionArn=execution)
    return str(said["status"]) == "RUNNING"


def _ending(ended: Ended) -> str:
    if ended.status == "SUCCEEDED":
        return " ".join(f"{name}={value}" for name, value in ended.output.items())
    return f"{ended.status}: {ended.error}: {ended.cause}"
