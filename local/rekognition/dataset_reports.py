"""Answer the operations that tell of datasets."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from local.rekognition.context import Context
from local.rekognition.dataset_lifecycle import Dataset, DatasetStatus
from local.rekognition.datasets import not_ready
from local.rekognition.errors import in_use
from local.rekognition.findings import mark
from local.rekognition.manifests import Line
from local.rekognition.pages import page_of_list
from local.rekognition.state import Caller


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
            "TotalLabels": len(frozenset().union(*(line.all_labels for line in dataset.lines))),
            "ErrorEntries": sum(line.has_errors for line in dataset.lines),
        },
    }
    return {"DatasetDescription": described}


def list_dataset_entries(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """List the lines in their order, each with what was found wrong with it."""
    found = [line for line in _settled(context, caller, request).lines if _is_wanted(line, request)]
    shown, more = page_of_list(found, request)
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


def _is_wanted(line: Line, request: dict[str, Any]) -> bool:
    """Tell whether a line passes all filters. HasErrors is one only when true."""
    if "ContainsLabels" in request and not line.all_labels & set(request["ContainsLabels"]):
        return False
    if "Labeled" in request and line.annotated is not request["Labeled"]:
        return False
    part = request.get("SourceRefContains")
    if part is not None and (line.source is None or part not in f"s3://{line.source.bucket}/{line.source.key}"):
        return False
    return line.has_errors or not request.get("HasErrors", False)


def _entry(line: Line) -> str:
    entry = _unmarked(json.loads(line.text))
    mark(entry, (found for found in line.findings if found.is_error), "cl-errors")
    return json.dumps(entry | {"cl-metadata": {"is_labeled": line.annotated}}, separators=(",", ":"))


def _unmarked(element: Any) -> Any:
    """Return the line without the marks that an earlier listing put on it."""
    if isinstance(element, list):
        return [_unmarked(item) for item in element]
    if isinstance(element, dict):
        return {name: _unmarked(value) for name, value in element.items() if name not in ("cl-errors", "cl-metadata")}
    return element
