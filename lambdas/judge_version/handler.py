"""judge_version: called by train_model for a version that is trained; says whether it may run, and remembers why."""

from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import JudgeVersion, from_environment
from lambdas.evaluations import read_evaluation, tested_images
from lambdas.judge_version.verdict import Rival, RivalTests, judge
from lambdas.prices import training_dollars
from lambdas.registry import Registry

logger: Final = Logger()


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Judge `{"Project", "ProjectArn", "Attempt", "Version": ProjectVersionDescription}`.

    Answers `{"Accepted", "Reasons", "Notes", "BillableSeconds", "Dollars"}` and notes them in the registry's attempt.
    """
    registry = Registry(client("dynamodb"), from_environment(JudgeVersion).registry_table)
    project, version = event["Project"], event["Version"]
    rival = _rival(registry, project, event["ProjectArn"], version)
    verdict = judge(load_settings().projects[project], read_evaluation(client("s3"), version), rival)
    seconds = int(version.get("BillableTrainingTimeInSeconds", 0))
    said = {
        "Reasons": list(verdict.reasons),
        "Notes": list(verdict.notes),
        "BillableSeconds": seconds,
        "Dollars": training_dollars(seconds),
    }
    f1 = version.get("EvaluationResult", {}).get("F1Score")
    registry.note(project, event["Attempt"], said | ({} if f1 is None else {"F1Score": f1}))
    logger.info("judged", accepted=verdict.accepted, said=said)
    return said | {"Accepted": verdict.accepted}


def _rival(registry: Registry, project: str, project_arn: str, candidate: dict[str, Any]) -> Rival | None:
    """Return the active version, where there is another one whose evaluation can still be read."""
    active = registry.registration(project)
    if active.active_version_name is None or active.active_version_arn == candidate["ProjectVersionArn"]:
        return None
    answer = client("rekognition").describe_project_versions(
        ProjectArn=project_arn, VersionNames=[active.active_version_name]
    )
    for description in answer["ProjectVersionDescriptions"]:
        evaluation = read_evaluation(client("s3"), description)
        if evaluation is not None:
            same = tested_images(client("s3"), description) == tested_images(client("s3"), candidate)
            return Rival(active.active_version_name, evaluation, RivalTests.SAME if same else RivalTests.DIFFERENT)
    return None
