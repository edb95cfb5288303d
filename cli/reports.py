"""Downloads the report of a training."""

from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.deployment import Clients, Deployment
from cli.models import list_models
from lambdas.errors import error_code
from lambdas.training_reports import Place, ReportPlaces, report_places


class ReportNotFoundError(LookupError):
    """There is no such version, or no report of it, or it cannot be saved; the message says what to do."""


def find_report(clients: Clients, deployment: Deployment, project: str, version: str | None) -> ReportPlaces:
    """Return where the report of a version is, of the newest where none is named. Raises ReportNotFoundError."""
    deployment.project(project)
    models = list(list_models(clients, deployment, project))
    chosen = [model for model in models if version in (None, model.version)]
    if not chosen:
        known = ", ".join(model.version for model in models) or "none; train one"
        said = f"version {version!r}" if version else "version"
        raise ReportNotFoundError(f"{project} has no {said}; it has {known}")
    answer = clients("rekognition").describe_project_versions(
        ProjectArn=chosen[0].project_arn, VersionNames=[chosen[0].version]
    )
    return report_places(answer["ProjectVersionDescriptions"][0])


def download_report(s3: Any, report: ReportPlaces, folder: Path) -> tuple[Path, Path]:
    """Save a report's page and picture in a folder; return their files. Raises ReportNotFoundError."""
    page, picture = (_content(s3, place) for place in (report.html, report.image))
    files = tuple(folder / place.key.rpartition("/")[2] for place in (report.html, report.image))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files[0].write_bytes(page)
        files[1].write_bytes(picture)
    except OSError as error:
        raise ReportNotFoundError(f"{folder} cannot be written to: {error.strerror}; name another --output") from error
    return files[0], files[1]


def _content(s3: Any, place: Place) -> bytes:
    try:
        with s3.get_object(Bucket=place.bucket, Key=place.key)["Body"] as body:
            content: bytes = body.read()
    except ClientError as error:
        if error_code(error) not in ("404", "NoSuchKey"):
            raise
        raise ReportNotFoundError(
            f"{place} does not exist: a training that is still going on has no report, nor has one whose report could "
            "not be made; the message that told of it says why (ReportError), and `customlabels trainings` how it went"
        ) from error
    return content
