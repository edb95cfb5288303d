"""assess_version: called by the workflows after each look at a model version; says wait, reached or failed."""

from collections.abc import Mapping
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.model_versions import Goal, assess

logger: Final = Logger()


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Assess `{"Goal", "VersionName", "Versions": [ProjectVersionDescription], "Looks"}`.

    Answers `{"Outcome": WAIT | REACHED | FAILED, "Reason", "Looks", "ProjectVersionArn", "F1Score"}`; the last
    two are absent where the version has none.
    """
    name: str = event["VersionName"]
    looks = int(event["Looks"]) + 1
    # DescribeProjectVersions was asked for this one name.
    description = event["Versions"][0] if event["Versions"] else None
    assessment = assess(Goal(event["Goal"]), name, description, looks)
    logger.info("assessed", version=name, goal=event["Goal"], outcome=assessment.outcome, reason=assessment.reason)
    return {
        "Outcome": assessment.outcome.value,
        "Reason": assessment.reason,
        "Looks": looks,
        **_of_version(description or {}),
    }


def _of_version(description: Mapping[str, Any]) -> dict[str, Any]:
    said = {
        "ProjectVersionArn": description.get("ProjectVersionArn"),
        "F1Score": description.get("EvaluationResult", {}).get("F1Score"),
    }
    return {name: value for name, value in said.items() if value is not None}
