"""The services as the workflows meet them in a training that succeeds and replaces a running version.

The claim's plan, the plan of the run and each assessment of a look come from the product's own code, under a project's
default settings; Rekognition's versions change on the walk's clock. The other answers are those of success.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from benchmarks.walk import Clock, WalkError
from lambdas.assess_version.handler import handle as assess_version
from lambdas.claim_training.upload import plan_training, to_json
from lambdas.deployment_settings import DeploymentSettings, ProjectSettings
from lambdas.images import ImageRef
from lambdas.items import to_item
from lambdas.model_versions import VersionStatus
from lambdas.names import TRAIN_MANIFEST
from lambdas.prepare_run.plan import plan_run
from lambdas.registry import Registry

START_SECONDS: Final = 15 * 60  # assumed: AWS's guide speaks of 10 to 20 minutes to stop a model and start it again
STOP_SECONDS: Final = 5 * 60  # assumed
PROJECT: Final = "bench"
UPLOAD: Final[Mapping[str, Any]] = {
    "detail": {"bucket": {"name": "datasets"}, "object": {"key": f"{PROJECT}/second/{TRAIN_MANIFEST}"}}
}

_PROJECT_ARN: Final = "arn:aws:rekognition:us-east-1:000000000000:project/bench-bench/1"
_FORMER: Final = "first.000000000000"
_SETTINGS: Final = DeploymentSettings(name="bench", projects={PROJECT: ProjectSettings()})


class Services:
    """What answers the tasks; the candidate trains for so many seconds from its creation on."""

    def __init__(self, clock: Clock, training_seconds: float) -> None:
        self._clock = clock
        self._training_seconds = training_seconds
        # When each version comes to a status, in seconds of the clock.
        self._turns: dict[str, list[tuple[float, VersionStatus]]] = {_FORMER: [(0.0, VersionStatus.RUNNING)]}
        self.called: Counter[str] = Counter()  # functions

    def answer(self, resource: str, arguments: Any) -> Any:
        """Answer a task; raise WalkError for a call that no such training makes."""
        _, _, call = resource.partition(":::")
        if call == "lambda:invoke":
            function = str(arguments["FunctionName"])
            self.called[function] += 1
            return {"Payload": self._find(self._functions, function)(arguments["Payload"])}
        return self._find(self._calls, call)(arguments)

    def _find(self, answers: Mapping[str, Callable[[Any], Any]], name: str) -> Callable[[Any], Any]:
        if name not in answers:
            raise WalkError(f"nothing here answers {name}; say in {__name__} what it does")
        return answers[name]

    @property
    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "${ClaimTrainingArn}": lambda _: _claimed(),
            "${CheckDatasetArn}": lambda _: {"TrainingData": {}, "TestingData": {}, "BadLines": 0},
            "${AssessVersionArn}": _assessed,
            "${JudgeVersionArn}": lambda _: {"Accepted": True, "Notes": [], "BillableSeconds": 0, "Dollars": 0},
            "${ReportTrainingArn}": lambda _: {"Html": {}, "Image": {}, "Link": "", "ConsoleLink": ""},
            "${PrepareRunArn}": lambda request: _planned(request) | to_item({"Thresholds": {}}),
            "${PickVersionsArn}": lambda _: {"Doomed": []},
        }

    @property
    def _calls(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "aws-sdk:rekognition:describeProjects": lambda _: {
                "ProjectDescriptions": [{"ProjectArn": _PROJECT_ARN, "Datasets": []}]
            },
            "aws-sdk:rekognition:createProjectVersion": self._create,
            "aws-sdk:rekognition:describeProjectVersions": self._describe,
            "aws-sdk:rekognition:startProjectVersion": self._start,
            "aws-sdk:rekognition:stopProjectVersion": self._stop,
            "aws-sdk:lambda:listEventSourceMappings": lambda _: {"EventSourceMappings": [{"Uuid": "1"}]},
            "aws-sdk:lambda:updateEventSourceMapping": lambda _: {},
            "dynamodb:putItem": lambda _: {},
            "dynamodb:updateItem": lambda _: {},
            "dynamodb:deleteItem": lambda _: {},
            "sns:publish": lambda _: {},
        }

    def _create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        trained = (self._clock.seconds + self._training_seconds, VersionStatus.TRAINING_COMPLETED)
        self._turns[request["VersionName"]] = [(0.0, VersionStatus.TRAINING_IN_PROGRESS), trained]
        return {"ProjectVersionArn": _arn(request["VersionName"])}

    def _start(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._turn(request, VersionStatus.STARTING, START_SECONDS, VersionStatus.RUNNING)

    def _stop(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._turn(request, VersionStatus.STOPPING, STOP_SECONDS, VersionStatus.STOPPED)

    def _turn(
        self, request: Mapping[str, Any], at_once: VersionStatus, seconds: float, then: VersionStatus
    ) -> dict[str, Any]:
        now = self._clock.seconds
        self._turns[_name(request["ProjectVersionArn"])] += [(now, at_once), (now + seconds, then)]
        return {"Status": at_once.value}

    def _describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        (name,) = request["VersionNames"]
        status = [status for since, status in self._turns[name] if since <= self._clock.seconds][-1]
        description = {"ProjectVersionArn": _arn(name), "Status": status.value, "EvaluationResult": {"F1Score": 0.9}}
        return {"ProjectVersionDescriptions": [description]}


def _arn(version: str) -> str:
    return f"{_PROJECT_ARN.rpartition('/')[0]}/version/{version}/1"


def _name(arn: str) -> str:
    return arn.split("/")[3]


def _claimed() -> dict[str, Any]:
    manifest = ImageRef("datasets", UPLOAD["detail"]["object"]["key"], "1")
    return to_json(plan_training(manifest, ["etag"], None, _SETTINGS)) | {"Claimed": True, "OutputConfig": {}}


def _planned(request: Mapping[str, Any]) -> dict[str, Any]:
    return plan_run(request, _SETTINGS, Registry(_ActiveBefore(), "registry"), "arn:aws:sqs:us-east-1:000000000000:")


class _ActiveBefore:
    """DynamoDB, as far as the registry says there which version is active."""

    def get_item(self, *, Key: Mapping[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        if Key["SK"] != {"S": "STATE"}:
            return {}
        return {"Item": to_item({"ActiveVersionArn": _arn(_FORMER), "ActiveVersionName": _FORMER})}


class _Context:
    """What the logger asks of Lambda's context."""

    aws_request_id = "00000000-0000-0000-0000-000000000000"
    function_name = "assess_version"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:assess_version"


def _assessed(event: dict[str, Any]) -> Any:
    context: Any = _Context()
    with _quiet():
        return assess_version(event, context)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep a handler's log out of the tables."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(before)
