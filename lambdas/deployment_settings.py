"""The settings of a deployment: what `cdk.json` may say, checked, and handed to the functions as settings.json."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from lambdas.moderation_categories import doubts
from lambdas.moderation_settings import HumanReview, ModerationSettings, parse_moderation
from lambdas.names import DEPLOYMENT_PATTERN, MAX_NAMES, PROJECT_PATTERN, RESERVED_PROJECTS
from lambdas.runtime_settings import Runtime, Schedule, StartWhen, parse_schedule, parse_start_when
from lambdas.setting_checks import (
    Check,
    SettingsError,
    checked,
    list_of,
    number_from,
    one_of,
    or_null,
    over,
    ratio,
    whole,
    yes_or_no,
)
from lambdas.video_settings import VideoSettings, parse_videos

SETTINGS_FILE: Final = Path(__file__).with_name("settings.json")
MAX_PROJECTS: Final = 25
MAX_APPROVAL_HOURS: Final = 168  # a week, for which train_model may wait
MAX_INFERENCE_UNITS: Final = 5  # service quota for one started model
LEAST_WAIT_MINUTES: Final = 30  # what a start and a stop before it may take, and a few minutes to look and to detect

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# A standard topic: what is filtered and comes at least once needs no FIFO one, and Rekognition takes none either.
_TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}")


Minimum = float | Mapping[str, float] | None  # of a score of each label, or by label


@dataclass(frozen=True, kw_only=True)
class ProjectSettings:
    """What one project may set."""

    min_confidence: float | None = None  # percent; None: the thresholds that the model assumed in training
    label_thresholds: Mapping[str, float] = field(default_factory=dict)  # percent, instead of min_confidence
    max_results: int | None = None  # labels per image, best first; None: all
    annotate: bool = False  # keep a copy of each image with its boxes and labels drawn
    moderation: ModerationSettings | None = None  # of each image before the model looks at it; None: there is none
    min_inference_units: int = 1
    max_inference_units: int = 1
    min_f1: float = 0.7  # a trained version under this F1 score (0-1) is rejected
    min_label_f1: Minimum = None  # 0-1, of each label or by label; a version with a label under it is rejected
    min_label_precision: Minimum = None
    min_label_recall: Minimum = None
    require_improvement: bool = False  # a version must have a better F1 score than the active one
    max_label_regression: float | None = None  # by how much a label's F1 score may fall; None: it does not matter
    approval_hours: float | None = None  # for which a trained version waits for a person's approval; None: it need not
    training: str = "inline"  # by the upload's manifests; or `datasets`: by data sets that uploads add to
    keep_versions: int | None = None  # older ones are deleted after a promotion; None: all are kept
    make_room: bool = True  # where the quota fits no second model, stop the active one before its successor starts
    runtime: str = Runtime.ON_DEMAND  # when its model runs: on_demand, always_on or scheduled
    schedule: Schedule | None = None  # of the runtime `scheduled`
    start_when: StartWhen = field(
        default_factory=StartWhen
    )  # of on_demand, sooner than max_wait_minutes makes it start
    max_wait_minutes: float = 240  # of on_demand: from an image's arrival to its result
    finish_within_minutes: float | None = None  # for a backlog, once the model runs; None: max_wait_minutes alone says
    max_run_hours: float | None = None  # at one stretch; None: 24, and for always_on and scheduled none
    daily_budget_unit_hours: float | None = None  # per UTC day; None: the deployment's alone
    videos: VideoSettings | None = None  # how stored videos are looked at; None: they are refused
    retention_days: int | None = None  # results expire after so many days; None: never
    source_buckets: tuple[str, ...] = ()  # other buckets whose images it may be asked to look at
    notification_topics: tuple[str, ...] = ()  # ARNs that a request may name to be told on

    def __post_init__(self) -> None:
        if (self.runtime == Runtime.SCHEDULED) != (self.schedule is not None):
            raise SettingsError(
                f'schedule: the runtime is {self.runtime}; a project has a schedule if its runtime is "scheduled", and '
                "only then"
            )
        if self.label_thresholds and self.min_confidence is None:
            raise SettingsError(
                "label_thresholds needs min_confidence, the threshold of the labels that it does not name: once we "
                "ask below the model's own thresholds, Rekognition does not apply them any more"
            )
        if self.max_inference_units < self.min_inference_units:
            raise SettingsError(
                f"max_inference_units ({self.max_inference_units}) is below "
                f"min_inference_units ({self.min_inference_units}); raise the one or lower the other"
            )


@dataclass(frozen=True, kw_only=True)
class DeploymentSettings:
    """What one deployment may set."""

    name: str
    projects: Mapping[str, ProjectSettings]
    architecture: str = "arm64"  # of the functions: arm64 or x86_64
    account_concurrency: int = 10  # the account's limit of concurrent Lambda executions; 10 in a fresh one
    alarm_email: str | None = None  # subscribed to the operations topic
    unit_hour_price: float = 4.0  # US dollars for an inference unit's hour
    daily_budget_unit_hours: float | None = None  # of all projects together, per UTC day
    on_destroy: str = "keep_models"  # what `cdk destroy` does with versions, data sets and projects: or delete_models
    data_on_destroy: str = "keep"  # what it does with buckets and tables: keep, or delete
    retain_logs_days: int = 30

    @property
    def human_reviews(self) -> tuple[HumanReview, ...]:
        """The reviews by people that projects ask for."""
        moderations = (project.moderation for project in self.projects.values())
        return tuple(said.human_review for said in moderations if said and said.human_review)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What is not wrong for certain, and probably not meant, by the keys of cdk.json."""
        return tuple(
            f"deployments.{self.name}.projects.{name}.moderation.policy: {doubt}"
            for name, project in self.projects.items()
            if project.moderation
            for doubt in doubts(project.moderation.policy)
        )

    def to_json(self) -> str:
        """Render what the functions need, the same text for the same settings."""
        return json.dumps(asdict(self), indent=2, sort_keys=True)


