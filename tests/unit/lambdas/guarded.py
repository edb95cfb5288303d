"""What the guard's tests share: Rekognition's versions and an SSM parameter in memory, and what the registry says."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambdas.deployment_settings import DeploymentSettings, parse_deployment
from lambdas.guard_models.words import BilledVersion
from lambdas.items import to_item
from lambdas.model_versions import VersionStatus
from tests.unit.aws import Refusal
from tests.unit.dynamodb import Table

NOW = 1_790_000_000.0  # 2026-09-21, 13:33:20 UTC
MINUTE = 60.0
HOUR = 3600.0
UNITS = 2  # of each version
ACCOUNT = "arn:aws:rekognition:eu-west-1:123456789012:project"


def arn(version: str, project: str = "digits") -> str:
    return f"{ACCOUNT}/dev.{project}/version/{version}/1700000000000"


def billed(
    name: str = "v1",
    project: str = "digits",
    status: VersionStatus = VersionStatus.RUNNING,
    units: int = 1,
) -> BilledVersion:
    return BilledVersion(project=project, name=name, arn=arn(name, project), status=status, inference_units=units)


def deployment(digits: Mapping[str, Any] | None = None, **more: Any) -> DeploymentSettings:
    return parse_deployment("dev", {"projects": {"digits": digits or {}, "scenes": {}}, **more})


@dataclass
class Models:
    """Rekognition's projects and versions, one on each page."""

    statuses: dict[str, dict[str, str]] = field(default_factory=dict)  # by project, by version
    refusals: dict[str, Refusal] = field(default_factory=dict)  # of a stop, by ARN
    unseen: dict[str, Exception] = field(default_factory=dict)  # of a look, by project
    stopped: list[str] = field(default_factory=list)

    def run(self, version: str, project: str = "dev.digits", status: str = "RUNNING") -> None:
        self.statuses.setdefault(project, {})[version] = status

    def describe_projects(self, NextToken: str = "0") -> dict[str, Any]:
        projects = [{"ProjectArn": f"{ACCOUNT}/{name}/1600000000000"} for name in self.statuses]
        return self._page("ProjectDescriptions", projects, NextToken)

    def describe_project_versions(self, ProjectArn: str, NextToken: str = "0") -> dict[str, Any]:
        project = ProjectArn.split("/")[1]
        if project in self.unseen:
            raise self.unseen[project]
        versions = [
            {
                "ProjectVersionArn": f"{ACCOUNT}/{project}/version/{name}/1700000000000",
                "Status": status,
                "MinInferenceUnits": UNITS,
            }
            for name, status in self.statuses[project].items()
        ]
        return self._page("ProjectVersionDescriptions", versions, NextToken)

    def stop_project_version(self, ProjectVersionArn: str) -> dict[str, Any]:
        if ProjectVersionArn in self.refusals:
            raise self.refusals[ProjectVersionArn]
        _, project, _, version, _ = ProjectVersionArn.split("/")
        if self.statuses[project][version] != "RUNNING":
            raise Refusal("ResourceInUseException")
        self.statuses[project][version] = "STOPPED"
        self.stopped.append(ProjectVersionArn)
        return {"Status": "STOPPING"}

    @staticmethod
    def _page(member: str, found: list[Any], token: str) -> dict[str, Any]:
        number = int(token)
        more = {"NextToken": str(number + 1)} if found[number + 1 :] else {}
        return {member: found[number : number + 1], **more}


@dataclass
class Parameters:
    """Systems Manager's parameters."""

    values: dict[str, str] = field(default_factory=dict)
    refuse_get: Refusal | None = None
    refuse_put: Refusal | None = None

    def get_parameter(self, Name: str) -> dict[str, Any]:
        if self.refuse_get:
            raise self.refuse_get
        if Name not in self.values:
            raise Refusal("ParameterNotFound")
        return {"Parameter": {"Name": Name, "Type": "String", "Value": self.values[Name]}}

    def put_parameter(self, Name: str, Value: str, Type: str, Overwrite: bool = False) -> dict[str, Any]:
        if self.refuse_put:
            raise self.refuse_put
        assert Type == "String"
        assert Overwrite or Name not in self.values, "ParameterAlreadyExists"
        assert len(Value) <= 4096, "a standard parameter holds 4 KB"
        self.values[Name] = Value
        return {"Version": 1}


@dataclass(frozen=True)
class Writer:
    """Writes the registry's items as the workflows, the governor and people do."""

    table: Table

    def put(self, sort_key: str, project: str = "digits", **said: Any) -> None:
        key = {"PK": f"PROJECT#{project}", "SK": sort_key}
        standing = self.table.items.get((key["PK"], sort_key), {})
        self.table.items[key["PK"], sort_key] = {**standing, **to_item(key | said)}

    def activate(self, version: str, project: str = "digits", **more: Any) -> None:
        self.put("STATE", project, ActiveVersionArn=arn(version, project), ActiveVersionName=version, **more)

    def lease(self, version: str, expires_at: float, holder: str | None = None, project: str = "digits") -> None:
        self.put(f"LEASE#{holder or version}", project, VersionName=version, ExpiresAt=expires_at)

    def attempt(self, version: str, status: str, project: str = "digits") -> None:
        self.put(f"ATTEMPT#{version}", project, VersionName=version, Status=status)

    def drop(self, sort_key: str, project: str = "digits") -> None:
        self.table.items.pop((f"PROJECT#{project}", sort_key), None)
