"""CloudFormation, Rekognition, Step Functions, Lambda and SQS in memory: what cli/ calls of them."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from tests.unit.aws import Refusal
from tests.unit.sqs import Queues

ACCOUNT: Final = "eu-west-1:123456789012"
TRAIN_MODEL: Final = f"arn:aws:states:{ACCOUNT}:stateMachine:train_model"
RUN_MODEL: Final = f"arn:aws:states:{ACCOUNT}:stateMachine:run_model"
_LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)

STORAGE: Final = (
    *("ImagesBucket", "DatasetsBucket", "TrainingOutputBucket", "ResultsBucket", "ResultsTable", "RegistryTable"),
    *("ResultsTopicArn", "TrainingTopicArn", "OperationsTopicArn"),
)


def event_source_id(project: str) -> str:
    """Return the UUID of a project's event source: 36 characters, which botocore checks."""
    return f"00000000-0000-0000-0000-{project:0>12}"


def page(member: str, found: Sequence[Any], token: str, word: str = "NextToken") -> dict[str, Any]:
    """Return one element of a list, and where to go on: readers must page."""
    number = int(token)
    return {member: found[number : number + 1]} | ({word: str(number + 1)} if found[number + 1 :] else {})


class Clock:
    """Stands for the module `time`: sleeping takes no time but on this clock."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds or 0.001


class Stacks:
    """CloudFormation's stacks and their outputs."""

    def __init__(self) -> None:
        self.outputs: dict[str, dict[str, str]] = {}
        self.statuses: dict[str, str] = {}

    def deploy(self, deployment: str, *projects: str) -> None:
        """Add the stacks of a deployment."""
        stack = f"CustomLabels-{deployment}"
        self.outputs[f"{stack}-storage"] = {name: f"{deployment}-{name}" for name in STORAGE} | {"UnitHourPrice": "3.5"}
        self.outputs[f"{stack}-inference"] = {"DetectLabelsFunction": "f"}
        self.outputs[f"{stack}-training"] = {"TrainModelArn": TRAIN_MODEL, "RunModelArn": RUN_MODEL}
        for project in projects:
            self.outputs[f"{stack}-project-{project}"] = {
                "QueueUrl": f"https://sqs.test/{project}",
                "DeadLetterQueueUrl": f"https://sqs.test/{project}-dead",
                "EventSourceId": event_source_id(project),
            }

    def describe_stacks(self, NextToken: str = "0") -> dict[str, Any]:
        stacks = [
            {
                "StackName": name,
                "CreationTime": _LONG_AGO,
                "StackStatus": self.statuses.get(name, "UPDATE_COMPLETE"),
                "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
            }
            for name, outputs in self.outputs.items()
        ]
        return page("Stacks", stacks, NextToken)


class Models:
    """Rekognition's projects and versions. A version shows its statuses one look after the other, the last for good."""

    def __init__(self, calls: list[str]) -> None:
        self.calls = calls
        self.statuses: dict[str, dict[str, list[str]]] = {}
        self.refuse_next: Refusal | None = None

    def add(self, project: str, version: str, *statuses: str) -> str:
        """Add a version; return its ARN."""
        self.statuses.setdefault(project, {})[version] = list(statuses)
        return self.arn(project, version)

    @staticmethod
    def arn(project: str, version: str) -> str:
        return f"arn:aws:rekognition:{ACCOUNT}:project/{project}/version/{version}/1700000000000"

    def describe_projects(self, NextToken: str = "0") -> dict[str, Any]:
        projects = [{"ProjectArn": _project_arn(name)} for name in self.statuses]
        return page("ProjectDescriptions", projects, NextToken)

    def describe_project_versions(
        self, ProjectArn: str, NextToken: str = "0", VersionNames: Sequence[str] | None = None
    ) -> dict[str, Any]:
        project = ProjectArn.split("/")[1]
        wanted = [version for version in self.statuses[project] if VersionNames is None or version in VersionNames]
        described = page("ProjectVersionDescriptions", wanted, NextToken)
        described["ProjectVersionDescriptions"] = [
            {
                "ProjectVersionArn": self.arn(project, version),
                "Status": self._shown(project, version),
                "EvaluationResult": {"F1Score": 0.9},
                "OutputConfig": {"S3Bucket": "output", "S3KeyPrefix": f"{project.partition('.')[2]}/{version}"},
            }
            for version in described["ProjectVersionDescriptions"]
        ]
        return described

    def stop_project_version(self, ProjectVersionArn: str) -> dict[str, Any]:
        _, project, _, version, _ = ProjectVersionArn.split("/")
        if self.refuse_next:
            refusal, self.refuse_next = self.refuse_next, None
            raise refusal
        if self.statuses[project][version][0] != "RUNNING":
            raise Refusal("ResourceInUseException")
        self.calls.append(f"stop {version}")
        self.statuses[project][version] = ["STOPPING", "STOPPED"]
        return {"Status": "STOPPING"}

    def _shown(self, project: str, version: str) -> str:
        statuses = self.statuses[project][version]
        return statuses.pop(0) if len(statuses) > 1 else statuses[0]


