"""Step Functions' service integrations, made as the service makes them: API calls by the workflow's role.

A Task's resource names an operation; here it becomes a boto3 call to the local cloud's own endpoint, signed
with the role of the state machine. So a workflow meets the same door as everybody else: the same IAM check, the
same validation, the same errors. Names follow the AWS SDK for Java 2 (`Uuid`, not `UUID`), as Step Functions' do.
Source: Step Functions Developer Guide, "AWS service SDK integrations" and "Optimized integrations".
"""

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from botocore import xform_name
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError, ParamValidationError
from botocore.response import StreamingBody

# Step Functions' name of a service -> boto3's, where they differ.
BOTO3_NAMES = {"cloudwatchlogs": "logs", "eventbridge": "events", "sfn": "stepfunctions"}

# The first word of the names of a service's errors, in the AWS SDK integrations.
SDK_PREFIXES = {
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "dynamodb": "DynamoDb",
    "eventbridge": "EventBridge",
    "kms": "Kms",
    "lambda": "Lambda",
    "rekognition": "Rekognition",
    "s3": "S3",
    "scheduler": "Scheduler",
    "sfn": "Sfn",
    "sns": "Sns",
    "sqs": "Sqs",
    "ssm": "Ssm",
}
POLL_SECONDS = 0.05


class ErrorNames(NamedTuple):
    """How the errors of one integration are called."""

    prefix: str
    unmodelled: str  # an error that the service's model does not know: an IAM denial, mostly


# The optimized integrations keep the names of the first SDK for Java.
OPTIMIZED = {
    "dynamodb": ErrorNames("DynamoDB", "AmazonDynamoDBException"),
    "events": ErrorNames("EventBridge", "AmazonEventBridgeException"),
    "lambda": ErrorNames("Lambda", "AWSLambdaException"),
    "sns": ErrorNames("SNS", "AmazonSNSException"),
    "sqs": ErrorNames("SQS", "AmazonSQSException"),
    "states": ErrorNames("StepFunctions", "AWSStepFunctionsException"),
}


class TaskFailedError(Exception):
    """A Task failed with Step Functions' error name and cause."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class Clients(Protocol):
    """Give a boto3 client of the service that signs with the running workflow's role."""

    def __call__(self, service: str) -> Any: ...


