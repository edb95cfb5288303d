"""An account in which a deployment is destroyed, in memory: what clear_models calls of its services."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

import json
from typing import Any

from tests.unit.aws import Refusal

ACCOUNT = "eu-west-1:123456789012"
MACHINE = f"arn:aws:states:{ACCOUNT}:stateMachine:custom-labels-demo-run_model"


class Clock:
    """Stands for the module `time`: sleeping takes no time but on this clock."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Rekognition:
    """Projects, versions and data sets. A version shows its statuses one look after the other, the last for good."""

    def __init__(self) -> None:
        self.versions: dict[str, dict[str, list[str]]] = {}
        self.datasets: dict[str, list[str]] = {}  # kinds by project
        self.refusals: dict[str, Refusal] = {}  # by operation
        self.calls: list[str] = []

    def add(self, project: str, version: str, *statuses: str) -> None:
        self.versions.setdefault(project, {})[version] = list(statuses)

    def describe_projects(self, NextToken: str = "0") -> dict[str, Any]:
        projects = [
            {
                "ProjectArn": _project_arn(name),
                "Status": "CREATED",
                "Datasets": [
                    {"DatasetArn": f"{_project_arn(name)[:-14]}/dataset/{kind}/1", "Status": "CREATE_COMPLETE"}
                    for kind in self.datasets.get(name, [])
                ],
            }
            for name in self.versions
        ]
        return _page("ProjectDescriptions", projects, NextToken)

    def describe_project_versions(self, ProjectArn: str, NextToken: str = "0") -> dict[str, Any]:
        project = ProjectArn.split("/")[1]
        answer = _page("ProjectVersionDescriptions", list(self.versions[project]), NextToken)
        answer["ProjectVersionDescriptions"] = [
            {"ProjectVersionArn": _version_arn(project, name), "Status": self._shown(project, name)}
            for name in answer["ProjectVersionDescriptions"]
        ]
        return answer

    def stop_project_version(self, ProjectVersionArn: str) -> dict[str, Any]:
        project, version = self._called("stop", ProjectVersionArn)
        self.versions[project][version] = ["STOPPING", "STOPPING", "STOPPED"]
        return {"Status": "STOPPING"}

    def delete_project_version(self, ProjectVersionArn: str) -> dict[str, Any]:
        project, version = self._called("delete", ProjectVersionArn)
        del self.versions[project][version]
        return {"Status": "DELETING"}

    def delete_dataset(self, DatasetArn: str) -> dict[str, Any]:
        _, project, _, kind, _ = DatasetArn.split("/")
        self.calls.append(f"delete {project} {kind}")
        self.datasets[project].remove(kind)
        return {}

    def delete_project(self, ProjectArn: str) -> dict[str, Any]:
        project = ProjectArn.split("/")[1]
        if self.versions[project] or self.datasets.get(project):
            raise Refusal("ResourceInUseException")
        self.calls.append(f"delete {project}")
        del self.versions[project]
        return {"Status": "DELETING"}

    def _called(self, what: str, arn: str) -> tuple[str, str]:
        if what in self.refusals:
            raise self.refusals[what]
        _, project, _, version, _ = arn.split("/")
        self.calls.append(f"{what} {project} {version}")
        return project, version

    def _shown(self, project: str, version: str) -> str:
        statuses = self.versions[project][version]
        return statuses.pop(0) if len(statuses) > 1 else statuses[0]


class Workflows:
    """Step Functions: executions that run, by state machine."""

    def __init__(self) -> None:
        self.running: dict[str, list[str]] = {MACHINE: []}

    def list_executions(self, stateMachineArn: str, statusFilter: str, nextToken: str = "0") -> dict[str, Any]:
        if stateMachineArn not in self.running:
            raise Refusal("StateMachineDoesNotExist")
        assert statusFilter == "RUNNING"
        found = [
            {"executionArn": arn, "stateMachineArn": MACHINE, "name": arn, "status": "RUNNING", "startDate": 0}
            for arn in self.running[stateMachineArn]
        ]
        return {"executions": found}

    def stop_execution(self, executionArn: str, cause: str) -> dict[str, Any]:
        for executions in self.running.values():
            if executionArn in executions:
                executions.remove(executionArn)
        return {"stopDate": 0}


