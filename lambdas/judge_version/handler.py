"""judge_version: called by train_model for a version that is trained; says whether it may run, and remembers why."""

from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import JudgeVersion, from_environment
from lambdas.errors import error_code
from lambdas.evaluations import Evaluation, read_evaluation, tested_images
from lambdas.judge_version.verdict import Rival, RivalTests, judge
from lambdas.prices import training_dollars
from lambdas.registry import Registry

_UNREADABLE: Final = frozenset({"AccessDenied", "NoSuchBucket", "NoSuchKey"})

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
    """Return the active version, where there is another one that was evaluated."""
    active = registry.registration(project)
    if active.active_version_name is None or active.active_version_arn == candidate["ProjectVersionArn"]:
        return None
    answer = client("rekognition").describe_project_versions(
        ProjectArn=project_arn, VersionNames=[active.active_version_name]
    )
    for description in answer["ProjectVersionDescriptions"]:
        try:
            return _compared(active.active_version_name, description, candidate)
        except ClientError as error:
            if error_code(error) not in _UNREADABLE:
                raise
            # It was trained by hand into another bucket, say: what is known of it is no reason to lose a training.
            logger.warning("the active version's evaluation cannot be read", error=str(error))
            f1 = description["EvaluationResult"]["F1Score"]
            return Rival(active.active_version_name, Evaluation(f1, {}), RivalTests.UNREADABLE)
    return None


def _compared(name: str, active: dict[str, Any], candidate: dict[str, Any]) -> Rival | None:
    s3 = client("s3")
    evaluation = read_evaluation(s3, active)
    if evaluation is None:
        return None
    same = tested_images(s3, active) == tested_images(s3, candidate)
    return Rival(name, evaluation, RivalTests.SAME if same else RivalTests.DIFFERENT)