def _project_arn(name: str) -> str:
    return f"arn:aws:rekognition:{ACCOUNT}:project/{name}/1600000000000"


class Executions:
    """Step Functions' executions, the newest first."""

    def __init__(self) -> None:
        self.given: dict[str, str] = {}  # input by ARN
        self.looks: dict[str, list[tuple[list[str], dict[str, Any]]]] = {}  # states entered and description, by look

    def add(self, workflow: str, given: Any, *looks: tuple[list[str], Mapping[str, Any]]) -> str:
        """Add an execution that shows states and description one look after the other, the last for good."""
        arn = f"{workflow.replace(':stateMachine:', ':execution:')}:{len(self.given)}"
        self.given[arn] = json.dumps(given)
        self.looks[arn] = [(states, dict(said)) for states, said in looks] or [([], {"status": "RUNNING"})]
        return arn

    def start_execution(self, stateMachineArn: str, input: str) -> dict[str, Any]:
        now = {"startDate": datetime.now(UTC)}
        arn = self.add(stateMachineArn, json.loads(input), (["Prepare the run"], {"status": "SUCCEEDED"} | now))
        return {"executionArn": arn} | now

    def list_executions(
        self, stateMachineArn: str, statusFilter: str | None = None, nextToken: str = "0"
    ) -> dict[str, Any]:
        found = [
            {
                "executionArn": arn,
                "stateMachineArn": stateMachineArn,
                "name": arn,
                "status": self._status(arn),
                "startDate": _LONG_AGO,
            }
            for arn in reversed(self.given)
            if arn.rpartition(":")[0] == stateMachineArn.replace(":stateMachine:", ":execution:")
            and statusFilter in (None, self._status(arn))
        ]
        return page("executions", found, nextToken, "nextToken")

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        machine = executionArn.rpartition(":")[0].replace(":execution:", ":stateMachine:")
        always = {"executionArn": executionArn, "stateMachineArn": machine, "startDate": _LONG_AGO}
        return always | {"input": self.given[executionArn]} | self.looks[executionArn][0][1]

    def get_execution_history(self, executionArn: str, nextToken: str = "0") -> dict[str, Any]:
        entered = {"timestamp": _LONG_AGO, "type": "PassStateEntered"}
        left = {"timestamp": _LONG_AGO, "type": "PassStateExited", "id": 1}
        looks = self.looks[executionArn]
        states = [
            event
            for number, name in enumerate(looks[0][0])
            for event in ({**entered, "id": number, "stateEnteredEventDetails": {"name": name}}, left)
        ]
        answer = page("events", states, nextToken, "nextToken")
        if "nextToken" not in answer and len(looks) > 1:
            looks.pop(0)
        return answer

    def _status(self, arn: str) -> str:
        return str(self.looks[arn][0][1]["status"])


class EventSources:
    """Lambda's event source mappings."""

    def __init__(self, calls: list[str]) -> None:
        self.calls = calls
        self.refusals: list[Refusal] = []  # the next answers
        self.state = "Enabled"

    def get_event_source_mapping(self, UUID: str) -> dict[str, Any]:
        return {"UUID": UUID, "State": self.state}

    def update_event_source_mapping(self, UUID: str, Enabled: bool) -> dict[str, Any]:
        if self.refusals:
            raise self.refusals.pop(0)
        self.calls.append(f"{'open' if Enabled else 'close'} {UUID}")
        return {"UUID": UUID}


class Queue(Queues):
    """SQS queues of which each shows, look by look, how many messages are in flight; the last number for good."""

    def __init__(self, calls: list[str]) -> None:
        super().__init__()
        self.calls = calls
        self.in_flight = [0]

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        assert AttributeNames == ["ApproximateNumberOfMessagesNotVisible"]
        number = self.in_flight.pop(0) if len(self.in_flight) > 1 else self.in_flight[0]
        self.calls.append(f"{number} in flight")
        return {"Attributes": {"ApproximateNumberOfMessagesNotVisible": str(number)}}
