"""Which project and data set an uploaded manifest belongs to, and the identity of its training."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from lambdas.deployment_settings import DeploymentSettings
from lambdas.images import ImageRef
from lambdas.names import TRAIN_MANIFEST, rekognition_project

_KEY: Final = re.compile(r"(?P<project>[^/]+)/(?P<dataset>[A-Za-z0-9_.-]{1,200})/" + re.escape(TRAIN_MANIFEST))
_RUN: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class UploadError(ValueError):
    """The uploaded manifest cannot be trained; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """A training, as the workflow carries it from state to state."""

    project: str
    rekognition_project: str
    dataset: str
    manifest: ImageRef
    attempt: str  # hash that identifies the data, and the run where one was named
    version_name: str
    training: str  # inline or datasets
    replace: bool  # what the project's data sets hold
    approval_seconds: int  # for which a person's approval is waited for; 0: none is needed


def plan_training(
    manifest: ImageRef, etags: Sequence[str], run: str | None, settings: DeploymentSettings, *, replace: bool = False
) -> TrainingPlan:
    """Derive all that identifies a training from its manifests' contents, whose ETags are given.

    The same contents are the same attempt, under whatever name and however often they are uploaded: they are paid for
    once. The version's name comes from the claim, so a CreateProjectVersion that is retried finds its own version.
    Raises UploadError for a key that is not PROJECT/NAME/train.manifest of a project of the deployment.
    """
    match = _KEY.fullmatch(manifest.key)
    if match is None:
        raise UploadError(
            f"{manifest.key!r} is not PROJECT/NAME/{TRAIN_MANIFEST} with a NAME of letters, digits, '.', '_' and '-'; "
            "upload the data set to such a key"
        )
    project, dataset = match["project"], match["dataset"]
    if project not in settings.projects:
        known = ", ".join(sorted(settings.projects))
        raise UploadError(f"{project!r} is no project of {settings.name} (known: {known}); add it to cdk.json")
    if run is not None and not (isinstance(run, str) and _RUN.fullmatch(run)):
        raise UploadError(f"run name {run!r} must match {_RUN.pattern}")
    if replace and not run:
        raise UploadError("to replace a project's data sets needs a run of its own; name it with --run")
    attempt = _attempt(project, etags, run)
    return TrainingPlan(
        project=project,
        rekognition_project=rekognition_project(settings.name, project),
        dataset=dataset,
        manifest=manifest,
        attempt=attempt,
        version_name=f"{dataset}.{attempt[:12]}",
        training=settings.projects[project].training,
        replace=replace,
        approval_seconds=round((settings.projects[project].approval_hours or 0) * 3600),
    )


def to_json(plan: TrainingPlan) -> dict[str, Any]:
    """Spell a plan as the workflow's state does."""
    return {
        "Project": plan.project,
        "ProjectName": plan.rekognition_project,
        "Dataset": plan.dataset,
        "Manifest": plan.manifest.to_s3_object(),
        "Attempt": plan.attempt,
        "VersionName": plan.version_name,
        "Training": plan.training,
        "Replace": plan.replace,
        "ApprovalSeconds": plan.approval_seconds,
    }


def _attempt(project: str, etags: Sequence[str], run: str | None) -> str:
    parts = [project, list(etags)] + ([run] if run else [])
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
