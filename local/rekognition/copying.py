"""Answer CopyProjectVersion: the model as it is, and copies of its training output in the caller's bucket.

A principal of another account needs a policy on the source project. The answer to it is the same whether the
source is missing or closed to it, so that nobody learns what another account has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from local.rekognition.context import Context
from local.rekognition.errors import ServiceError, in_use, invalid_parameter, not_found
from local.rekognition.fault_plans import Fault
from local.rekognition.lifecycle import UNSETTLED, Project, Status, Version
from local.rekognition.objects import ObjectStore, ObjectUnavailableError
from local.rekognition.orders import Order, Outcome, TrainedModel
from local.rekognition.policy_documents import COPY, forbids, permits
from local.rekognition.quotas import check_quota
from local.rekognition.state import Caller

_COPIED = "The model was copied and is ready to run."
_UNWRITABLE = "Unable to write to output S3 bucket."
_OUTPUTS = (
    ("EvaluationResult",),
    ("ManifestSummary",),
    ("TrainingDataResult", "Output"),
    ("TrainingDataResult", "Validation"),
    ("TestingDataResult", "Output"),
    ("TestingDataResult", "Validation"),
)


def copy_project_version(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Register the copy, write its output, and let it be ready when its time has passed."""
    if not isinstance(request["OutputConfig"].get("S3Bucket"), str):
        raise invalid_parameter("OutputConfig needs an S3Bucket.")
    with context.state.lock:
        source = _source(context, caller, request)
        project = context.state.project(caller, request["DestinationProjectArn"])
        version = _registered(context, caller, request, source, project)
    outcome = _outcome(context, version.order, source)
    with context.state.lock:
        if context.state.has_version(version.arn):  # not so after a reset
            context.state.put_version(replace(version, outcome=outcome, learned_at=context.state.now()))
    return {"ProjectVersionArn": version.arn}


def _source(context: Context, caller: Caller, request: dict[str, Any]) -> Version:
    """Return the version to copy. Raises ServiceError."""
    project_arn, arn = request["SourceProjectArn"], request["SourceProjectVersionArn"]
    _, _, _, region, account, _ = arn.split(":", 5)
    owner = Caller(account, region)
    if region != caller.region:
        raise invalid_parameter(f"The source is in {region}: copy within one Region.")
    policies = context.state.policies.get(project_arn, {}).values()
    if owner == caller:
        allowed = not forbids(policies, caller.account, arn)
    else:
        allowed = context.state.has_version(arn) and permits(policies, caller.account, arn)
    if not allowed:
        who = f"arn:aws:iam::{caller.account}:root"
        message = f"User: {who} is not authorized to perform: {COPY} on resource: {arn}"
        raise ServiceError("AccessDeniedException", message)
    project = context.state.project(owner, project_arn)
    source = context.state.version(owner, arn)
    if source.project_arn != project.arn:
        raise not_found(arn)
    if source.status in UNSETTLED:
        raise in_use(f"The project version {source.order.version_name} is {source.status}.")
    _model(source)
    return source


def _model(source: Version) -> TrainedModel:
    if source.outcome is None or source.outcome.model is None:
        raise invalid_parameter(f"The project version {source.order.version_name} has no model.")
    return source.outcome.model


def _registered(
    context: Context, caller: Caller, request: dict[str, Any], source: Version, project: Project
) -> Version:
    name, state = request["VersionName"], context.state
    if project.status is not Status.CREATED:
        raise in_use(f"The project {project.name} is being deleted.")
    versions = state.versions(project.arn)
    if any(version.order.version_name == name for version in versions):
        raise in_use(f"The project {project.name} has a version named {name}.")
    check_quota(context.quotas.models_per_project, len(versions) + 1, "models of a project")
    stamp = state.stamp()
    arn = caller.arn(f"project/{project.name}/version/{name}/{stamp}")
    order = Order(arn, project.name, name, (), None, request)
    version = Version(
        arn, project.arn, stamp / 1000, order, Status.COPYING_IN_PROGRESS, state.now(), source_arn=source.arn
    )
    state.put_version(version)
    state.tags[arn] = dict(request.get("Tags", {}))
    return version


def _outcome(context: Context, order: Order, source: Version) -> Outcome:
    if Fault.COPYING_FAILED in context.endings:
        return Outcome(context.endings[Fault.COPYING_FAILED])
    try:
        results = _copied_results(source, order, context.objects)
    except ObjectUnavailableError:
        return Outcome(_UNWRITABLE)
    return Outcome(_COPIED, _model(source), results)


def _copied_results(source: Version, order: Order, objects: ObjectStore) -> Mapping[str, Any]:
    """Copy every output file; return the results with the new places, and without the source's inputs."""
    results: Mapping[str, Any] = source.outcome.results if source.outcome else {}
    copied: dict[str, Any] = {}
    for path in _OUTPUTS:
        found: Any = results
        for name in path:
            found = found.get(name, {})
        if not found:
            continue
        there = copied
        for name in path[:-1]:
            there = there.setdefault(name, {})
        there[path[-1]] = _with_copies(found, source.order, order, objects)
    return copied


def _with_copies(found: Any, old: Order, new: Order, objects: ObjectStore) -> Any:
    """Return a part of the results, each S3Object in it copied and replaced by its copy's place."""
    if isinstance(found, list):
        return [_with_copies(item, old, new, objects) for item in found]
    if not isinstance(found, dict):
        return found
    return {
        name: _copied_object(value, old, new, objects) if name == "S3Object" else _with_copies(value, old, new, objects)
        for name, value in found.items()
    }


def _copied_object(place: Mapping[str, str], old: Order, new: Order, objects: ObjectStore) -> dict[str, str]:
    kind = place["Name"].rsplit("/", 1)[-1].removesuffix(f"-{old.project_name}-{old.version_name}.json")
    output = new.request["OutputConfig"]
    name = f"{kind}-{new.project_name}-{new.version_name}.json"
    prefix = output.get("S3KeyPrefix", "").strip("/")
    copy = {"Bucket": output["S3Bucket"], "Name": f"{prefix}/{name}" if prefix else name}
    body = objects.read(place["Bucket"], place["Name"])
    objects.write(copy["Bucket"], copy["Name"], body, "application/json")
    return copy
