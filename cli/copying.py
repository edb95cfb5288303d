"""Copies a version into another project, of this account or of another one: from development to production.

Rekognition copies within a Region. Another account needs a project policy on the source, which is put for the copy and
removed after it.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from cli.deployment import Clients, Deployment
from cli.models import Model, ModelError, list_models
from lambdas.model_versions import VersionStatus

_POLICY: Final = "customlabels-copy"
_LOOK_SECONDS: Final = 15.0
_PATIENCE_SECONDS: Final = 7200.0

Progress = Callable[[str], None]


def copy_version(
    clients: Clients,
    model: Model,
    there: Clients,
    target: Deployment,
    project: str,
    progress: Progress,
    look_seconds: float = _LOOK_SECONDS,
) -> Model:
    """Copy a version into a project of another deployment, and wait for its end; return the copy.

    `clients` reach the source, `there` the target's account. The copy keeps its version's name; it does not run yet.
    Raises ModelError.
    """
    target.project(project)
    rekognition = there("rekognition")
    project_arn = _project(rekognition, f"{target.rekognition_prefix}{project}")
    with _permission(clients, there, model, progress):
        progress(f"copying {model.version} into {project} of {target.name}")
        rekognition.copy_project_version(
            SourceProjectArn=model.project_arn,
            SourceProjectVersionArn=model.arn,
            DestinationProjectArn=project_arn,
            VersionName=model.version,
            OutputConfig={
                "S3Bucket": target.training_output_bucket,
                "S3KeyPrefix": f"{project}/{model.version}",
            },
        )
        return _await_copy(there, target, project, model.version, look_seconds)


def version_to_copy(clients: Clients, deployment: Deployment, project: str, version: str) -> Model:
    """Return a version by its name; raise ModelError where the project has none of that name."""
    deployment.project(project)
    for model in list_models(clients, deployment, project):
        if model.version == version:
            return model
    raise ModelError(f"{project} has no version {version!r}; `customlabels models {project}` lists them")


@contextmanager
def _permission(clients: Clients, there: Clients, model: Model, progress: Progress) -> Iterator[None]:
    """Let another account copy one version for the length of a `with` block; the own account needs no permission."""
    account = there("sts").get_caller_identity()["Account"]
    partition, owner = model.arn.split(":")[1], model.arn.split(":")[4]
    if account == owner:
        yield
        return
    rekognition = clients("rekognition")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": "rekognition:CopyProjectVersion",
        "Resource": model.arn,
    }
    progress(f"permitting account {account} to copy {model.version}")
    rekognition.put_project_policy(
        ProjectArn=model.project_arn,
        PolicyName=_POLICY,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    try:
        yield
    finally:
        rekognition.delete_project_policy(ProjectArn=model.project_arn, PolicyName=_POLICY)
        progress("the permission is removed")


def _project(rekognition: Any, name: str) -> str:
    """Return the ARN of a project; create it where there is none."""
    found = rekognition.describe_projects(ProjectNames=[name])["ProjectDescriptions"]
    return str(found[0]["ProjectArn"] if found else rekognition.create_project(ProjectName=name)["ProjectArn"])


def _await_copy(there: Clients, target: Deployment, project: str, version: str, look_seconds: float) -> Model:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        copy = version_to_copy(there, target, project, version)
        if copy.status is VersionStatus.COPYING_COMPLETED:
            return copy
        if copy.status is not VersionStatus.COPYING_IN_PROGRESS or time.monotonic() > deadline:
            raise ModelError(f"the copy of {version} is {copy.status}: {copy.message or 'no reason was given'}")
        time.sleep(look_seconds)
