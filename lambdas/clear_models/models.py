"""The models of a deployment: stopped, and deleted with all that Rekognition keeps of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.errors import error_code
from lambdas.model_versions import BILLED, VersionStatus
from lambdas.rekognition_projects import projects_of

_LEARNING: Final = frozenset({VersionStatus.TRAINING_IN_PROGRESS, VersionStatus.COPYING_IN_PROGRESS})
_GONE: Final = "ResourceNotFoundException"
_RACED: Final = frozenset({_GONE, "ResourceInUseException"})  # another was faster, or the next look says more
_DELETING: Final = frozenset({"DELETING", "DELETE_IN_PROGRESS"})


@dataclass(frozen=True)
class Version:
    """A model version of a deployment."""

    arn: str
    status: VersionStatus

    def __str__(self) -> str:
        _, project, _, name, _ = self.arn.split("/")
        return f"{project}/{name} is {self.status}"


@dataclass(frozen=True)
class Models:
    """The Rekognition projects of one deployment, also those that cdk.json has forgotten."""

    rekognition: Any
    deployment: str

    def learning(self) -> list[Version]:
        """Return the versions that are trained or copied: nobody can stop that, and it is billed."""
        return [version for version in self._versions() if version.status in _LEARNING]

    def stop(self) -> list[Version]:
        """Stop what runs; return what is billed still, one that is only starting included."""
        billed = [version for version in self._versions() if version.status in BILLED]
        for version in billed:
            if version.status is VersionStatus.RUNNING:
                self._unless_raced("stop_project_version", ProjectVersionArn=version.arn)
        return billed

    def delete(self) -> list[str]:
        """Delete versions and data sets, and the projects that have none; return what is still there."""
        left: list[str] = []
        for _, project in projects_of(self.rekognition, self.deployment):
            arn = project["ProjectArn"]
            versions = list(self._versions_of(arn))
            for version in versions:
                if version.status not in _DELETING:
                    self._unless_raced("delete_project_version", ProjectVersionArn=version.arn)
            for dataset in project.get("Datasets", []):
                if dataset["Status"] not in _DELETING:
                    self._unless_raced("delete_dataset", DatasetArn=dataset["DatasetArn"])
            if not versions and not project.get("Datasets") and project["Status"] not in _DELETING:
                self._unless_raced("delete_project", ProjectArn=arn)
            left += [str(version) for version in versions] or [f"{arn.split('/')[1]} is being deleted"]
        return left

    def _versions(self) -> Iterator[Version]:
        for _, project in projects_of(self.rekognition, self.deployment):
            yield from self._versions_of(project["ProjectArn"])

    def _versions_of(self, project_arn: str) -> Iterator[Version]:
        pages = self.rekognition.get_paginator("describe_project_versions").paginate(ProjectArn=project_arn)
        try:
            for page in pages:
                for said in page["ProjectVersionDescriptions"]:
                    yield Version(said["ProjectVersionArn"], VersionStatus(said["Status"]))
        except ClientError as error:
            if error_code(error) != _GONE:  # deleted since it was listed
                raise

    def _unless_raced(self, operation: str, **what: str) -> None:
        try:
            getattr(self.rekognition, operation)(**what)
        except ClientError as error:
            if error_code(error) not in _RACED:
                raise
