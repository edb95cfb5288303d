"""report_training: called by train_model after a training, good, bad or failed; writes its report and notes where."""

import time
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.clients import client
from lambdas.environment import ReportTraining, from_environment
from lambdas.pictures.decoder import Decoder
from lambdas.registry import Registry
from lambdas.report_training.card import card
from lambdas.report_training.judgement import judgement_of
from lambdas.report_training.page.document import page
from lambdas.report_training.report import Report, Sources, gather
from lambdas.report_training.version import Version, version_of
from lambdas.training_reports import console_link

logger: Final = Logger()

_DECODER_BYTES: Final = 768 * 1024 * 1024  # of address space; the function has the rest for what it reads
_WRITING_SECONDS: Final = 15.0  # kept for drawing and writing


class VersionGoneError(LookupError):
    """Rekognition knows no such version; it was deleted, or the name is wrong."""


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Report on `{"Project", "ProjectArn", "VersionName"}`, held against the active version where there is one.

    `Verdict`, as judge_version answers it, is told in the report; empty, or without it, nothing is said of one. Where
    `Attempt` names what the registry remembers of the training, the report's links are noted there.
    Answers `{"Html": {S3Bucket, S3ObjectName}, "Image": {S3Bucket, S3ObjectName}, "Link", "ConsoleLink"}`. Neither
    link holds a token. A second call writes the same two files anew. Raises VersionGoneError.
    """
    project: str = event["Project"]
    version = _described(event["ProjectArn"], event["VersionName"])
    if version is None:
        raise VersionGoneError(f"Rekognition knows no version {event['VersionName']}; was it deleted?")
    seconds = context.get_remaining_time_in_millis() / 1000 - _WRITING_SECONDS
    former = _former_name(project, version)
    found = _described(event["ProjectArn"], former) if former else None
    report = gather(_sources(seconds), version, found)
    if not former:
        report.notes.append("The project has no active version to compare with.")
    elif not found:
        report.notes.append(f"{former} is the active version, but Rekognition does not know it any more.")
    report.judgement = judgement_of(event.get("Verdict", {}))
    _write(report, project)
    html, image = version.report.html, version.report.image
    links = {"Link": str(html), "ConsoleLink": console_link(html, client("s3").meta.region_name)}
    if "Attempt" in event:
        _registry().note(project, event["Attempt"], {"Report": links})
    logger.info("reported", version=version.name, place=str(html), lacks=report.notes)
    return {"Html": html.to_json(), "Image": image.to_json(), **links}


def _write(report: Report, project: str) -> None:
    """Write the picture first: where the page is, both are."""
    html, image = report.version.report.html, report.version.report.image
    s3 = client("s3")
    s3.put_object(Bucket=image.bucket, Key=image.key, Body=card(report, project), ContentType="image/png")
    body = page(report, project).encode()
    s3.put_object(Bucket=html.bucket, Key=html.key, Body=body, ContentType="text/html; charset=utf-8")


def _former_name(project: str, version: Version) -> str | None:
    """Return the version to compare with: the active one, or where that is this one the version before."""
    registration = _registry().registration(project)
    arns = (registration.active_version_arn, registration.former_version_arn)
    arn = next((arn for arn in arns if arn and arn != version.arn), None)
    return arn.split("/")[3] if arn else None


def _registry() -> Registry:
    return Registry(client("dynamodb"), from_environment(ReportTraining).registry_table)


def _described(project_arn: str, name: str) -> Version | None:
    answer = client("rekognition").describe_project_versions(ProjectArn=project_arn, VersionNames=[name])
    found = answer["ProjectVersionDescriptions"]
    return version_of(found[0]) if found else None


def _sources(seconds: float) -> Sources:
    bucket = from_environment(ReportTraining).datasets_bucket
    return Sources(s3=client("s3"), decoder=_decoder(), datasets_bucket=bucket, seconds=seconds, clock=time.monotonic)


@cache
def _decoder() -> Decoder:
    return Decoder(memory_bytes=_DECODER_BYTES)
