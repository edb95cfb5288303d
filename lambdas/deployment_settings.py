"""The settings of a deployment: what `cdk.json` may say, checked, and handed to the functions as settings.json."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from lambdas.names import DEPLOYMENT_PATTERN, MAX_NAMES, PROJECT_PATTERN, RESERVED_PROJECTS

SETTINGS_FILE: Final = Path(__file__).with_name("settings.json")
MAX_PROJECTS: Final = 25
MAX_INFERENCE_UNITS: Final = 5  # service quota for one started model

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# A standard topic: what is filtered and comes at least once needs no FIFO one, and Rekognition takes none either.
_TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}")


class SettingsError(ValueError):
    """A setting is missing, unknown or out of range; the message names its key."""


@dataclass(frozen=True, kw_only=True)
class ProjectSettings:
    """What one project may set."""

    min_confidence: float | None = None  # percent; None: the thresholds that the model assumed in training
    label_thresholds: Mapping[str, float] = field(default_factory=dict)  # percent, instead of min_confidence
    max_results: int | None = None  # labels per image, best first; None: all
    annotate: bool = False  # keep a copy of each image with its boxes and labels drawn
    min_inference_units: int = 1
    max_inference_units: int = 1
    min_f1: float = 0.7  # a trained version under this F1 score (0-1) is rejected
    retention_days: int | None = None  # results expire after so many days; None: never
    source_buckets: tuple[str, ...] = ()  # other buckets whose images it may be asked to look at
    notification_topics: tuple[str, ...] = ()  # ARNs that a request may name to be told on

    def __post_init__(self) -> None:
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
    retain_logs_days: int = 30

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
    values = _checked(where, raw, _DEPLOYMENT_CHECKS, DeploymentSettings)
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
    values = _checked(path, raw, _PROJECT_CHECKS, ProjectSettings)
    values |= {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    try:
        return ProjectSettings(**values)
    except SettingsError as error:
        raise SettingsError(f"{path}.{error}") from None


def load_settings(file: Path = SETTINGS_FILE) -> DeploymentSettings:
    """Read the settings that were rendered into the functions' asset."""
    said = json.loads(file.read_text(encoding="utf-8"))
    return parse_deployment(said.pop("name"), said)


@dataclass(frozen=True)
class _Check:
    """A test for one value and the words that say what passes it."""

    passes: Callable[[Any], bool]
    must: str


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(low: int, high: int) -> _Check:
    return _Check(
        lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high,
        f"a whole number from {low} to {high}",
    )


def _ratio(high: float) -> _Check:
    return _Check(lambda value: _is_number(value) and 0 <= value <= high, f"a number from 0 to {high:g}")


def _or_null(check: _Check) -> _Check:
    return _Check(lambda value: value is None or check.passes(value), f"null or {check.must}")


def _list_of(pattern: re.Pattern[str], what: str) -> _Check:
    return _Check(
        lambda value: (
            isinstance(value, list)
            and all(isinstance(entry, str) and pattern.fullmatch(entry) for entry in value)
            and len(set(value)) == len(value)
        ),
        f"a list of different {what}",
    )


def _are_thresholds(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(label, str) and label and _ratio(100).passes(percent) for label, percent in value.items()
    )


_PROJECT_CHECKS: Final[Mapping[str, _Check]] = {
    "min_confidence": _or_null(_ratio(100)),
    "label_thresholds": _Check(_are_thresholds, "an object of labels with a number from 0 to 100 each"),
    "max_results": _or_null(_whole(1, 1000)),
    "annotate": _Check(lambda value: isinstance(value, bool), "true or false"),
    "min_inference_units": _whole(1, MAX_INFERENCE_UNITS),
    "max_inference_units": _whole(1, MAX_INFERENCE_UNITS),
    "min_f1": _ratio(1),
    "retention_days": _or_null(_whole(1, 3650)),
    "source_buckets": _list_of(_BUCKET, "bucket names"),
    "notification_topics": _list_of(_TOPIC, "ARNs of standard SNS topics"),
}

_DEPLOYMENT_CHECKS: Final[Mapping[str, _Check]] = {
    "architecture": _Check(lambda value: value in ("arm64", "x86_64"), "arm64 or x86_64"),
    "account_concurrency": _whole(10, 100_000),
    "alarm_email": _or_null(_Check(lambda value: isinstance(value, str) and "@" in value, "an address")),
    # The values that CloudWatch Logs accepts, up to a year.
    "retain_logs_days": _Check(
        lambda value: type(value) is int and value in (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365),
        "one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365",
    ),
}


def _checked(where: str, raw: Mapping[str, Any], checks: Mapping[str, _Check], words: type) -> dict[str, Any]:
    """Return the values of `raw` that have a check, after it; refuse keys that `words` does not have."""
    known = {item.name for item in fields(words)} - {"name"}
    for key in raw:
        if key not in known:
            raise SettingsError(f"{where}.{key} is not a setting; known are {', '.join(sorted(known))}")
    values = {key: value for key, value in raw.items() if key in checks}
    for key, value in values.items():
        if not checks[key].passes(value):
            raise SettingsError(f"{where}.{key} is {value!r}; it must be {checks[key].must}")
    return values
