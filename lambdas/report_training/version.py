"""A model version as DescribeProjectVersions describes it: where its files are, what it took and cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambdas.prices import TRAINING_HOUR
from lambdas.report_training.evaluation import number
from lambdas.report_training.s3_files import place_in
from lambdas.training_reports import Place, ReportPlaces, report_places


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a model."""

    arn: str
    status: str
    message: str | None
    report: ReportPlaces
    summary: Place | None
    manifest_summary: Place | None
    training_snapshot: Place | None
    testing_snapshot: Place | None
    validations: Mapping[str, Place]  # training, testing
    created: datetime | None
    ended: datetime | None
    billable_seconds: float | None

    @property
    def name(self) -> str:
        return self.arn.split("/")[3]

    @property
    def project(self) -> str:
        """The name of the Rekognition project."""
        return self.arn.split("/")[1]

    @property
    def elapsed_seconds(self) -> float | None:
        return (self.ended - self.created).total_seconds() if self.created and self.ended else None

    @property
    def dollars(self) -> float | None:
        """What the training cost; None where the service does not say what it bills."""
        return None if self.billable_seconds is None else self.billable_seconds / 3600 * TRAINING_HOUR


def version_of(said: Mapping[str, Any]) -> Version:
    """Read a ProjectVersionDescription."""
    validations = {
        name: place
        for name, member in (("training", "TrainingDataResult"), ("testing", "TestingDataResult"))
        if (place := _manifest(said, member, "Validation"))
    }
    return Version(
        arn=said["ProjectVersionArn"],
        status=said["Status"],
        message=said.get("StatusMessage"),
        report=report_places(said),
        summary=place_in(said.get("EvaluationResult", {}).get("Summary", {})),
        manifest_summary=place_in(said.get("ManifestSummary", {})),
        training_snapshot=_manifest(said, "TrainingDataResult", "Output"),
        testing_snapshot=_manifest(said, "TestingDataResult", "Output"),
        validations=validations,
        created=said.get("CreationTimestamp"),
        ended=said.get("TrainingEndTimestamp"),
        billable_seconds=number(said.get("BillableTrainingTimeInSeconds")),
    )


def _manifest(said: Mapping[str, Any], result: str, part: str) -> Place | None:
    assets = said.get(result, {}).get(part, {}).get("Assets") or [{}]
    return place_in(assets[0].get("GroundTruthManifest", {}))
