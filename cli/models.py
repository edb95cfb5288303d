"""Model versions of a deployment: list and stop."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.deployment import Clients, Deployment
from lambdas.errors import error_code
from lambdas.model_versions import BILLED, VersionStatus
from lambdas.registry import Wanted
from lambdas.rekognition_projects import projects_of

_QUIET_LOOKS: Final = 2  # looks in a row that must find no message in flight
_LOOK_SECONDS: Final = 2.0
_PATIENCE_SECONDS: Final = 900.0
_CLOSE_SECONDS: Final = 120.0
# Nothing that reads the queue lives longer than this once its event source is closed: the function's timeout is 60 s.
# What stays in flight then was put off, and comes back by itself.
_QUIET_SECONDS: Final = 90.0

Progress = Callable[[str], None]


class ModelError(RuntimeError):
    """A model cannot be started or stopped; the message says why and what to do."""


@dataclass(frozen=True)
class Model:
    """One version of a project's model."""

    project: str
    version: str
    status: VersionStatus
    f1: float | None
    active: bool
    inference_units: int | None
    message: str | None
    project_arn: str
    arn: str

    @property
    def is_billed(self) -> bool:
        """Whether it costs money now, or is about to."""
        return self.status in BILLED

    def to_json(self) -> dict[str, Any]:
        """Spell the model for `--json`."""
        return {
            "Project": self.project,
            "VersionName": self.version,
            "Status": self.status.value,
            "F1Score": self.f1,
            "Active": self.active,
            "MinInferenceUnits": self.inference_units,
            "StatusMessage": self.message,
            "ProjectVersionArn": self.arn,
        }


def list_models(clients: Clients, deployment: Deployment, project: str | None = None) -> Iterator[Model]:
    """Yield the versions of one project or of all, the newest of each first."""
    for name, description in projects_of(clients("rekognition"), deployment.name):
        if project in (None, name):
            yield from _versions(clients, deployment, name, description["ProjectArn"])


def stop_model(
    clients: Clients,
    deployment: Deployment,
    project: str,
    progress: Progress,
    look_seconds: float = _LOOK_SECONDS,
    until: float | None = None,
) -> list[Model]:
    """Close the project's queue, let images in flight end, stop what runs, and wait until it has stopped.

    Images that arrive from then on wait in the queue; after `until` (epoch seconds; None: no end) the project's
    runtime decides again. Returns the versions that were stopped. Where the queue would not close, the models are
    stopped all the same, and ModelError says so.
    """
    opened = deployment.project(project)
    # First: if all else fails, the guard stops an active version that is wanted STOPPED.
    deployment.registry(clients).want(project, Wanted.STOPPED, time.time(), until)
    progress("closing the queue's event source")
    unclosed = _close(clients("lambda"), opened.event_source_id, look_seconds)
    if unclosed is None:
        progress("letting the images in flight end")
        _wait_until_quiet(clients("sqs"), opened.queue_url, look_seconds)
    stopped = _stop_all(clients, deployment, project, progress, look_seconds)
    if unclosed is not None:
        raise ModelError(
            f"the models of {project} are stopped, but its event source {opened.event_source_id} would not close: "
            f"{unclosed}; images come back every 15 minutes until it is closed, so run this again"
        )
    return stopped


def _close(lambda_: Any, event_source_id: str, look_seconds: float) -> ClientError | None:
    """Disable an event source; return Lambda's refusal where it goes on changing for two minutes."""
    deadline = time.monotonic() + _CLOSE_SECONDS
    while True:
        try:
            lambda_.update_event_source_mapping(UUID=event_source_id, Enabled=False)
        except ClientError as error:
            if error_code(error) != "ResourceInUseException" or time.monotonic() > deadline:
                return error
            time.sleep(look_seconds)
        else:
            return None


def _stop_all(
    clients: Clients, deployment: Deployment, project: str, progress: Progress, look_seconds: float
) -> list[Model]:
    """Stop each version as soon as it runs, until none runs, starts or stops."""
    stopped: dict[str, Model] = {}
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while billed := [model for model in list_models(clients, deployment, project) if model.is_billed]:
        for model in billed:
            if model.status is VersionStatus.RUNNING and model.arn not in stopped:
                progress(f"stopping {model.version}")
                if _stop(clients("rekognition"), model.arn):
                    stopped[model.arn] = model
        if time.monotonic() > deadline:
            raise ModelError(
                f"{billed[0].version} is still {billed[0].status} after {_PATIENCE_SECONDS:.0f} s and is being billed; "
                f"run `customlabels stop {project}` again"
            )
        time.sleep(look_seconds)
    return list(stopped.values())


def _stop(rekognition: Any, arn: str) -> bool:
    """Ask a version to stop; False where the guard was faster, or its status has changed: the next look shows it."""
    try:
        rekognition.stop_project_version(ProjectVersionArn=arn)
    except ClientError as error:
        if error_code(error) != "ResourceInUseException":
            raise
        return False
    return True


def _versions(clients: Clients, deployment: Deployment, project: str, project_arn: str) -> Iterator[Model]:
    active = deployment.registry(clients).registration(project).active_version_arn
    pages = clients("rekognition").get_paginator("describe_project_versions").paginate(ProjectArn=project_arn)
    for page in pages:
        for said in page["ProjectVersionDescriptions"]:
            arn = said["ProjectVersionArn"]
            yield Model(
                project=project,
                version=arn.split("/")[3],
                status=VersionStatus(said["Status"]),
                f1=said.get("EvaluationResult", {}).get("F1Score"),
                active=arn == active,
                inference_units=said.get("MinInferenceUnits"),
                message=said.get("StatusMessage"),
                project_arn=project_arn,
                arn=arn,
            )


def _wait_until_quiet(sqs: Any, queue_url: str, look_seconds: float) -> None:
    quiet, deadline = 0, time.monotonic() + _QUIET_SECONDS
    while quiet < _QUIET_LOOKS:
        answer = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
        quiet = quiet + 1 if int(answer["Attributes"]["ApproximateNumberOfMessagesNotVisible"]) == 0 else 0
        if time.monotonic() > deadline:
            return
        time.sleep(look_seconds)
