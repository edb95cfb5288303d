"""Hold what a training is asked for and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.rekognition.learning.examples import Model


@dataclass(frozen=True)
class Location:
    """An object in S3."""

    bucket: str
    key: str
    version: str | None = None


@dataclass(frozen=True)
class Entries:
    """The lines of a project's dataset, as they were when the training began."""

    lines: tuple[str, ...]


Data = tuple[Location, ...] | Entries


@dataclass(frozen=True)
class Order:
    """One training; `testing` is None when the service shall split; the request is as the caller sent it."""

    version_arn: str
    project_name: str
    version_name: str
    training: Data
    testing: Data | None
    request: Mapping[str, Any]


@dataclass(frozen=True)
class TrainedModel:
    """A model and each label's assumed threshold, from 0 to 1."""

    model: Model
    thresholds: Mapping[str, float]


@dataclass(frozen=True)
class Outcome:
    """The end of a training: no model when it failed; `results` are members of ProjectVersionDescription."""

    message: str
    model: TrainedModel | None = None
    results: Mapping[str, Any] = field(default_factory=dict)
