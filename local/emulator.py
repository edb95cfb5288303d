"""Adapt the ministack emulator: serve Rekognition in it, and mend what makes this project behave unlike AWS.

ministack has no plug-in interface, so this file registers in its tables and, where there is none, replaces some
of its functions. All that it touches is named in PRIVATE_NAMES and looked up before anything is changed; nothing
else in the project imports ministack.
"""

import asyncio
import contextlib
import contextvars
import functools
import hashlib
import json
import random
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import Any, Protocol
from xml.sax.saxutils import escape

from local import flow_definitions, integrations
from local.flow_definitions import FlowDefinitions
from local.integrations import CachedClients, Integrations, TaskFailedError
from local.overlay.lambda_entry import FAILURE
from local.rekognition.boundary import answered
from local.rekognition.protocol import Answer
from local.rekognition.topics import SESSION

VERSION = "1.5.33"
CONTROL = "/_local/"

PRIVATE_NAMES: Mapping[str, tuple[str, ...]] = {
    "app": ("AUTH", "SERVICE_HANDLERS", "app"),
    "core.iam_actions": ("SERVICE_TO_IAM_NAMESPACE", "extract_iam_action", "extract_resource_arn"),
    "core.iam_evaluator": ("evaluate_trust_policy",),
    "core.responses": ("get_account_id", "get_region"),
    "core.router": ("SERVICE_PATTERNS",),
    "services.cloudformation.provisioners": ("_RESOURCE_HANDLERS",),
    "services.dynamodb": (
        "_sse_description_from_spec",
        "_tables",
        "_ttl_settings",
        "_update_continuous_backups",
        "_update_ttl",
    ),
    "services.eventbridge": ("_dispatch_event",),
    "services.lambda_svc": ("_esms", "_execute_function_warm"),
    "services.s3": ("_bucket_tags", "_delete_bucket_encryption", "_fire_s3_event", "_put_bucket_encryption"),
    "services.stepfunctions": (
        "_ExecutionError",
        "_SFN_WAIT_SCALE",
        "_SERVICE_DISPATCH",
        "_apply_jsonata_output",
        "_apply_output_path",
        "_call_lambda",
        "_execute_task",
        "_find_matching_retrier",
        "_invoke_aws_sdk_integration",
        "_invoke_nested_start_execution",
        "_invoke_nested_start_execution_sync",
        "_jsonata_state_field",
        "_scaled_sleep",
    ),
    "services.sts": ("register_session",),
}

Response = tuple[int, dict[str, str], bytes]


class UnknownEmulatorError(RuntimeError):
    """The installed ministack is not the one that this file was written for."""


class StandIn(Protocol):
    """What answers for a service that the emulator does not have: AWS JSON, the operation named by `target`."""

    def answer(self, target: str, body: bytes, *, account: str, region: str) -> Answer: ...


@dataclass(frozen=True)
class Credentials:
    """The keys of one session."""

    access_key: str
    secret_key: str
    session_token: str


def check(version: str | None = None) -> None:
    """Raise UnknownEmulatorError unless ministack is the expected one and has every private name."""
    version = version or metadata.version("ministack")
    problems = [] if version == VERSION else ["pin it in pyproject.toml, or go through local/emulator.py"]
    for module, names in PRIVATE_NAMES.items():
        with contextlib.suppress(ModuleNotFoundError):
            problems += [f"name {module}.{name} is missing" for name in names if not hasattr(_module(module), name)]
            continue
        problems.append(f"module {module} is missing")
    if problems:
        raise UnknownEmulatorError(f"ministack {VERSION} expected, found {version}; {'; '.join(problems)}")


def install(
    rekognition: StandIn,
    client: Callable[[str, Credentials, str], Any],
    control: Callable[[str, str, bytes], Answer],
) -> Any:
    """Adapt the emulator in this process and return its ASGI application.

    `client(service, credentials, region)` makes a boto3 client of the emulator's own endpoint;
    `control(method, path, body)` answers the stand-in's control path.
    """
    check()
    _serve("rekognition", "RekognitionService", rekognition)
    _authorize_rekognition()
    _serve("sagemaker", flow_definitions.PREFIX, FlowDefinitions())
    _authorize_flow_definitions()
    _authorize_batches()
    _say_for_which_account_a_service_acts()
    _give_workflows_their_role(client)
    _retry_as_the_definition_says()
    _report_exceptions_as_lambda_does()
    _put_version_ids_into_bucket_events()
    _finish_what_cloudformation_leaves_out()
    _let_succeed_states_have_output()
    return _with_control(_module("app").app, control)


