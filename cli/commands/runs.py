"""Tells how an execution of a workflow went, for the commands that start one."""

import argparse

from cli.deployment import Clients
from cli.output import say, show
from cli.workflows import Ended, follow


def report(options: argparse.Namespace, clients: Clients, execution: str) -> int:
    """Follow an execution to its end, print how it ended and return the exit code."""
    if options.no_wait:
        show(options, {"ExecutionArn": execution}, [execution])
        return 0
    ended = follow(clients("stepfunctions"), execution, say)
    if ended.output.get("Outcome") == "ALREADY_CLAIMED":
        say("the upload has started its training already; to train the same data again, name a new --run")
    show(options, {"ExecutionArn": execution, "Status": ended.status, **ended.output}, [_ending(ended)])
    return 0 if ended.status == "SUCCEEDED" else 1


def _ending(ended: Ended) -> str:
    if ended.status == "SUCCEEDED":
        return " ".join(f"{name}={value}" for name, value in ended.output.items())
    return f"{ended.status}: {ended.error}: {ended.cause}"
