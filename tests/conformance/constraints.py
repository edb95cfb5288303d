"""List what botocore's model asks of requests: every constraint of every member of every operation in scope."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from botocore.model import Shape

from local.rekognition.validation import service_model

# Custom Labels, its data sets, copies, policies and tags, and the detections that its pipelines use beside it.
OPERATIONS = (
    "CreateProject",
    "DescribeProjects",
    "DeleteProject",
    "CreateDataset",
    "DescribeDataset",
    "DeleteDataset",
    "ListDatasetEntries",
    "ListDatasetLabels",
    "UpdateDatasetEntries",
    "DistributeDatasetEntries",
    "CreateProjectVersion",
    "DescribeProjectVersions",
    "StartProjectVersion",
    "StopProjectVersion",
    "DeleteProjectVersion",
    "CopyProjectVersion",
    "DetectCustomLabels",
    "DetectModerationLabels",
    "DetectLabels",
    "StartLabelDetection",
    "GetLabelDetection",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
    "PutProjectPolicy",
    "ListProjectPolicies",
    "DeleteProjectPolicy",
)


class Kind(StrEnum):
    """What a member can be asked to be."""

    REQUIRED = "required"
    TYPE = "type"
    MIN = "min"
    MAX = "max"
    PATTERN = "pattern"
    ENUM = "enum"


class Inside(StrEnum):
    """A step of a path into a list or a map; the other steps are members' names."""

    ITEM = "[]"
    KEY = "{key}"
    VALUE = "{value}"


Path = tuple[str, ...]


@dataclass(frozen=True)
class Constraint:
    """One thing that is asked of one member."""

    operation: str
    path: Path
    kind: Kind
    shape: Shape = field(repr=False, compare=False)

    def __str__(self) -> str:
        path = ".".join(self.path).replace(".[]", "[]").replace(".{", "{")
        bound = "" if self.kind is Kind.ENUM else self.shape.metadata.get(self.kind, "")
        return f"{self.operation} {path} {self.kind} {bound}".rstrip()


def constraints_of(operation: str) -> list[Constraint]:
    """Return all constraints of an operation's request, in the order of the model."""
    shape = service_model().operation_model(operation).input_shape
    return list(_in_structure(operation, shape, ()))


def _in_structure(operation: str, shape: Shape, path: Path) -> Iterator[Constraint]:
    for name, member in shape.members.items():
        if name in shape.required_members:
            yield Constraint(operation, (*path, name), Kind.REQUIRED, member)
        yield from _of(operation, member, (*path, name))


def _of(operation: str, shape: Shape, path: Path) -> Iterator[Constraint]:
    if path[-1] != Inside.KEY:  # a key of a JSON object is a string in any case
        yield Constraint(operation, path, Kind.TYPE, shape)
    for kind in (Kind.MIN, Kind.MAX, Kind.PATTERN):
        if kind in shape.metadata:
            yield Constraint(operation, path, kind, shape)
    match shape.type_name:
        case "structure":
            yield from _in_structure(operation, shape, path)
        case "list":
            yield from _of(operation, shape.member, (*path, Inside.ITEM))
        case "map":
            yield from _of(operation, shape.key, (*path, Inside.KEY))
            yield from _of(operation, shape.value, (*path, Inside.VALUE))
        case "string" if shape.enum:
            yield Constraint(operation, path, Kind.ENUM, shape)
