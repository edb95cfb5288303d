"""Answer the operations that tell of datasets."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from local.rekognition.context import Context
from local.rekognition.dataset_lifecycle import Dataset, DatasetStatus
from local.rekognition.datasets import not_ready
from local.rekognition.errors import in_use
from local.rekognition.findings import mark, unmarked
from local.rekognition.lines import Line, labels_of
from local.rekognition.manifests import write_line
from local.rekognition.pages import page_of_list
from local.rekognition.state import Caller

_MOST_CHARACTERS = 100_000  # of an entry, in the API's model


def describe_dataset(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    with context.state.lock:
        dataset = context.state.dataset(caller, request["DatasetArn"])
    described = {
        "CreationTimestamp": dataset.created,
        "LastUpdatedTimestamp": dataset.updated,
        **_status(dataset),
        "DatasetStats": {
            "LabeledEntries": sum(line.annotated for line in dataset.lines),
            "TotalEntries": len(dataset.lines),
            "TotalLabels": len(labels_of(dataset.lines)),
            "ErrorEntries": sum(line.has_errors for line in dataset.lines),
        },
    }
    return {"DatasetDescription": described}


def list_dataset_entries(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """List the lines in their order, each with what was found wrong with it."""
    lines: Sequence[Line] = _settled(context, caller, request).lines
    for passes in _filters(request):
        lines = [line for line in lines if passes(line)]
    shown, more = page_of_list(lines, request)
    return {"DatasetEntries": [_entry(line) for line in shown], **more}


def list_dataset_labels(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """List the labels by name; one without any box has no BoundingBoxCount."""
    lines = _settled(context, caller, request).lines
    images = Counter(label for line in lines for label in line.all_labels)
    boxed = Counter(label for line in lines for label in {box.label for box in line.boxes})
    described = []
    for label in sorted(images):
        stats = {"EntryCount": images[label]}
        if boxed[label]:
            stats["BoundingBoxCount"] = boxed[label]
        described.append({"LabelName": label, "LabelStats": stats})
    shown, more = page_of_list(described, request)
    return {"DatasetLabelDescriptions": shown, **more}


def dataset_metadata(dataset: Dataset) -> dict[str, Any]:
    """Return what DescribeProjects tells of a project's dataset."""
    return {
        "CreationTimestamp": dataset.created,
        "DatasetType": dataset.type,
        "DatasetArn": dataset.arn,
        **_status(dataset),
    }


def _status(dataset: Dataset) -> dict[str, Any]:
    status: dict[str, Any] = {"Status": dataset.status, "StatusMessage": dataset.message}
    return status | ({"StatusMessageCode": dataset.message_code} if dataset.message_code else {})


def _settled(context: Context, caller: Caller, request: dict[str, Any]) -> Dataset:
    with context.state.lock:
        dataset = context.state.dataset(caller, request["DatasetArn"])
    # Both errors are declared; which is for which status is not documented.
    if dataset.status is DatasetStatus.CREATE_IN_PROGRESS:
        raise not_ready(dataset)
    if dataset.status in (DatasetStatus.UPDATE_IN_PROGRESS, DatasetStatus.DELETE_IN_PROGRESS):
        raise in_use(f"The dataset {dataset.arn} is {dataset.status}.")
    return dataset


def _filters(request: dict[str, Any]) -> list[Callable[[Line], bool]]:
    """Return what a line must pass to be listed. HasErrors is a filter only when true."""
    filters: list[Callable[[Line], bool]] = []
    if "ContainsLabels" in request:
        wanted = frozenset(request["ContainsLabels"])
        filters.append(lambda line: not wanted.isdisjoint(line.all_labels))
    if "Labeled" in request:
        filters.append(lambda line: line.annotated is request["Labeled"])
    if "SourceRefContains" in request:
        part = request["SourceRefContains"]
        filters.append(lambda line: line.source is not None and part in f"s3://{line.source.bucket}/{line.source.key}")
    if request.get("HasErrors"):
        filters.append(lambda line: line.has_errors)
    return filters


def _entry(line: Line) -> str:
    """Return the line with its marks, without the errors or without any mark if it would be too long with them."""
    entry = unmarked(json.loads(line.text))
    labelled = {"cl-metadata": {"is_labeled": line.annotated}}
    plain = write_line(entry | labelled)
    mark(entry, (found for found in line.findings if found.is_error), "cl-errors")
    marked = write_line(entry | labelled)
    return next((text for text in (marked, plain) if len(text) <= _MOST_CHARACTERS), line.text.strip())