def _module(name: str) -> Any:
    return import_module(f"ministack.{name}")


def _replace(module: str, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Replace a function by what `make` makes of it."""
    original = getattr(_module(module), name)
    setattr(_module(module), name, functools.wraps(original)(make(original)))


# --- Services that the emulator does not have ---------------------------------------------------------------


def _serve(service: str, targets: str, stand_in: StandIn) -> None:
    """Answer a service's requests from a pool of its own: Lambda's, which fill the emulator's, wait for it."""
    pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix=service)
    responses = _module("core.responses")

    async def handle(
        method: str,  # noqa: ARG001 - the shape of ministack's handlers
        path: str,  # noqa: ARG001
        headers: dict[str, str],
        body: bytes,
        query: Any,  # noqa: ARG001
    ) -> Response:
        call = functools.partial(
            stand_in.answer,
            headers.get("x-amz-target", ""),
            body,
            account=responses.get_account_id(),
            region=responses.get_region(),
        )
        answer = await asyncio.get_running_loop().run_in_executor(pool, answered, call)
        if not answer.status:  # a cut connection: promise a byte that never comes, and the server cuts it
            return 200, {"Content-Length": "1"}, b""
        return answer.status, {"Content-Type": "application/x-amz-json-1.1", **answer.headers}, answer.body

    handler: Callable[..., Awaitable[Response]] = handle
    _module("app").SERVICE_HANDLERS[service] = handler
    # Without a pattern the router loads every botocore model to learn what "rekognition" is: 3 s, 370 MiB.
    _module("core.router").SERVICE_PATTERNS[service] = {
        "target_prefixes": [targets],
        "host_patterns": [rf"{service}\."],
    }


def _with_control(application: Any, control: Callable[[str, str, bytes], Answer]) -> Any:
    """Return the ASGI application with the stand-in's control path, /_local/, beside the emulator's own paths."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(CONTROL):
            await application(scope, receive, send)
            return
        body, more = b"", True
        while more:
            event = await receive()
            body, more = body + event.get("body", b""), event.get("more_body", False)
        answer = answered(functools.partial(control, scope["method"], scope["path"], body))
        headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    return app


def _authorize_rekognition() -> None:
    """Name Rekognition's actions and resources to IAM: what the action is about, most special first."""
    _module("core.iam_actions").SERVICE_TO_IAM_NAMESPACE["rekognition"] = "rekognition"
    resources = ("ProjectVersionArn", "DatasetArn", "SourceProjectArn", "ProjectArn", "ResourceArn")

    def make(original: Callable[..., str]) -> Callable[..., str]:
        def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
            if service != "rekognition":
                return original(service, method, path, headers, body, *rest)
            try:
                members = json.loads(body)
                if "Datasets" in members:  # the two of a project
                    return str(members["Datasets"][0]["Arn"])
                return next((str(members[name]) for name in resources if members.get(name)), "*")
            except (ValueError, AttributeError, LookupError, TypeError):
                return "*"  # not an object: the service refuses it after IAM has let it pass

        return extract_resource_arn

    _replace("core.iam_actions", "extract_resource_arn", make)


def _authorize_flow_definitions() -> None:
    """Name SageMaker's actions and flow definitions to IAM."""
    _module("core.iam_actions").SERVICE_TO_IAM_NAMESPACE["sagemaker"] = "sagemaker"

    def make(original: Callable[..., str]) -> Callable[..., str]:
        def extract_resource_arn(
            service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str
        ) -> str:
            if service != "sagemaker":
                return original(service, method, path, headers, body, query, region, account)
            try:
                name = str(json.loads(body)["FlowDefinitionName"])
            except (ValueError, LookupError, TypeError):
                return "*"
            return f"arn:aws:sagemaker:{region}:{account}:flow-definition/{name}"

        return extract_resource_arn

    _replace("core.iam_actions", "extract_resource_arn", make)


