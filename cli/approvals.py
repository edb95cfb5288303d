"""Answers a training that waits for a person's approval."""

import json
from typing import Any

from botocore.exceptions import ClientError

from cli.deployment import Clients, Deployment
from lambdas.errors import error_code


class ApprovalError(RuntimeError):
    """There is nothing to approve or refuse, or not one thing alone; the message says what there is."""


def approve(clients: Clients, deployment: Deployment, project: str, version: str | None = None) -> str:
    """Let a version run that waits for approval; return its name. Raises ApprovalError."""
    waiting = _waiting(clients, deployment, project, version)
    _answer(clients("stepfunctions").send_task_success, waiting, output=json.dumps({"Approved": True}))
    return str(waiting["VersionName"])


def refuse(clients: Clients, deployment: Deployment, project: str, reason: str, version: str | None = None) -> str:
    """Reject a version that waits for approval; return its name. Raises ApprovalError."""
    waiting = _waiting(clients, deployment, project, version)
    _answer(clients("stepfunctions").send_task_failure, waiting, error="Refused", cause=reason)
    return str(waiting["VersionName"])


def _waiting(clients: Clients, deployment: Deployment, project: str, version: str | None) -> dict[str, Any]:
    deployment.project(project)
    attempts = deployment.registry(clients).attempts(project)
    waiting = [attempt for attempt in attempts if attempt.get("ApprovalToken")]
    chosen = [attempt for attempt in waiting if version in (None, attempt["VersionName"])]
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(sorted(attempt["VersionName"] for attempt in waiting)) or "none"
    remedy = "choose with --version" if len(chosen) > 1 else "`customlabels models` shows how trainings went"
    raise ApprovalError(f"of {project} these versions wait for approval: {names}; {remedy}")


def _answer(send: Any, waiting: dict[str, Any], **said: str) -> None:
    try:
        send(taskToken=waiting["ApprovalToken"], **said)
    except ClientError as error:
        if error_code(error) not in ("TaskDoesNotExist", "TaskTimedOut"):
            raise
        raise ApprovalError(
            f"{waiting['VersionName']} waits no longer: its approval expired, was given, or its training was aborted"
        ) from error
