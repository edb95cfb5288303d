"""pick_versions: called by delete_versions; names the old versions that a project need not keep."""

import time
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import PickVersions, from_environment
from lambdas.pick_versions.picking import needed_versions, pick, versions_of
from lambdas.registry import Registry

logger: Final = Logger()


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer `{"Doomed": [ProjectVersionArn]}` for `{"Project", "ProjectArn"}`; none where all versions are kept."""
    keep = load_settings().projects[event["Project"]].keep_versions
    if keep is None:
        return {"Doomed": []}
    registry = Registry(client("dynamodb"), from_environment(PickVersions).registry_table)
    versions = versions_of(client("rekognition"), event["ProjectArn"])
    doomed = pick(versions, needed_versions(registry, event["Project"], time.time()), keep)
    logger.info("picked", doomed=[version.name for version in doomed], of=len(versions))
    return {"Doomed": [version.arn for version in doomed]}
