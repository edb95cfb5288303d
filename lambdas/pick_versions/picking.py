"""Which old versions of a project are deleted, so that it keeps no more than its settings say."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lambdas.model_versions import VersionStatus
from lambdas.registry import Registry

AT_ONCE: Final = 20  # versions that one run of delete_versions deletes at most
# An attempt that goes on: its version may yet be judged, approved and run.
_OPEN_ATTEMPTS: Final = frozenset({"IN_PROGRESS", "APPROVAL_ASKED"})
_DELETABLE: Final = frozenset(
    {
        VersionStatus.TRAINING_COMPLETED,
        VersionStatus.TRAINING_FAILED,
        VersionStatus.STOPPED,
        VersionStatus.FAILED,
        VersionStatus.COPYING_COMPLETED,
        VersionStatus.COPYING_FAILED,
    }
)


@dataclass(frozen=True)
class OldVersion:
    """A version as far as it matters here."""

    name: str
    arn: str
    status: VersionStatus


def pick(newest_first: Sequence[OldVersion], needed: Collection[str], keep: int) -> list[OldVersion]:
    """Return the versions to delete, the oldest first.

    Those whose names are `needed` stay, and count among the `keep`; so does whatever trains, runs, starts or stops.
    """
    staying = [version for version in newest_first if version.name in needed]
    others = [version for version in newest_first if version.name not in needed]
    too_many = others[max(0, keep - len(staying)) :]
    return [version for version in reversed(too_many) if version.status in _DELETABLE][:AT_ONCE]


def needed_versions(registry: Registry, project: str, now: float) -> set[str]:
    """Return the names of the versions that are active, were so before, are leased or not yet decided on."""
    registration = registry.registration(project)
    names = {registration.active_version_name, registration.former_version_name}
    names |= registry.leased_versions(project, now)
    names |= {
        attempt["VersionName"] for attempt in registry.attempts(project) if attempt.get("Status") in _OPEN_ATTEMPTS
    }
    return {name for name in names if name is not None}


def versions_of(rekognition: Any, project_arn: str) -> list[OldVersion]:
    """Return a project's versions, the newest first."""
    pages = rekognition.get_paginator("describe_project_versions").paginate(ProjectArn=project_arn)
    said = [version for page in pages for version in page["ProjectVersionDescriptions"]]
    said.sort(key=lambda version: version["CreationTimestamp"], reverse=True)
    return [
        OldVersion(arn.split("/")[3], arn, VersionStatus(version["Status"]))
        for version in said
        if (arn := version["ProjectVersionArn"])
    ]
