"""Answer the operations that make, change and delete datasets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from local.rekognition.context import Context
from local.rekognition.dataset_lifecycle import (
    IN_PROGRESS,
    USABLE,
    Ahead,
    Dataset,
    DatasetStatus,
    DatasetType,
    changing,
    deleting,
)
from local.rekognition.dataset_lines import Lines, changed_by, distributed
from local.rekognition.errors import ServiceError, in_use, invalid_parameter, not_found
from local.rekognition.failures import DataFailedError
from local.rekognition.lifecycle import Project, Status
from local.rekognition.limits import DataLimits
from local.rekognition.orders import Location
from local.rekognition.state import Caller, State


def create_dataset(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Create a dataset from a manifest, from another dataset or empty.

    A manifest is read in the background: what is wrong with it shows in the dataset's status, never in the answer.
    Which of the two the service does for which cause is not documented.
    """
    state, kind = context.state, DatasetType(request["DatasetType"])
    with state.lock:
        project = _place_for(state, caller, request["ProjectArn"], kind)
        source = _source(state, caller, request.get("DatasetSource", {}))
        now, stamp = state.now(), state.stamp()
        dataset = Dataset(
            arn=caller.arn(f"project/{project.name}/dataset/{kind.lower()}/{stamp}"),
            project_arn=project.arn,
            type=kind,
            created=stamp / 1000,
            status=DatasetStatus.CREATE_IN_PROGRESS,
            since=now,
            updated=stamp / 1000,
            message="The dataset is being created.",
            ahead=None if isinstance(source, Location) else source,
            source=source if isinstance(source, Location) else None,
        )
        state.put_dataset(dataset)
        if "Tags" in request:
            state.tags[dataset.arn] = request["Tags"]
    if dataset.source:
        context.begin_reading(dataset)
    return {"DatasetArn": dataset.arn}


def update_dataset_entries(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Put the lines of the request in the place of those of the same source-ref, or add them."""
    state, changes = context.state, request["Changes"]["GroundTruth"]
    while True:
        with state.lock:
            dataset = _idle(state, caller, request["DatasetArn"])
        # Megabytes of lines are judged here: without the lock, which all requests need.
        ahead = _changed(dataset, changes, caller.region, context.limits)
        with state.lock:
            found = _idle(state, caller, request["DatasetArn"])
            if found.lines is dataset.lines:
                state.put_dataset(changing(found, ahead, state.now()))
                return {}


def distribute_dataset_entries(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Move a fifth of the train dataset to the project's empty test dataset."""
    state, arns = context.state, [given["Arn"] for given in request["Datasets"]]
    while True:
        with state.lock:
            before, _ = _pair(state, caller, arns)
        kept, moved = _distributed(before)
        with state.lock:
            train, test = _pair(state, caller, arns)
            if train.lines is before.lines:
                state.put_dataset(changing(train, kept, state.now()))
                state.put_dataset(changing(test, moved, state.now()))
                return {}


def delete_dataset(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    with context.state.lock:
        dataset = _idle(context.state, caller, request["DatasetArn"])
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


def _source(state: State, caller: Caller, source: dict[str, Any]) -> Location | Lines:
    """Return where the manifest of a new dataset is, or its lines."""
    if "GroundTruthManifest" in source and "DatasetArn" in source:
        raise invalid_parameter("DatasetSource takes either GroundTruthManifest or DatasetArn.")
    if "DatasetArn" in source:
        dataset = state.dataset(caller, source["DatasetArn"])
        if dataset.status not in USABLE:
            raise invalid_parameter(f"The dataset {dataset.arn} is {dataset.status}, it cannot be copied.")
        return dataset.lines
    if "GroundTruthManifest" not in source:
        return ()
    place = source["GroundTruthManifest"].get("S3Object", {})
    if "Bucket" not in place or "Name" not in place:
        raise ServiceError("InvalidS3ObjectException", "Request has invalid S3 object.")
    return Location(place["Bucket"], place["Name"], place.get("Version"))


def _idle(state: State, caller: Caller, arn: str) -> Dataset:
    """Return the dataset, on which nothing is at work; also one that could not be created can be filled."""
    dataset = state.dataset(caller, arn)
    if dataset.status in IN_PROGRESS:
        raise in_use(f"The dataset {dataset.arn} is {dataset.status}.")
    return dataset


def _pair(state: State, caller: Caller, arns: Iterable[str]) -> tuple[Dataset, Dataset]:
    """Return the train dataset of one project and its test dataset, which is empty; nothing is at work on either."""
    pair = {(found := state.dataset(caller, arn)).type: found for arn in arns}
    if len(pair) != len(DatasetType) or len({dataset.project_arn for dataset in pair.values()}) > 1:
        raise invalid_parameter("Name the train and the test dataset of one project.")
    for dataset in pair.values():
        if dataset.status not in USABLE:
            raise not_ready(dataset)
    train, test = pair[DatasetType.TRAIN], pair[DatasetType.TEST]
    if test.lines:
        raise invalid_parameter(f"The test dataset {test.arn} is not empty.")
    return train, test


def _distributed(train: Dataset) -> tuple[Ahead, Ahead]:
    try:
        return distributed(train.lines)
    except DataFailedError as error:
        return error.failure, error.failure


def _changed(dataset: Dataset, changes: bytes, region: str, limits: DataLimits) -> Ahead:
    try:
        return changed_by(dataset.lines, changes, region, limits, testing=dataset.type is DatasetType.TEST)
    except DataFailedError as error:
        return error.failure
