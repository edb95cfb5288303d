"""What runs: the versions of a deployment's projects that are billed."""

from typing import Any, Final

from lambdas.guard_models.words import BilledVersion
from lambdas.model_versions import BILLED, VersionStatus

_TO_STOP: Final = BILLED - {VersionStatus.STOPPING}


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
        if said["Status"] in _TO_STOP
    ]
