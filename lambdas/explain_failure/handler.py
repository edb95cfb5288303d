"""explain_failure: called by train_model for a training that the service failed; reads why, and remembers it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.environment import ExplainFailure, from_environment
from lambdas.explain_failure.findings import WorstLine, line_errors, summary_codes, worst
from lambdas.registry import Registry

logger: Final = Logger()


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Explain `{"Project", "Attempt", "Version": ProjectVersionDescription}`.

    Answers `{"Explained": text}`, empty where the service left no findings, and notes `Errors`, `LineErrors` and
    `WorstLines` in the registry's attempt.
    """
    registry = Registry(client("dynamodb"), from_environment(ExplainFailure).registry_table)
    version = event["Version"]
    errors = _errors(version)
    counts, lines = worst(_line_errors(version))
    registry.note(
        event["Project"],
        event["Attempt"],
        {"Errors": errors, "LineErrors": dict(counts), "WorstLines": [line.to_json() for line in lines]},
    )
    said = [f"{error['Code']}: {error['Message']}" for error in errors]
    said += [f"{code} on {count} lines" for code, count in counts.most_common()]
    said += [f"{line.manifest} line {line.number}: {', '.join(line.codes)}" for line in lines[:3]]
    logger.info("explained", errors=errors, lines=dict(counts))
    return {"Explained": "; ".join(said)}


def _errors(version: Mapping[str, Any]) -> list[dict[str, str]]:
    if "ManifestSummary" not in version:
        return []
    return summary_codes(json.loads(_body(version["ManifestSummary"]["S3Object"]).read()))


def _line_errors(version: Mapping[str, Any]) -> Iterator[WorstLine]:
    for manifest, result in (("training", "TrainingDataResult"), ("testing", "TestingDataResult")):
        for asset in version.get(result, {}).get("Validation", {}).get("Assets", []):
            yield from line_errors(manifest, _body(asset["GroundTruthManifest"]["S3Object"]).iter_lines())


def _body(place: Mapping[str, str]) -> Any:
    return client("s3").get_object(Bucket=place["Bucket"], Key=place["Name"])["Body"]
