"""What run_model needs to know before it acts."""

from collections.abc import Mapping
from typing import Any, Final

from lambdas.deployment_settings import DeploymentSettings
from lambdas.names import queue_name
from lambdas.registry import Registry

_NONE: Final = "none"
_NEEDED: Final = ("Project", "ProjectArn", "ProjectVersionArn", "VersionName")


class RunRequestError(ValueError):
    """The input of run_model is incomplete or names no project of the deployment."""


def plan_run(
    request: Mapping[str, Any], settings: DeploymentSettings, registry: Registry, sqs_arn: str
) -> dict[str, Any]:
    """Return the request with inference units, the queue, and the version that is active now.

    `sqs_arn` is what the ARN of each queue here begins with. `Seen` and `WantedAt` are what promotion must still find;
    `Former` is what to stop afterwards, where `Replaces` says so, or first, where it `MayMakeRoom` and must. "none"
    stands for no version.
    """
    missing = [name for name in _NEEDED if not request.get(name)]
    if missing:
        raise RunRequestError(f"run_model needs {', '.join(missing)} in its input")
    project = settings.projects.get(request["Project"])
    if project is None:
        raise RunRequestError(f"{request['Project']} is no project of {settings.name}; add it to cdk.json")
    registry.refuse_while_closing()
    registration = registry.registration(request["Project"])
    active = registration.active_version_arn
    replaces = active is not None and active != request["ProjectVersionArn"]
    return {
        **{name: request[name] for name in _NEEDED},
        "MinInferenceUnits": project.min_inference_units,
        "MaxInferenceUnits": project.max_inference_units,
        "QueueArn": sqs_arn + queue_name(settings.name, "detect_labels", request["Project"]),
        "Seen": active or _NONE,
        "WantedAt": registration.wanted_at,
        "Replaces": replaces,
        "MayMakeRoom": replaces and project.make_room,
        "Former": {"ProjectVersionArn": active or _NONE, "VersionName": registration.active_version_name or _NONE},
    }