def _authorize_batches() -> None:
    """Ask IAM about a batch of SQS as about its one message: there is no action `sqs:SendMessageBatch`."""

    def make(original: Callable[..., str | None]) -> Callable[..., str | None]:
        def extract_iam_action(service: str, *rest: Any) -> str | None:
            action = original(service, *rest)
            return action.removesuffix("Batch") if service == "sqs" and action else action

        return extract_iam_action

    _replace("core.iam_actions", "extract_iam_action", make)


def _say_for_which_account_a_service_acts() -> None:
    """Let Rekognition assume a role whose trust asks for `aws:SourceAccount`, which a service says of each request."""

    def make(original: Callable[..., bool]) -> Callable[..., bool]:
        def evaluate_trust_policy(trust: Any, caller: str, context: Any = None) -> bool:
            if context is not None and context.service_context.get("sts:rolesessionname") == SESSION:
                context.service_context["aws:sourceaccount"] = context.principal_account
            return original(trust, caller, context)

        return evaluate_trust_policy

    _replace("core.iam_evaluator", "evaluate_trust_policy", make)


# --- Step Functions -----------------------------------------------------------------------------------------

_execution: contextvars.ContextVar[dict[str, Any]] = contextvars.ContextVar("execution")


def _role() -> str:
    """Return the role that the running execution was started with.

    Raises TaskFailedError outside an execution, that is, in TestState.
    """
    execution = _execution.get(None)
    if execution is None:
        raise TaskFailedError("States.Runtime", "TestState calls no service here: give the state a mock")
    return str(execution["events"][0]["executionStartedEventDetails"]["roleArn"])


def _session(role: str) -> Credentials:
    """Register a session of the role, as AssumeRole would, and return its keys."""
    digest = hashlib.sha256(role.encode()).hexdigest()
    keys = Credentials(f"ASIA{digest[:16].upper()}", digest, digest[::-1])
    account, name = role.split(":")[4], role.rsplit("/", 1)[-1]
    _module("services.sts").register_session(
        keys.access_key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/states",
            "UserId": f"{name}:states",
            "SecretAccessKey": keys.secret_key,
            "SessionToken": keys.session_token,
        },
    )
    return keys


