"""The environment of each function: one class, written by the stack and read by the function."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TypeVar

Settings = TypeVar("Settings")


class EnvironmentIncompleteError(RuntimeError):
    """The function was deployed without variables that it needs; the message names all of them."""


@dataclass(frozen=True, kw_only=True)
class DetectLabels:
    registry_table: str
    results_table: str
    results_bucket: str
    results_topic_arn: str


@dataclass(frozen=True, kw_only=True)
class SweepResults:
    results_table: str
    results_bucket: str
    results_topic_arn: str


@dataclass(frozen=True, kw_only=True)
class TakeReview:
    results_table: str
    results_bucket: str
    results_topic_arn: str


@dataclass(frozen=True, kw_only=True)
class StartVideo:
    results_table: str
    results_bucket: str
    results_topic_arn: str
    videos_topic_arn: str  # on which Rekognition tells of the ends of jobs
    videos_role_arn: str  # as which it does


@dataclass(frozen=True, kw_only=True)
class CollectVideo:
    results_table: str
    results_bucket: str
    results_topic_arn: str


@dataclass(frozen=True, kw_only=True)
class SampleVideo:
    results_table: str
    results_bucket: str
    results_topic_arn: str
    frames_topic_arn: str  # whose messages merge_video reads


@dataclass(frozen=True, kw_only=True)
class MergeVideo:
    results_table: str
    results_bucket: str
    results_topic_arn: str


@dataclass(frozen=True, kw_only=True)
class SweepVideos:
    results_table: str
    queue_url: str  # of collect_video


@dataclass(frozen=True, kw_only=True)
class StartDetection:
    images_bucket: str
    results_table: str
    queue_url: str


@dataclass(frozen=True, kw_only=True)
class QueueImages:
    results_table: str


@dataclass(frozen=True, kw_only=True)
class GetDetection:
    results_table: str


@dataclass(frozen=True, kw_only=True)
class ClaimTraining:
    registry_table: str
    datasets_bucket: str
    training_output_bucket: str


@dataclass(frozen=True, kw_only=True)
class CheckDataset:
    datasets_bucket: str


@dataclass(frozen=True, kw_only=True)
class JudgeVersion:
    registry_table: str


@dataclass(frozen=True, kw_only=True)
class ExplainFailure:
    registry_table: str


@dataclass(frozen=True, kw_only=True)
class PickVersions:
    registry_table: str


@dataclass(frozen=True, kw_only=True)
class ReportTraining:
    registry_table: str
    datasets_bucket: str


@dataclass(frozen=True, kw_only=True)
class PrepareRun:
    registry_table: str


@dataclass(frozen=True, kw_only=True)
class ClearModels:
    registry_table: str


@dataclass(frozen=True, kw_only=True)
class GuardModels:
    registry_table: str
    operations_topic_arn: str
    memory_parameter: str


@dataclass(frozen=True, kw_only=True)
class GovernModels:
    registry_table: str
    operations_topic_arn: str


def to_environment(settings: object) -> dict[str, str]:
    """Spell a settings object as Lambda environment variables: `results_table` is RESULTS_TABLE."""
    return {name.upper(): value for name, value in asdict(settings).items()}  # type: ignore[call-overload]


def from_environment(cls: type[Settings], environment: Mapping[str, str] = os.environ) -> Settings:
    """Read a settings object; raise EnvironmentIncompleteError that names every missing variable."""
    names = [item.name for item in fields(cls)]  # type: ignore[arg-type]
    missing = [name.upper() for name in names if not environment.get(name.upper())]
    if missing:
        raise EnvironmentIncompleteError(f"{cls.__name__} needs the environment variables {', '.join(missing)}")
    return cls(**{name: environment[name.upper()] for name in names})
