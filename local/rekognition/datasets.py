"""Answer the operations that make, change and delete datasets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.rekognition.context import Context
from local.rekognition.dataset_lifecycle import (
    IN_PROGRESS,
    USABLE,
    Dataset,
    DatasetStatus,
    DatasetType,
    changing,
    deleting,
)
from local.rekognition.dataset_lines import Lines, changed_by, created_from, distributed
from local.rekognition.errors import ServiceError, in_use, invalid_parameter, not_found
from local.rekognition.failures import DataFailedError, Failure
from local.rekognition.lifecycle import Project, Status
from local.rekognition.manifest_files import read_manifest
from local.rekognition.orders import Location
from local.rekognition.state import Caller, State


def create_dataset(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Create a dataset from a manifest, from another dataset or empty.

    What is wrong with a manifest shows in the dataset's status, never in the answer: which of the two the service
    does for which cause is not documented.
    """
    state, kind = context.state, DatasetType(request["DatasetType"])
    with state.lock:
        _place_for(state, caller, request["ProjectArn"], kind)
    ahead = _source(context, caller, request.get("DatasetSource", {}), kind)
    with state.lock:
        project = _place_for(state, caller, request["ProjectArn"], kind)
        now, stamp = state.now(), state.stamp()
        arn = caller.arn(f"project/{project.name}/dataset/{kind.lower()}/{stamp}")
        created, status = stamp / 1000, DatasetStatus.CREATE_IN_PROGRESS
        message = "The dataset is being created."
        state.put_dataset(Dataset(arn, project.arn, kind, created, status, now, created, message, ahead=ahead))
        if "Tags" in request:
            state.tags[arn] = request["Tags"]
    return {"DatasetArn": arn}


def update_dataset_entries(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Put the lines of the request in the place of those of the same source-ref, or add them."""
    state, changes = context.state, request["Changes"]["GroundTruth"]
    with state.lock:
        dataset = state.dataset(caller, request["DatasetArn"])
        if dataset.status not in USABLE:
            raise in_use(f"The dataset {dataset.arn} is {dataset.status}.")
        testing = dataset.type is DatasetType.TEST
        ahead = _tried(lambda: changed_by(dataset.lines, changes, caller.region, context.limits, testing=testing))
        state.put_dataset(changing(dataset, ahead, state.now()))
    return {}


def distribute_dataset_entries(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Move a fifth of the train dataset to the project's empty test dataset."""
    state = context.state
    with state.lock:
        pair = {(found := state.dataset(caller, given["Arn"])).type: found for given in request["Datasets"]}
        if len(pair) != len(DatasetType) or len({dataset.project_arn for dataset in pair.values()}) > 1:
            raise invalid_parameter("Name the train and the test dataset of one project.")
        for dataset in pair.values():
            if dataset.status not in USABLE:
                raise not_ready(dataset)
        train, test = pair[DatasetType.TRAIN], pair[DatasetType.TEST]
        if test.lines:
            raise invalid_parameter(f"The test dataset {test.arn} is not empty.")
        kept, moved = _distributed(train)
        state.put_dataset(changing(train, kept, state.now()))
        state.put_dataset(changing(test, moved, state.now()))
    return {}


def delete_dataset(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    with context.state.lock:
        dataset = context.state.dataset(caller, request["DatasetArn"])
        if dataset.status in IN_PROGRESS:
            raise in_use(f"The dataset {dataset.arn} is {dataset.status}.")
        context.state.put_dataset(deleting(dataset, context.state.now()))
    return {}


def not_ready(dataset: Dataset) -> ServiceError:
    return ServiceError("ResourceNotReadyException", f"The dataset {dataset.arn} is {dataset.status}.")


def _place_for(state: State, caller: Caller, project_arn: str, kind: DatasetType) -> Project:
    """Return the project, which has no dataset of this type yet."""
    project = state.project(caller, project_arn)
    if project.status is not Status.CREATED:
        raise not_found(project_arn)  # the operation declares no error for "in use"
    if any(dataset.type is kind for dataset in state.datasets(project.arn)):
        raise ServiceError("ResourceAlreadyExistsException", f"The project {project.name} has a {kind} dataset.")
    return project


def _source(context: Context, caller: Caller, source: dict[str, Any], kind: DatasetType) -> Lines | Failure:
    if "GroundTruthManifest" in source and "DatasetArn" in source:
        raise invalid_parameter("DatasetSource takes either GroundTruthManifest or DatasetArn.")
    if "DatasetArn" in source:
        return _lines_of(context.state, caller, source["DatasetArn"])
    if "GroundTruthManifest" not in source:
        return ()
    place = source["GroundTruthManifest"].get("S3Object", {})
    if "Bucket" not in place or "Name" not in place:
        raise ServiceError("InvalidS3ObjectException", "Request has invalid S3 object.")
    location = Location(place["Bucket"], place["Name"], place.get("Version"))
    limits, testing = context.limits, kind is DatasetType.TEST
    return _tried(
        lambda: created_from(read_manifest(location, context.objects, limits), caller.region, limits, testing=testing)
    )


def _lines_of(state: State, caller: Caller, arn: str) -> Lines:
    with state.lock:
        dataset = state.dataset(caller, arn)
        if dataset.status not in USABLE:
            raise invalid_parameter(f"The dataset {arn} is {dataset.status}, it cannot be copied.")
        return dataset.lines


def _distributed(train: Dataset) -> tuple[Lines | Failure, Lines | Failure]:
    try:
        return distributed(train.lines)
    except DataFailedError as error:
        return error.failure, error.failure


def _tried(make: Callable[[], Lines]) -> Lines | Failure:
    try:
        return make()
    except DataFailedError as error:
        return error.failure