def _give_workflows_their_role(client: Callable[[str, Credentials, str], Any]) -> None:
    """Make each Task an API call signed by the state machine's role.

    The emulator calls its services in process, by no role at all, and knows neither Rekognition nor Lambda's
    event source mappings there.
    """
    stepfunctions = _module("services.stepfunctions")
    clients = CachedClients(
        role=_role,
        make=lambda service, role: client(service, _session(role), _execution.get()["executionArn"].split(":")[3]),
        made={},
        lock=threading.Lock(),
    )
    tasks = Integrations(clients)

    def failing_its_way(call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def task(*arguments: Any) -> Any:
            try:
                return call(*arguments)
            except TaskFailedError as failure:
                raise stepfunctions._ExecutionError(failure.error, failure.cause) from failure

        return task

    def run(resource: str, arguments: Mapping[str, Any]) -> Any:
        execution = _execution.get()
        return tasks.run(resource, arguments, still_wanted=lambda: execution["status"] == "RUNNING")

    stepfunctions._invoke_aws_sdk_integration = failing_its_way(tasks.sdk)
    stepfunctions._call_lambda = failing_its_way(tasks.invoke)
    stepfunctions._invoke_nested_start_execution = failing_its_way(tasks.start)
    stepfunctions._invoke_nested_start_execution_sync = failing_its_way(run)
    for resource in stepfunctions._SERVICE_DISPATCH:
        if resource.split(":")[5] in integrations.OPTIMIZED:
            stepfunctions._SERVICE_DISPATCH[resource] = failing_its_way(tasks.optimized)

    def remembering_the_execution(original: Callable[..., Any]) -> Callable[..., Any]:
        def execute_task(state: Any, data: Any, execution: dict[str, Any], context: Any) -> Any:
            _execution.set(execution)  # a thread of its own runs each execution and each branch
            return original(_with_scaled_patience(state, data, context), data, execution, context)

        return execute_task

    _replace("services.stepfunctions", "_execute_task", remembering_the_execution)


def _with_scaled_patience(state: Mapping[str, Any], data: Any, context: Any) -> Mapping[str, Any]:
    """Let a task that waits for its token do so as long as it says, by JSONata too, on the scale of all waits."""
    if ".waitForTaskToken" not in state.get("Resource", "") or "TimeoutSeconds" not in state:
        return state
    stepfunctions = _module("services.stepfunctions")
    seconds = stepfunctions._jsonata_state_field(state, "TimeoutSeconds", "number", data, context)
    return {**state, "TimeoutSeconds": seconds * stepfunctions._SFN_WAIT_SCALE}


def _retry_as_the_definition_says() -> None:
    """Wait as Retry says: MaxDelaySeconds and JitterStrategy count, and no delay is cut to a minute."""
    stepfunctions = _module("services.stepfunctions")

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def find_matching_retrier(retriers: Any, error: str, counts: Mapping[int, int]) -> Any:
            retrier, index = original(retriers, error, counts)
            if retrier is None:
                return retrier, index
            stepfunctions._scaled_sleep(retry_delay(retrier, counts.get(index, 0), random.uniform))
            return {**retrier, "IntervalSeconds": 0}, index  # the emulator's own wait after this one

        return find_matching_retrier

    _replace("services.stepfunctions", "_find_matching_retrier", make)


def _let_succeed_states_have_output() -> None:
    """Give a JSONata Succeed state its Output, which the emulator passes over."""
    stepfunctions = _module("services.stepfunctions")

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def apply_output_path(state: Mapping[str, Any], data: Any, context: Any = None) -> Any:
            if state.get("Type") == "Succeed" and "Output" in state:
                return stepfunctions._apply_jsonata_output(state, data, context, default=data)
            return original(state, data, context)

        return apply_output_path

    _replace("services.stepfunctions", "_apply_output_path", make)


def retry_delay(retrier: Mapping[str, Any], retries: int, uniform: Callable[[float, float], float]) -> float:
    """Return the seconds to wait before the next try, after so many (Amazon States Language, Retriers)."""
    delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** retries
    delay = min(delay, retrier.get("MaxDelaySeconds", delay))
    return uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else float(delay)


# --- Lambda -------------------------------------------------------------------------------------------------


def _report_exceptions_as_lambda_does() -> None:
    """Start Python functions in lambda_entry, which keeps an exception's class and the process alive."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def execute_function_warm(function: dict[str, Any], event: Any, request_id: str) -> Any:
            config = function.get("config") or function
            if not config.get("Runtime", "").startswith("python"):
                return original(function, event, request_id)
            variables = {
                **(config.get("Environment") or {}).get("Variables", {}),
                "_HANDLER": config["Handler"],
                "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
                "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            }
            started = {**config, "Handler": "lambda_entry.handle", "Environment": {"Variables": variables}}
            result = original({**function, "config": started}, event, request_id)
            body = result.get("body")
            if isinstance(body, dict) and FAILURE in body:
                return {**result, "body": body[FAILURE], "error": True}
            return result

        return execute_function_warm

    _replace("services.lambda_svc", "_execute_function_warm", make)


# --- S3 -----------------------------------------------------------------------------------------------------

_version_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("version_id", default=None)


def _put_version_ids_into_bucket_events() -> None:
    """Put `version-id` into the EventBridge events of versioned buckets."""

    def remembering(original: Callable[..., None]) -> Callable[..., None]:
        def fire_s3_event(*arguments: Any, version_id: str | None = None, **more: Any) -> None:
            token = _version_id.set(version_id)
            try:
                original(*arguments, version_id=version_id, **more)
            finally:
                _version_id.reset(token)

        return fire_s3_event

    def adding(original: Callable[..., None]) -> Callable[..., None]:
        def dispatch_event(event: dict[str, Any], *rest: Any) -> None:
            version = _version_id.get()
            if event.get("Source") == "aws.s3" and version:
                detail = json.loads(event["Detail"])
                detail["object"]["version-id"] = version
                event = {**event, "Detail": json.dumps(detail)}
            original(event, *rest)

        return dispatch_event

    _replace("services.s3", "_fire_s3_event", remembering)
    _replace("services.eventbridge", "_dispatch_event", adding)


# --- CloudFormation -----------------------------------------------------------------------------------------


def _finish_what_cloudformation_leaves_out() -> None:
    """Give buckets encryption and tags; tables TTL, recovery and encryption; event sources their true state."""
    _after_provisioning("AWS::S3::Bucket", _finish_bucket)
    _after_provisioning("AWS::DynamoDB::Table", _finish_table)
    _after_provisioning("AWS::DynamoDB::GlobalTable", _finish_global_table)
    _after_provisioning("AWS::Lambda::EventSourceMapping", _finish_event_source)


def _after_provisioning(kind: str, finish: Callable[[str, Mapping[str, Any]], None]) -> None:
    """Call `finish(physical id, properties)` after each create and update of the resource type."""
    handlers = _module("services.cloudformation.provisioners")._RESOURCE_HANDLERS[kind]
    for method, properties in (("create", 1), ("update", 2)):

        def provision(
            *arguments: Any,
            original: Callable[..., Any] = handlers[method],
            properties: int = properties,
            **more: Any,
        ) -> Any:
            result = original(*arguments, **more)
            finish(result[0], arguments[properties])
            return result

        handlers[method] = provision


def _finish_bucket(name: str, properties: Mapping[str, Any]) -> None:
    s3 = _module("services.s3")
    rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    defaults = [rule.get("ServerSideEncryptionByDefault", {}) for rule in rules]
    # The emulator has no key of S3's own: aws:kms that names none (the CDK's bucket) would refuse every object.
    if rules and all(each.get("SSEAlgorithm") == "AES256" or "KMSMasterKeyID" in each for each in defaults):
        s3._put_bucket_encryption(name, encryption_xml(rules).encode())
    else:
        s3._delete_bucket_encryption(name)
    s3._bucket_tags[name] = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def _finish_event_source(uuid: str, properties: Mapping[str, Any]) -> None:
    if not properties.get("Enabled", True):
        _module("services.lambda_svc")._esms[uuid]["State"] = "Disabled"


def encryption_xml(rules: list[Mapping[str, Any]]) -> str:
    """Write CloudFormation's encryption rules as the body of PutBucketEncryption."""
    text = ""
    for rule in rules:
        default = rule.get("ServerSideEncryptionByDefault", {})
        members = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in default.items())
        key = str(rule.get("BucketKeyEnabled", False)).lower()
        text += f"<Rule><ApplyServerSideEncryptionByDefault>{members}</ApplyServerSideEncryptionByDefault>"
        text += f"<BucketKeyEnabled>{key}</BucketKeyEnabled></Rule>"
    namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
    return f'<ServerSideEncryptionConfiguration xmlns="{namespace}">{text}</ServerSideEncryptionConfiguration>'


