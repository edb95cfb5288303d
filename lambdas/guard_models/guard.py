"""Stops what runs and is not wanted. Shares no code with the workflows: it describes and stops, nothing else."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.deployment_settings import DeploymentSettings
from lambdas.errors import error_code
from lambdas.names import rekognition_prefix
from lambdas.registry import Registry, Wanted

_RUNNING: Final = "RUNNING"
_RACED: Final = frozenset({"ResourceInUseException", "ResourceNotFoundException"})


@dataclass(frozen=True)
class RunningVersion:
    """A version that is being billed."""

    project: str  # as the deployment names it
    name: str
    arn: str
    inference_units: int


@dataclass(frozen=True)
class Refusal:
    """What the guard could not do; its project may have a model that runs and is billed."""

    project: str
    message: str  # the service's words


@dataclass(frozen=True)
class StopReport:
    """What one run of the guard did."""

    stopped: list[RunningVersion]
    refused: list[Refusal]


def stop_unwanted(rekognition: Any, registry: Registry, settings: DeploymentSettings, now: float) -> StopReport:
    """Stop every running version that is neither active nor leased, and all of projects that cdk.json has forgotten.

    A project that cannot be looked at is reported, and does not keep the guard from the others.
    """
    report = StopReport([], [])
    for project, arn in _projects(rekognition, settings.name):
        try:
            for version in _running_of(rekognition, arn, project):
                if project not in settings.projects or not is_wanted(version, registry, now):
                    _stop(rekognition, version, report)
        except (ClientError, BotoCoreError) as error:
            report.refused.append(Refusal(project, str(error)))
    return report


def is_wanted(version: RunningVersion, registry: Registry, now: float) -> bool:
    """Tell whether the registry explains why a version runs.

    It is active; or a workflow holds a lease on it; or it was active until a moment ago, and the workflow that
    replaced it holds its lease still, to stop it when the last images are through.
    """
    # Leases first: a workflow gives its lease back after it has made the version active, so that one of the two shows.
    leased = registry.leased_versions(version.project, now)
    if version.name in leased:
        return True
    registration = registry.registration(version.project)
    if version.arn == registration.former_version_arn:
        return bool(leased)
    return version.arn == registration.active_version_arn and registration.wanted is Wanted.RUNNING


def tell(sns: Any, topic_arn: str, deployment: str, report: StopReport) -> None:
    """Say on the operations topic what was stopped and what would not stop."""
    for version in report.stopped:
        said: dict[str, str | int] = {
            "Project": version.project,
            "VersionName": version.name,
            "ProjectVersionArn": version.arn,
            "InferenceUnits": version.inference_units,
        }
        _publish(
            sns,
            topic_arn,
            deployment,
            "STOPPED",
            "It was neither active nor under a live lease, or its project is no longer in cdk.json.",
            said,
        )
    for refusal in report.refused:
        _publish(sns, topic_arn, deployment, "STOP_REFUSED", refusal.message, {"Project": refusal.project})


def _projects(rekognition: Any, deployment: str) -> Iterator[tuple[str, str]]:
    """Yield name and ARN of the deployment's projects, also of those that cdk.json has forgotten."""
    prefix = rekognition_prefix(deployment)
    for page in rekognition.get_paginator("describe_projects").paginate():
        for project in page["ProjectDescriptions"]:
            name = project["ProjectArn"].split("/")[1]
            if name.startswith(prefix):
                yield name.removeprefix(prefix), project["ProjectArn"]


def _running_of(rekognition: Any, project_arn: str, project: str) -> Iterator[RunningVersion]:
    for page in rekognition.get_paginator("describe_project_versions").paginate(ProjectArn=project_arn):
        for version in page["ProjectVersionDescriptions"]:
            if version["Status"] == _RUNNING:
                arn = version["ProjectVersionArn"]
                yield RunningVersion(project, arn.split("/")[3], arn, version.get("MinInferenceUnits", 1))


def _stop(rekognition: Any, version: RunningVersion, report: StopReport) -> None:
    try:
        rekognition.stop_project_version(ProjectVersionArn=version.arn)
    except ClientError as error:
        if error_code(error) not in _RACED:  # else it was stopped or deleted since the look
            report.refused.append(Refusal(version.project, f"{version.arn}: {error}"))
    else:
        report.stopped.append(version)


def _publish(
    sns: Any, topic_arn: str, deployment: str, status: str, message: str, said: Mapping[str, str | int]
) -> None:
    sns.publish(
        TopicArn=topic_arn,
        Subject=f"{deployment}: model of {said['Project']} {status.lower().replace('_', ' ')}"[:100],
        Message=json.dumps({"API": "StopProjectVersion", "Status": status, "StatusMessage": message, **said}),
        MessageAttributes={
            "Status": {"DataType": "String", "StringValue": status},
            "Project": {"DataType": "String", "StringValue": str(said["Project"])},
        },
    )
