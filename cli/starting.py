"""Starts a model because a person says so: the active version, another one, or one that runs already."""

import json
import time
from dataclasses import dataclass
from typing import Final

from cli.deployment import Clients, Deployment, Project
from cli.models import Model, ModelError, list_models
from lambdas.model_versions import VersionStatus
from lambdas.registry import PERSON, Wanted
from lambdas.runtime_settings import Runtime

_UNASKED_SECONDS: Final = 3600  # how long a model runs that its runtime would stop, where nobody says how long
# Until run_model has a lease of its own; and where it does not come to that, not much longer than a person waits.
_LEASE_SECONDS: Final = 900
_UP: Final = frozenset({VersionStatus.STARTING, VersionStatus.RUNNING})
_STARTABLE: Final = _UP | {VersionStatus.TRAINING_COMPLETED, VersionStatus.STOPPED, VersionStatus.COPYING_COMPLETED}


@dataclass(frozen=True)
class Started:
    """What a start has set going."""

    model: Model
    until: int | None  # epoch seconds at which its runtime decides again; None: no end
    execution: str | None  # of run_model; None where the model is active and up already

    @property
    def is_adopted(self) -> bool:
        """Whether it ran, or started, before it was made the active version."""
        return self.model.status in _UP and not self.model.active


def start_model(
    clients: Clients, deployment: Deployment, project: str, version: str | None = None, seconds: int | None = None
) -> Started:
    """Want a project to run, and start run_model for a version, the active one where none is named.

    `seconds` is for how long, whatever its runtime says; None: an hour, and where it is always_on, without end.
    Raises ModelError.
    """
    runtime = deployment.project(project).runtime
    registry = deployment.registry(clients)
    if registry.is_closing():
        raise ModelError(
            f"{deployment.name} is being destroyed, and starts nothing; run `make destroy` again, or `make deploy`"
        )
    model = _to_start(list(list_models(clients, deployment, project)), project, version)
    if seconds is None and runtime is not Runtime.ALWAYS_ON:
        seconds = _UNASKED_SECONDS
    now = time.time()
    until = None if seconds is None else int(now) + seconds
    # First: run_model leaves a word that it finds, and the governor goes on where run_model fails.
    registry.want(project, Wanted.RUNNING, now, until)
    if model.active and model.status in _UP:
        return Started(model, until, None)
    if model.status in _UP:
        registry.lease(project, model.version, PERSON, now + _LEASE_SECONDS)
    return Started(model, until, start_run(clients, deployment, model))


def give_back(clients: Clients, deployment: Deployment, started: Started) -> None:
    """End the lease of an adopted version, once run_model has ended.

    It is the active version then; or run_model failed, and the guard stops it. Who does not wait for run_model lets
    the lease expire: given back before run_model has its own, the guard could stop the version.
    """
    if started.is_adopted:
        deployment.registry(clients).give_back(started.model.project, PERSON)


def roll_back(clients: Clients, deployment: Deployment, project: str) -> str:
    """Start run_model for the version that was active before; return the execution's ARN."""
    deployment.project(project)
    former = deployment.registry(clients).registration(project).former_version_name
    if former is None:
        raise ModelError(f"no version of {project} was active before; `customlabels models {project}` lists all")
    return start_run(clients, deployment, _to_start(list(list_models(clients, deployment, project)), project, former))


def start_run(clients: Clients, deployment: Deployment, model: Model) -> str:
    """Start run_model for one version; return the execution's ARN."""
    execution = clients("stepfunctions").start_execution(
        stateMachineArn=deployment.run_model_arn,
        input=json.dumps(
            {
                "Project": model.project,
                "ProjectArn": model.project_arn,
                "ProjectVersionArn": model.arn,
                "VersionName": model.version,
            }
        ),
    )
    return str(execution["executionArn"])


def what_follows(project: Project) -> str:
    """Say what becomes of a model that a rollout has left running; nothing, where it runs on."""
    longer = f"`customlabels start {project.name} --for 2h` keeps it running"
    match project.runtime:
        case Runtime.ON_DEMAND:
            return f"its runtime is on_demand: the model stops when no images wait; {longer}"
        case Runtime.SCHEDULED:
            return f"its runtime is scheduled: the model stops where no window is open; {longer}"
        case Runtime.ALWAYS_ON:
            return ""


def _to_start(models: list[Model], project: str, version: str | None) -> Model:
    if version is None:
        chosen = [model for model in models if model.active]
        if not chosen:
            known = ", ".join(f"{m.version} ({m.status}, F1 {m.f1})" for m in models) or "none; train one"
            raise ModelError(f"{project} has no active version; name one with --version, of: {known}")
    else:
        chosen = [model for model in models if model.version == version]
        if not chosen:
            raise ModelError(f"{project} has no version {version!r}; `customlabels models` lists them")
    if chosen[0].status not in _STARTABLE:
        raise ModelError(f"{chosen[0].version} is {chosen[0].status} and cannot be started now")
    return chosen[0]