def _finish_table(name: str, properties: Mapping[str, Any]) -> None:
    dynamodb = _module("services.dynamodb")
    if "TimeToLiveSpecification" in properties:
        dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": properties["TimeToLiveSpecification"]})
    else:
        dynamodb._ttl_settings.pop(name, None)
    recovery = properties.get("PointInTimeRecoverySpecification", {})
    dynamodb._update_continuous_backups({"TableName": name, "PointInTimeRecoverySpecification": recovery})
    encryption = properties.get("SSESpecification", {})
    dynamodb._tables[name]["SSEDescription"] = dynamodb._sse_description_from_spec(
        {**encryption, "Enabled": encryption["SSEEnabled"]} if "SSEEnabled" in encryption else {}
    )


def _finish_global_table(name: str, properties: Mapping[str, Any]) -> None:
    """Read what a global table says per replica from its replica in this region."""
    region = _module("core.responses").get_region()
    replica: dict[str, Any] = next((each for each in properties.get("Replicas", []) if each["Region"] == region), {})
    encryption = properties.get("SSESpecification", {}) | replica.get("SSESpecification", {})
    recovery = replica.get("PointInTimeRecoverySpecification", {})
    _finish_table(name, {**properties, "SSESpecification": encryption, "PointInTimeRecoverySpecification": recovery})
