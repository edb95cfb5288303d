"""Answer the operations on project versions, from training to deletion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from local.rekognition.context import Context
from local.rekognition.dataset_lifecycle import USABLE, Dataset, DatasetType
from local.rekognition.errors import in_use, invalid_parameter
from local.rekognition.fault_plans import Fault
from local.rekognition.lifecycle import DELETABLE, SERVING, STARTABLE, Status, Version
from local.rekognition.meter import training_seconds
from local.rekognition.orders import Entries, Location, Order, Outcome
from local.rekognition.pages import page
from local.rekognition.quotas import check_quota
from local.rekognition.results import inputs
from local.rekognition.state import Caller, State


def create_project_version(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Register the version and begin its training in the background."""
    if "FeatureConfig" in request:
        raise invalid_parameter("FeatureConfig does not belong to a Custom Labels project.")
    if "S3Bucket" not in request["OutputConfig"]:
        raise invalid_parameter("OutputConfig needs an S3Bucket.")
    name = request["VersionName"]
    with context.state.lock:
        project = context.state.project(caller, request["ProjectArn"])
        if project.status is not Status.CREATED:
            raise in_use(f"The project {project.name} is being deleted.")
        versions = context.state.versions(project.arn)
        if any(version.order.version_name == name for version in versions):
            raise in_use(f"The project {project.name} has a version named {name}.")
        datasets = context.state.datasets(project.arn)
        training, testing = _data_of_datasets(request, datasets) if datasets else _data(request)
        _check_quotas_of_training(context, caller, len(versions))
        stamp = context.state.stamp()
        arn = caller.arn(f"project/{project.name}/version/{name}/{stamp}")
        order = Order(arn, project.name, name, training, testing, request)
        version = Version(arn, project.arn, stamp / 1000, order, Status.TRAINING_IN_PROGRESS, context.state.now())
        if Fault.TRAINING_FAILED in context.endings:
            failed = Outcome(context.endings[Fault.TRAINING_FAILED], results=inputs(order))
            version = replace(version, outcome=failed, learned_at=version.since)
        context.state.put_version(version)
        context.state.tags[arn] = dict(request.get("Tags", {}))
    if version.outcome is None:
        context.begin_training(version)
    return {"ProjectVersionArn": arn}


def describe_project_versions(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    names = request.get("VersionNames")
    with context.state.lock:
        project = context.state.project(caller, request["ProjectArn"])
        versions = [v for v in context.state.versions(project.arn) if names is None or v.order.version_name in names]
    shown, more = page(versions, request)
    return {"ProjectVersionDescriptions": [_description(version) for version in shown], **more}


def start_project_version(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    least, most = request["MinInferenceUnits"], request.get("MaxInferenceUnits")
    if most is not None and most < least:
        raise invalid_parameter("MaxInferenceUnits is less than MinInferenceUnits.")
    with context.state.lock:
        version = _in_status(context.state, caller, request, STARTABLE)
        check_quota(context.quotas.inference_units, most or least, "inference units of a model")
        check_quota(context.quotas.running_models, context.state.count(caller, SERVING) + 1, "running models")
        starting = replace(version, status=Status.STARTING, since=context.state.now(), min_units=least, max_units=most)
        context.state.put_version(replace(starting, hosting_failure=context.endings.get(Fault.HOSTING_FAILED)))
    return {"Status": Status.STARTING}


def stop_project_version(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    with context.state.lock:
        version = _in_status(context.state, caller, request, {Status.RUNNING})
        context.state.put_version(replace(version, status=Status.STOPPING, since=context.state.now()))
    return {"Status": Status.STOPPING}


def delete_project_version(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    with context.state.lock:
        version = _in_status(context.state, caller, request, DELETABLE)
        context.state.put_version(replace(version, status=Status.DELETING, since=context.state.now()))
    return {"Status": Status.DELETING}


def _check_quotas_of_training(context: Context, caller: Caller, versions: int) -> None:
    check_quota(context.quotas.models_per_project, versions + 1, "models of a project")
    training = context.state.count(caller, {Status.TRAINING_IN_PROGRESS})
    check_quota(context.quotas.trainings(caller.region), training + 1, "concurrent trainings")


def _in_status(state: State, caller: Caller, request: dict[str, Any], legal: set[Status]) -> Version:
    version = state.version(caller, request["ProjectVersionArn"])
    if version.status not in legal:
        raise in_use(f"The project version {version.order.version_name} is {version.status}.")
    return version


def _data(request: dict[str, Any]) -> tuple[tuple[Location, ...], tuple[Location, ...] | None]:
    """Return where the training and the testing manifests are; None when the service shall split."""
    training, testing = request.get("TrainingData", {}), request.get("TestingData", {})
    if not training.get("Assets"):
        raise invalid_parameter("TrainingData needs a manifest in Assets: the project has no datasets.")
    if bool(testing.get("Assets")) == bool(testing.get("AutoCreate")):
        raise invalid_parameter("TestingData needs either Assets or AutoCreate.")
    split = bool(testing.get("AutoCreate"))
    return _manifests(training["Assets"]), None if split else _manifests(testing["Assets"])


def _data_of_datasets(request: dict[str, Any], datasets: Sequence[Dataset]) -> tuple[Entries, Entries | None]:
    """Return the lines of the project's datasets; None to test with when it has no test dataset."""
    if "TrainingData" in request or "TestingData" in request:
        raise invalid_parameter("The project has datasets: it takes neither TrainingData nor TestingData.")
    for dataset in datasets:
        if dataset.status not in USABLE:
            raise in_use(f"The dataset {dataset.arn} is {dataset.status}.")
    entries = {dataset.type: Entries(tuple(line.text for line in dataset.lines)) for dataset in datasets}
    if DatasetType.TRAIN not in entries:
        raise invalid_parameter("The project has no train dataset.")
    return entries[DatasetType.TRAIN], entries.get(DatasetType.TEST)


def _manifests(assets: list[dict[str, Any]]) -> tuple[Location, ...]:
    places = [asset.get("GroundTruthManifest", {}).get("S3Object", {}) for asset in assets]
    if not all("Bucket" in place and "Name" in place for place in places):
        raise invalid_parameter("An asset needs GroundTruthManifest.S3Object with Bucket and Name.")
    return tuple(Location(place["Bucket"], place["Name"], place.get("Version")) for place in places)


def _description(version: Version) -> dict[str, Any]:
    request = version.order.request
    described: dict[str, Any] = {
        "ProjectVersionArn": version.arn,
        "CreationTimestamp": version.created,
        "Status": version.status,
        "OutputConfig": request["OutputConfig"],
        "Feature": "CUSTOM_LABELS",
        "MinInferenceUnits": version.min_units,
        "MaxInferenceUnits": version.max_units,
        "KmsKeyId": request.get("KmsKeyId"),
        "VersionDescription": request.get("VersionDescription"),
        "SourceProjectVersionArn": version.source_arn,
    }
    if version.outcome and version.trained_at is not None:
        described |= {"StatusMessage": version.outcome.message} | dict(version.outcome.results)
        if version.source_arn is None:
            described["TrainingEndTimestamp"] = version.trained_at
            if version.outcome.model:  # a training that failed is not billed
                described["BillableTrainingTimeInSeconds"] = training_seconds(version)
    if version.status is Status.FAILED:
        described["StatusMessage"] = version.hosting_failure
    return {name: value for name, value in described.items() if value is not None}