class Functions:
    """Lambda: the event sources of detect_labels, and calls of functions."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}  # state by the end of the UUID, of which botocore checks the length
        self.invoked: list[dict[str, Any]] = []
        self.busy = 0  # so many of the next updates are refused

    def list_event_source_mappings(self, FunctionName: str) -> dict[str, Any]:
        assert FunctionName == "custom-labels-demo-detect_labels"
        if not self.sources:
            raise Refusal("ResourceNotFoundException", 404)
        return {"EventSourceMappings": [{"UUID": f"{end:0>36}", "State": state} for end, state in self.sources.items()]}

    def update_event_source_mapping(self, UUID: str, Enabled: bool) -> dict[str, Any]:
        if self.busy:
            self.busy -= 1
            raise Refusal("ResourceInUseException")
        self.sources[UUID.lstrip("0")] = "Enabled" if Enabled else "Disabled"
        return {}

    def invoke(self, FunctionName: str, InvocationType: str, Payload: str) -> dict[str, Any]:
        assert InvocationType == "Event"
        self.invoked.append(json.loads(Payload))
        return {"StatusCode": 202}


class Buckets:
    """S3: versions and delete markers of objects, and bucket policies."""

    def __init__(self) -> None:
        self.objects: dict[str, list[tuple[str, str]]] = {}  # (key, version) by bucket
        self.policies: dict[str, dict[str, Any]] = {}
        self.page = 2
        self.denied: str | None = None  # a key that may not be deleted

    def add(self, bucket: str, *keys: str) -> None:
        self.objects[bucket] = [(key, version) for key in keys for version in ("v1", "marker")]
        self.policies[bucket] = {"Version": "2012-10-17", "Statement": [{"Sid": "Tls", "Effect": "Deny"}]}

    def list_object_versions(self, Bucket: str, MaxKeys: int) -> dict[str, Any]:
        self._check(Bucket)
        assert MaxKeys == 1000
        shown = [{"Key": key, "VersionId": version} for key, version in self.objects[Bucket][: self.page]]
        return {
            "Versions": [item for item in shown if item["VersionId"] != "marker"],
            "DeleteMarkers": [item for item in shown if item["VersionId"] == "marker"],
        }

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        gone = {(item["Key"], item["VersionId"]) for item in Delete["Objects"]}
        if any(key == self.denied for key, _ in gone):
            return {"Errors": [{"Key": self.denied, "Code": "AccessDenied", "Message": "Access Denied"}]}
        self.objects[Bucket] = [item for item in self.objects[Bucket] if item not in gone]
        return {}

    def get_bucket_policy(self, Bucket: str) -> dict[str, Any]:
        self._check(Bucket)
        return {"Policy": json.dumps(self.policies[Bucket])}

    def put_bucket_policy(self, Bucket: str, Policy: str) -> None:
        self.policies[Bucket] = json.loads(Policy)

    def _check(self, bucket: str) -> None:
        if bucket not in self.objects:
            raise Refusal("NoSuchBucket", 404)


class Stacks:
    """CloudFormation: one stack."""

    def __init__(self) -> None:
        self.status = "DELETE_IN_PROGRESS"

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        return {"Stacks": [{"StackName": StackName, "CreationTime": 0, "StackStatus": self.status}]}


def _page(member: str, found: list[Any], token: str) -> dict[str, Any]:
    number = int(token)
    return {member: found[number : number + 1]} | ({"NextToken": str(number + 1)} if found[number + 1 :] else {})


def _project_arn(name: str) -> str:
    return f"arn:aws:rekognition:{ACCOUNT}:project/{name}/1600000000000"


def _version_arn(project: str, version: str) -> str:
    return f"arn:aws:rekognition:{ACCOUNT}:project/{project}/version/{version}/1700000000000"
