"""Answer the operations on projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from local.rekognition.context import Context
from local.rekognition.dataset_lifecycle import Dataset
from local.rekognition.dataset_reports import dataset_metadata
from local.rekognition.errors import in_use, invalid_parameter
from local.rekognition.lifecycle import Project, Status
from local.rekognition.pages import page
from local.rekognition.quotas import check_quota
from local.rekognition.state import Caller


def create_project(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    if request.get("Feature", "CUSTOM_LABELS") != "CUSTOM_LABELS" or "AutoUpdate" in request:
        raise invalid_parameter("The local stand-in serves Custom Labels projects only, without AutoUpdate.")
    name = request["ProjectName"]
    with context.state.lock:
        projects = context.state.projects(caller)
        if any(project.name == name for project in projects):
            raise in_use(f"A project named {name} exists.")
        check_quota(context.quotas.projects, len(projects) + 1, "projects")
        stamp = context.state.stamp()
        project = Project(caller.arn(f"project/{name}/{stamp}"), name, stamp / 1000)
        context.state.put_project(project)
        context.state.tags[project.arn] = dict(request.get("Tags", {}))
    return {"ProjectArn": project.arn}


def describe_projects(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    names = request.get("ProjectNames")
    custom_labels = "CUSTOM_LABELS" in request.get("Features", ["CUSTOM_LABELS"])
    with context.state.lock:
        projects = [p for p in context.state.projects(caller) if custom_labels and (names is None or p.name in names)]
        shown, more = page(projects, request)
        described = [_description(project, context.state.datasets(project.arn)) for project in shown]
    return {"ProjectDescriptions": described, **more}


def delete_project(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    with context.state.lock:
        project = context.state.project(caller, request["ProjectArn"])
        if project.status is Status.DELETING:
            raise in_use(f"The project {project.name} is being deleted.")
        if context.state.versions(project.arn) or context.state.datasets(project.arn):
            raise in_use(f"The project {project.name} has versions or datasets; delete them first.")
        context.state.put_project(replace(project, status=Status.DELETING, since=context.state.now()))
    return {"Status": Status.DELETING}


def _description(project: Project, datasets: Sequence[Dataset]) -> dict[str, Any]:
    return {
        "ProjectArn": project.arn,
        "CreationTimestamp": project.created,
        "Status": project.status,
        "Datasets": [dataset_metadata(dataset) for dataset in datasets],
        "Feature": "CUSTOM_LABELS",
    }