def parse_deployment(name: str, raw: Mapping[str, Any]) -> DeploymentSettings:
    """Check one deployment of cdk.json.

    Raises SettingsError that names the key and says what it may be.
    """
    where = f"deployments.{name}"
    if "-project" in name:
        raise SettingsError(f"{where}: a deployment's name must not hold '-project', which ends it in a stack's name")
    if not DEPLOYMENT_PATTERN.fullmatch(name):
        raise SettingsError(f"{where}: a deployment's name must match {DEPLOYMENT_PATTERN.pattern}")
    if not isinstance(raw, Mapping):
        raise SettingsError(f"{where} must be an object")
    values = checked(where, raw, _DEPLOYMENT_CHECKS, DeploymentSettings)
    projects = raw.get("projects")
    if not isinstance(projects, Mapping) or not 1 <= len(projects) <= MAX_PROJECTS:
        raise SettingsError(f"{where}.projects must be an object of 1 to {MAX_PROJECTS} projects")
    for project in projects:
        if len(name) + len(project) > MAX_NAMES:
            raise SettingsError(
                f"{where}.projects.{project}: the deployment's and the project's name have more than {MAX_NAMES} "
                "characters together; shorten one"
            )
    return DeploymentSettings(
        name=name,
        projects={project: parse_project(where, project, said) for project, said in projects.items()},
        **values,
    )


def parse_project(where: str, name: str, raw: Mapping[str, Any]) -> ProjectSettings:
    """Check one project's settings; `where` is the path of keys that leads to its deployment."""
    path = f"{where}.projects.{name}"
    if name in RESERVED_PROJECTS:
        raise SettingsError(f"{path}: the name {name!r} is reserved; choose another")
    if not PROJECT_PATTERN.fullmatch(name):
        raise SettingsError(f"{path}: a project's name must match {PROJECT_PATTERN.pattern}")
    if not isinstance(raw, Mapping):
        raise SettingsError(f"{path} must be an object")
    values = checked(path, raw, _PROJECT_CHECKS, ProjectSettings)
    values |= {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    values["moderation"] = parse_moderation(f"{path}.moderation", raw.get("moderation"))
    values["schedule"] = parse_schedule(f"{path}.schedule", raw.get("schedule"))
    values["start_when"] = parse_start_when(f"{path}.start_when", raw.get("start_when"))
    values["videos"] = parse_videos(f"{path}.videos", raw.get("videos"))
    try:
        return ProjectSettings(**values)
    except SettingsError as error:
        raise SettingsError(f"{path}.{error}") from None


@cache
def load_settings(file: Path = SETTINGS_FILE) -> DeploymentSettings:
    """Read the settings that were rendered into the functions' asset, once a process."""
    said = json.loads(file.read_text(encoding="utf-8"))
    return parse_deployment(said.pop("name"), said)


def _are_thresholds(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(label, str) and label and ratio(100).passes(percent) for label, percent in value.items()
    )


def _is_minimum(value: Any) -> bool:
    scores = value.values() if isinstance(value, Mapping) else [value]
    return value is None or all(ratio(1).passes(score) for score in scores)


_MINIMUM: Final = Check(_is_minimum, "null, a number from 0 to 1, or such a number by label")

_PROJECT_CHECKS: Final[Mapping[str, Check]] = {
    "min_confidence": or_null(ratio(100)),
    "label_thresholds": Check(_are_thresholds, "an object of labels with a number from 0 to 100 each"),
    "max_results": or_null(whole(1, 1000)),
    "annotate": yes_or_no(),
    "min_inference_units": whole(1, MAX_INFERENCE_UNITS),
    "max_inference_units": whole(1, MAX_INFERENCE_UNITS),
    "min_f1": ratio(1),
    "min_label_f1": _MINIMUM,
    "min_label_precision": _MINIMUM,
    "min_label_recall": _MINIMUM,
    "require_improvement": yes_or_no(),
    "max_label_regression": or_null(ratio(1)),
    "approval_hours": or_null(over(MAX_APPROVAL_HOURS)),
    "training": one_of("inline", "datasets"),
    "keep_versions": or_null(whole(2, 100)),  # the active version and the one before it are always kept
    "make_room": yes_or_no(),
    "runtime": one_of(*Runtime),
    "max_wait_minutes": number_from(LEAST_WAIT_MINUTES, 10_080),
    "finish_within_minutes": or_null(number_from(10, 10_080)),
    "max_run_hours": or_null(over(8784)),
    "daily_budget_unit_hours": or_null(over(MAX_INFERENCE_UNITS * 24)),
    "retention_days": or_null(whole(1, 3650)),
    "source_buckets": list_of(_BUCKET, "bucket names"),
    "notification_topics": list_of(_TOPIC, "ARNs of standard SNS topics"),
}

_DEPLOYMENT_CHECKS: Final[Mapping[str, Check]] = {
    "architecture": one_of("arm64", "x86_64"),
    "account_concurrency": whole(10, 100_000),
    "alarm_email": or_null(Check(lambda value: isinstance(value, str) and "@" in value, "an address")),
    "unit_hour_price": number_from(0, 1000),
    "daily_budget_unit_hours": or_null(over(MAX_PROJECTS * MAX_INFERENCE_UNITS * 24)),
    "on_destroy": one_of("keep_models", "delete_models"),
    "data_on_destroy": one_of("keep", "delete"),
    # The values that CloudWatch Logs accepts, up to a year.
    "retain_logs_days": Check(
        lambda value: type(value) is int and value in (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365),
        "one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365",
    ),
}
