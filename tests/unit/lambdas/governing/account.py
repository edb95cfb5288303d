"""An account as the governor calls it: queues' depths, event sources, model versions under a quota, one topic."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

from typing import Any

from tests.unit.aws import Refusal

_PROJECT = "arn:aws:rekognition:eu-west-1:123456789012:project"


def project_arn(project: str) -> str:
    return f"{_PROJECT}/dev.{project}/1600000000000"


def version_arn(project: str, version: str = "v1") -> str:
    return f"{_PROJECT}/dev.{project}/version/{version}/1700000000000"


class Account:
    """The services in one object: their operations have different names."""

    def __init__(self, *projects: str, quota: int = 2) -> None:
        self.statuses = {version_arn(project): "STOPPED" for project in projects}
        self.units: dict[str, int] = {}
        self.quota = quota  # of models that run
        self.depths = {project: {"Messages": 0, "MessagesNotVisible": 0, "MessagesDelayed": 0} for project in projects}
        self.sources = dict.fromkeys(projects, "Disabled")
        self.refusals: dict[str, list[Refusal]] = {}  # by operation, the next answers
        self.calls: list[str] = []  # of operations that change something, in their order
        self.described = 0

    def get_queue_url(self, QueueName: str) -> dict[str, Any]:
        return {"QueueUrl": f"https://sqs.test/{QueueName}"}

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        self._maybe_refuse("get_queue_attributes")
        depth = self.depths[QueueUrl.rpartition("-")[2]]
        names = {f"ApproximateNumberOf{name}": str(number) for name, number in depth.items()}
        return {"Attributes": {name: names[name] for name in AttributeNames}}

    def list_event_source_mappings(self, FunctionName: str, Marker: str = "0") -> dict[str, Any]:
        self._maybe_refuse("list_event_source_mappings")
        assert FunctionName == "custom-labels-dev-detect_labels"
        project, state = list(self.sources.items())[int(Marker)]
        queue = f"arn:aws:sqs:eu-west-1:123456789012:custom-labels-dev-detect_labels-{project}"
        more = {"NextMarker": str(int(Marker) + 1)} if int(Marker) + 1 < len(self.sources) else {}
        return {"EventSourceMappings": [{"UUID": f"{project:-<36}", "EventSourceArn": queue, "State": state}], **more}

    def update_event_source_mapping(self, UUID: str, Enabled: bool) -> dict[str, Any]:
        project = UUID.rstrip("-")
        self._changed("update_event_source_mapping", f"{'open' if Enabled else 'close'} {project}")
        self.sources[project] = "Enabled" if Enabled else "Disabled"
        return {}

    def describe_project_versions(self, ProjectArn: str, NextToken: str = "0") -> dict[str, Any]:
        self.described += 1
        self._maybe_refuse("describe_project_versions")
        versions = [
            {"ProjectVersionArn": arn, "Status": status, "MinInferenceUnits": self.units.get(arn, 1)}
            for arn, status in self.statuses.items()
            if arn.split("/")[1] == ProjectArn.split("/")[1]
        ]
        number = int(NextToken)
        more = {"NextToken": str(number + 1)} if number + 1 < len(versions) else {}
        return {"ProjectVersionDescriptions": versions[number : number + 1], **more}

    def start_project_version(self, ProjectVersionArn: str, MinInferenceUnits: int, **said: Any) -> dict[str, Any]:
        self._changed("start_project_version", f"start {ProjectVersionArn.split('.')[1].split('/')[0]}")
        if sum(status in ("STARTING", "RUNNING", "STOPPING") for status in self.statuses.values()) >= self.quota:
            raise Refusal("LimitExceededException")
        self.statuses[ProjectVersionArn], self.units[ProjectVersionArn] = "STARTING", MinInferenceUnits
        return {"Status": "STARTING"}

    def stop_project_version(self, ProjectVersionArn: str) -> dict[str, Any]:
        self._changed("stop_project_version", f"stop {ProjectVersionArn.split('.')[1].split('/')[0]}")
        self.statuses[ProjectVersionArn] = "STOPPING"
        return {"Status": "STOPPING"}

    def _changed(self, operation: str, said: str) -> None:
        self.calls.append(said)
        self._maybe_refuse(operation)

    def _maybe_refuse(self, operation: str) -> None:
        if self.refusals.get(operation):
            raise self.refusals[operation].pop(0)
