"""What a synthesized deployment holds, as plain Python."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import App

from app import build

ROOT = Path(__file__).parents[2]
CONTEXT: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]


@dataclass(frozen=True)
class Resource:
    """One resource of one stack."""

    stack: str
    id: str
    type: str
    properties: Mapping[str, Any]
    whole: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.stack}/{self.id}"


@dataclass(frozen=True)
class Deployment:
    """The templates of one deployment, by stack name."""

    name: str
    said: Mapping[str, Any]  # in cdk.json
    folder: Path
    templates: Mapping[str, Mapping[str, Any]]

    @property
    def moderates(self) -> bool:
        """Whether its projects ask for moderation and for reviews by people: here, those that have one have both."""
        return any("human_review" in project.get("moderation", {}) for project in self.said["projects"].values())

    def all(self, *types: str) -> Iterator[Resource]:
        """Yield the resources of some types; all resources where none is named."""
        for stack, template in self.templates.items():
            for id_, whole in template["Resources"].items():
                if not types or whole["Type"] in types:
                    yield Resource(stack, id_, whole["Type"], whole.get("Properties", {}), whole)

    @property
    def films(self) -> list[str]:
        """The projects that look at videos."""
        return sorted(project for project, said in self.said["projects"].items() if "videos" in said)

    @property
    def framed(self) -> list[str]:
        """The projects whose own models look at the frames of videos."""
        videos = {project: said.get("videos") or {} for project, said in self.said["projects"].items()}
        return sorted(project for project, said in videos.items() if said.get("custom_labels"))

    def one(self, type_: str, begins: str) -> Resource:
        """Return the only resource of a type whose logical id begins so."""
        (found,) = [resource for resource in self.all(type_) if resource.id.startswith(begins)]
        return found

    def statements(self) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
        """Yield every policy statement, with the resource that it is in."""
        for resource in self.all():
            for key in ("PolicyDocument", "KeyPolicy", "AssumeRolePolicyDocument"):
                for statement in resource.properties.get(key, {}).get("Statement", []):
                    yield resource, statement


def app_of(folder: Path, deployment: str, **context: Any) -> App:
    """Build the app as `cdk deploy -c deployment=NAME` would, but bundle no assets unless `context` says so."""
    known = CONTEXT | {"deployment": deployment, "aws:cdk:bundling-stacks": []} | context
    app = App(context=known, outdir=str(folder), analytics_reporting=False)
    build(app)
    return app


def synthesized(folder: Path, deployment: str, **context: Any) -> Deployment:
    """Synthesize a deployment, which raises where a rule of cdk-nag or CDK finds something."""
    app_of(folder, deployment, **context).synth()
    suffix = ".template.json"
    return Deployment(
        name=deployment,
        said=context.get("deployments", CONTEXT["deployments"])[deployment],
        folder=folder,
        templates={
            file.name.removesuffix(suffix): json.loads(file.read_text(encoding="utf-8"))
            for file in sorted(folder.glob(f"*{suffix}"))
        },
    )


def listed(value: Any) -> list[Any]:
    """Return a list where CloudFormation allows one value in its place."""
    return value if isinstance(value, list) else [value]


def referred(value: Any) -> str | None:
    """Return the logical id that a Ref or a GetAtt names."""
    match value:
        case {"Ref": str(id_)} | {"Fn::GetAtt": [str(id_), _]}:
            return id_
    return None
