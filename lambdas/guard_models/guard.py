"""Stops what runs and is not wanted. Shares no code with the workflows: it describes and stops, nothing else."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

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
class StopReport:
    """What one run of the guard did."""

    stopped: list[RunningVersion]
    refused: list[tuple[RunningVersion, str]]  # with the service's words


def running_versions(rekognition: Any, deployment: str) -> Iterator[RunningVersion]:
    """Yield every RUNNING version of the deployment's projects, also of projects that cdk.json has forgotten."""
    prefix = rekognition_prefix(deployment)
    for page in rekognition.get_paginator("describe_projects").paginate():
        for project in page["ProjectDescriptions"]:
            name = project["ProjectArn"].split("/")[1]
            if name.startswith(prefix):
                yield from _running_of(rekognition, project["ProjectArn"], name.removeprefix(prefix))


def is_wanted(version: RunningVersion, registry: Registry, now: float) -> bool:
    """Tell whether the registry explains why a version runs: it is active, or a workflow holds a lease on it."""
    # Leases first: a workflow gives its lease back after it has made the version active, so that one of the two shows.
    if version.name in registry.leased_versions(version.project, now):
        return True
    registration = registry.registration(version.project)
    return version.arn == registration.active_version_arn and registration.wanted is Wanted.RUNNING


def stop_unwanted(rekognition: Any, registry: Registry, deployment: str, now: float) -> StopReport:
    """Stop every running version that is neither active nor leased."""
    report = StopReport([], [])
    for version in running_versions(rekognition, deployment):
        if is_wanted(version, registry, now):
            continue
        try:
            rekognition.stop_project_version(ProjectVersionArn=version.arn)
        except ClientError as error:
            if error_code(error) not in _RACED:  # else it was stopped or deleted since the look
                report.refused.append((version, str(error)))
        else:
            report.stopped.append(version)
    return report


def tell(sns: Any, topic_arn: str, deployment: str, report: StopReport) -> None:
    """Say on the operations topic what was stopped and what would not stop."""
    for version in report.stopped:
        _publish(sns, topic_arn, deployment, version, "STOPPED", "It was neither active nor under a live lease.")
    for version, message in report.refused:
        _publish(sns, topic_arn, deployment, version, "STOP_REFUSED", message)


def _running_of(rekognition: Any, project_arn: str, project: str) -> Iterator[RunningVersion]:
    for page in rekognition.get_paginator("describe_project_versions").paginate(ProjectArn=project_arn):
        for version in page["ProjectVersionDescriptions"]:
            if version["Status"] == _RUNNING:
                arn = version["ProjectVersionArn"]
                yield RunningVersion(project, arn.split("/")[3], arn, version.get("MinInferenceUnits", 1))


def _publish(sns: Any, topic_arn: str, deployment: str, version: RunningVersion, status: str, message: str) -> None:
    sns.publish(
        TopicArn=topic_arn,
        Subject=f"{deployment}: model {version.project} {status.lower().replace('_', ' ')}"[:100],
        Message=json.dumps(
            {
                "API": "StopProjectVersion",
                "Status": status,
                "Project": version.project,
                "VersionName": version.name,
                "ProjectVersionArn": version.arn,
                "InferenceUnits": version.inference_units,
                "StatusMessage": message,
            }
        ),
        MessageAttributes={
            "Status": {"DataType": "String", "StringValue": status},
            "Project": {"DataType": "String", "StringValue": version.project},
        },
    )
