"""The environment of each function: one class, written by the stack and read by the function."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TypeVar

Settings = TypeVar("Settings")


class EnvironmentIncompleteError(RuntimeError):
    """The function was deployed without variables that it needs; the message names all of them."""


@dataclass(frozen=True, kw_only=True)
class KnowsRegistry:
    """Of functions that read or write the model registry."""

    registry_table: str


@dataclass(frozen=True, kw_only=True)
class KnowsResults:
    """Of functions that read or write the results table."""

    results_table: str


@dataclass(frozen=True, kw_only=True)
class TellsResults(KnowsResults):
    """Of functions that bring jobs to their ends and tell of them."""

    results_bucket: str
    results_topic_arn: str


@dataclass(frozen=True, kw_only=True)
class TellsOperators(KnowsRegistry):
    """Of functions that watch over running models."""

    operations_topic_arn: str


@dataclass(frozen=True, kw_only=True)
class DetectLabels(KnowsRegistry, TellsResults):
    pass


class SweepResults(TellsResults):
    pass


class TakeReview(TellsResults):
    pass


@dataclass(frozen=True, kw_only=True)
class StartVideo(TellsResults):
    videos_topic_arn: str  # on which Rekognition tells of the ends of jobs
    videos_role_arn: str  # as which it does


class CollectVideo(TellsResults):
    pass


@dataclass(frozen=True, kw_only=True)
class SampleVideo(TellsResults):
    frames_topic_arn: str  # whose messages merge_video reads


class MergeVideo(TellsResults):
    pass


@dataclass(frozen=True, kw_only=True)
class SweepVideos(KnowsResults):
    queue_url: str  # of collect_video


@dataclass(frozen=True, kw_only=True)
class StartDetection(KnowsResults):
    images_bucket: str
    queue_url: str


class QueueImages(KnowsResults):
    pass


class GetDetection(KnowsResults):
    pass


@dataclass(frozen=True, kw_only=True)
class ClaimTraining(KnowsRegistry):
    datasets_bucket: str
    training_output_bucket: str


@dataclass(frozen=True, kw_only=True)
class CheckDataset:
    datasets_bucket: str


class JudgeVersion(KnowsRegistry):
    pass


class ExplainFailure(KnowsRegistry):
    pass


class PickVersions(KnowsRegistry):
    pass


@dataclass(frozen=True, kw_only=True)
class ReportTraining(KnowsRegistry):
    datasets_bucket: str


class PrepareRun(KnowsRegistry):
    pass


class ClearModels(KnowsRegistry):
    pass


@dataclass(frozen=True, kw_only=True)
class GuardModels(TellsOperators):
    memory_parameter: str


class GovernModels(TellsOperators):
    pass


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