@dataclass(frozen=True)
class Integrations:
    """Every call that a Task may make, by the role that `clients` signs with."""

    clients: Clients

    def sdk(self, resource: str, arguments: Mapping[str, Any]) -> Any:
        """Call `arn:aws:states:::aws-sdk:SERVICE:OPERATION`.

        Raises TaskFailedError: `SERVICE.NAMEException` for an error of the service, `States.Runtime` for
        arguments that the operation does not have.
        """
        service, operation = resource.removesuffix(".waitForTaskToken").split(":")[-2:]
        if service not in SDK_PREFIXES:
            raise TaskFailedError("States.Runtime", f"add {service} to SDK_PREFIXES in {__name__} to call {resource}")
        client = self.clients(BOTO3_NAMES.get(service, service))
        return _call(
            client, operation, arguments, ErrorNames(SDK_PREFIXES[service], f"{SDK_PREFIXES[service]}Exception")
        )

    def optimized(self, resource: str, arguments: Mapping[str, Any]) -> Any:
        """Call `arn:aws:states:::dynamodb:…`, `sns:publish`, `sqs:sendMessage` or `events:putEvents`."""
        service, operation = resource.removesuffix(".waitForTaskToken").split(":")[-2:]
        text = {"sns": "Message", "sqs": "MessageBody"}.get(service)
        if text and not isinstance(arguments.get(text), str):
            arguments = {**arguments, text: json.dumps(arguments.get(text))}
        if service == "events":
            entries = [{**entry, "Detail": _json_text(entry.get("Detail"))} for entry in arguments["Entries"]]
            arguments = {**arguments, "Entries": entries}
        return _call(self.clients(service), operation, arguments, OPTIMIZED[service])

    def invoke(self, function: str, payload: Any) -> Any:
        """Call a function and return its answer; a failed one fails the Task with its errorType."""
        arguments = {"FunctionName": function, "Payload": json.dumps(payload)}
        answer = _call(self.clients("lambda"), "invoke", arguments, OPTIMIZED["lambda"])
        value = json.loads(answer["Payload"] or "null")
        if "FunctionError" in answer:
            raise TaskFailedError(value.get("errorType", "Lambda.Unknown"), json.dumps(value))
        return value

    def start(self, resource: str, arguments: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - one shape
        """Start another workflow and return its ExecutionArn and StartDate."""
        request = {**arguments, "Input": _json_text(arguments.get("Input", {}))}
        return dict(_call(self.clients("stepfunctions"), "startExecution", request, OPTIMIZED["states"]))

    def run(
        self, resource: str, arguments: Mapping[str, Any], still_wanted: Callable[[], bool] = lambda: True
    ) -> dict[str, Any]:
        """Start another workflow, wait for its end and return its description, Output parsed for `.sync:2`.

        A child whose parent is no longer wanted is stopped, as on AWS. Raises TaskFailedError
        (`States.TaskFailed`, the child's description as cause) when the child does not succeed.
        """
        client = self.clients("stepfunctions")
        child = {"ExecutionArn": self.start(resource, arguments)["ExecutionArn"]}
        while True:
            if not still_wanted():
                with suppress(TaskFailedError):  # it has ended meanwhile
                    _call(client, "stopExecution", child, OPTIMIZED["states"])
                return child  # nobody reads it: the parent has ended, and a failure here would change how
            description = dict(_call(client, "describeExecution", child, OPTIMIZED["states"]))
            if description["Status"] != "RUNNING":
                break
            time.sleep(POLL_SECONDS)
        if description["Status"] != "SUCCEEDED":
            raise TaskFailedError("States.TaskFailed", json.dumps(description))
        if resource.endswith(".sync:2"):
            description["Output"] = json.loads(description["Output"])
        return description


@dataclass(frozen=True)
class CachedClients:
    """Keep one client per service and role: making one takes tens of milliseconds, and workflows poll."""

    role: Callable[[], str]
    make: Callable[[str, str], Any]
    made: dict[tuple[str, str], Any]
    lock: threading.Lock

    def __call__(self, service: str) -> Any:
        key = (service, self.role())
        with self.lock:
            if key not in self.made:
                self.made[key] = self.make(*key)
        return self.made[key]


def _call(client: Any, operation: str, arguments: Mapping[str, Any], names: ErrorNames) -> Any:
    model = client.meta.service_model.operation_model(operation[0].upper() + operation[1:])
    try:
        answer = getattr(client, xform_name(model.name))(**_to_wire(dict(arguments), model.input_shape))
    except ParamValidationError as error:
        raise TaskFailedError("States.Runtime", str(error)) from error
    except (ConnectionError, HTTPClientError) as error:  # there was no answer
        raise TaskFailedError(f"{names.prefix}.SdkClientException", str(error)) from error
    except ClientError as error:
        name = _error_name(error.response["Error"]["Code"], client.meta.service_model) or names.unmodelled
        raise TaskFailedError(f"{names.prefix}.{name}", error.response["Error"]["Message"]) from error
    answer.pop("ResponseMetadata", None)
    # Only DynamoDB's optimized integration answers in DynamoDB's own spelling (BOOL, SS, NULL).
    return _from_wire(answer, model.output_shape, rename=str if names is OPTIMIZED["dynamodb"] else java_name)


def _error_name(code: str, model: Any) -> str | None:
    """Return the Java class of the error, always ending in Exception; None when the model does not know it."""
    for shape in model.error_shapes:
        if code in (shape.name, shape.metadata.get("error", {}).get("code")):
            return java_name(str(shape.name)).removesuffix("Exception") + "Exception"
    return None


def _to_wire(value: Any, shape: Any) -> Any:
    """Rename Java members to the wire's, following the operation's model; the keys of a map are data."""
    if shape is not None and shape.type_name == "structure" and isinstance(value, dict):
        wire = {java_name(name): name for name in shape.members}
        names = {key: wire.get(key, key) for key in value}
        return {name: _to_wire(value[key], shape.members.get(name)) for key, name in names.items()}
    if shape is not None and shape.type_name == "list" and isinstance(value, list):
        return [_to_wire(item, shape.member) for item in value]
    if shape is not None and shape.type_name == "map" and isinstance(value, dict):
        return {key: _to_wire(item, shape.value) for key, item in value.items()}
    if shape is not None and shape.type_name == "blob" and not isinstance(value, str):
        return json.dumps(value)
    return value


def _from_wire(value: Any, shape: Any, rename: Callable[[str], str]) -> Any:
    """Rename the wire's members to Java's and make every value JSON."""
    if isinstance(value, dict):
        if shape.type_name == "map":
            return {key: _from_wire(item, shape.value, rename) for key, item in value.items()}
        return {rename(key): _from_wire(item, shape.members[key], rename) for key, item in value.items()}
    if isinstance(value, list):
        return [_from_wire(item, shape.member, rename) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, StreamingBody):
        return value.read().decode()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def java_name(name: str) -> str:
    """Spell an API's member as the AWS SDK for Java 2 does: UUID is Uuid, KMSKeyArn is KmsKeyArn."""
    if name == "NULL":
        return "Nul"  # null is a word of the language
    capitalized = re.sub(r"[A-Z]{2,}(?=[A-Z][a-z]|[^A-Za-z]|$)", lambda run: run.group().capitalize(), name)
    return capitalized[:1].upper() + capitalized[1:]


def _json_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
