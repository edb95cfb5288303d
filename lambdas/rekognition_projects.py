"""The Rekognition projects of a deployment, by their names' prefix."""

from collections.abc import Iterator
from typing import Any

from lambdas.names import rekognition_prefix


def projects_of(rekognition: Any, deployment: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name in cdk.json and description of the projects, also of those that cdk.json has forgotten."""
    prefix = rekognition_prefix(deployment)
    for page in rekognition.get_paginator("describe_projects").paginate():
        for project in page["ProjectDescriptions"]:
            name = project["ProjectArn"].split("/")[1]
            if name.startswith(prefix):
                yield name.removeprefix(prefix), project
