"""What runs: the versions of a deployment's projects that are billed."""

from collections.abc import Iterator
from typing import Any, Final

from lambdas.guard_models.words import BilledVersion
from lambdas.model_versions import VersionStatus
from lambdas.names import rekognition_prefix

_BILLED: Final = frozenset({VersionStatus.STARTING, VersionStatus.RUNNING})  # what is STOPPING needs no stop


def projects_of(rekognition: Any, deployment: str) -> Iterator[tuple[str, str]]:
    """Yield name and ARN of the deployment's projects, also of those that cdk.json has forgotten."""
    prefix = rekognition_prefix(deployment)
    for page in rekognition.get_paginator("describe_projects").paginate():
        for project in page["ProjectDescriptions"]:
            name = project["ProjectArn"].split("/")[1]
            if name.startswith(prefix):
                yield name.removeprefix(prefix), project["ProjectArn"]


def billed_versions(rekognition: Any, project: str, project_arn: str) -> list[BilledVersion]:
    """Return the versions of a project that are RUNNING or STARTING."""
    pages = rekognition.get_paginator("describe_project_versions").paginate(ProjectArn=project_arn)
    return [
        BilledVersion(
            project=project,
            name=said["ProjectVersionArn"].split("/")[3],
            arn=said["ProjectVersionArn"],
            status=VersionStatus(said["Status"]),
            inference_units=said.get("MinInferenceUnits", 1),
        )
        for page in pages
        for said in page["ProjectVersionDescriptions"]
        if said["Status"] in _BILLED
    ]
