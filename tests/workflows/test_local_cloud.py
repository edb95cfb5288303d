"""What the adapter makes of the emulator, seen from outside, in the strict profile."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud import Profile, Running, local_cloud

FUNCTION = """
import json
CALLS = []
class ModelAsleepError(Exception): pass
def handle(event, context):
    CALLS.append(event)
    if event.get("fail"):
        raise ModelAsleepError("no model runs")
    if event.get("unwritable"):
        return {1, 2}
    if event.get("import"):
        __import__(event["import"])
    return {"calls": len(CALLS)}
"""


def role(*statements: Mapping[str, Any], service: str = "states") -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [policy] if statements else [],
        },
    }


def allow(*actions: str, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def arn(resource: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [resource, "Arn"]}


TABLE_KEYS = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
    "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
}
RECOVERY = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "VersioningConfiguration": {"Status": "Enabled"},
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                },
                "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
                "Tags": [{"Key": "project", "Value": "digits"}],
            },
        },
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Heard": {"Type": "AWS::SQS::Queue"},
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["aws.s3"], "detail-type": ["Object Created"]},
                "Targets": [{"Id": "heard", "Arn": arn("Heard")}],
            },
        },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {**TABLE_KEYS, **RECOVERY, "SSESpecification": {"SSEEnabled": True}},
        },
        "GlobalTable": {
            "Type": "AWS::DynamoDB::GlobalTable",
            "Properties": {
                **TABLE_KEYS,
                "SSESpecification": {"SSEEnabled": True},
                "Replicas": [{"Region": "us-east-1", **RECOVERY}],
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Architectures": ["arm64"],
                "Handler": "index.handle",
                "Code": {"ZipFile": FUNCTION},
                "Role": arn("FunctionRole"),
                "Timeout": 10,
            },
        },
        "FunctionRole": role(allow("sqs:*", resource=arn("Queue")), service="lambda"),
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": arn("Queue"),
                "FunctionName": {"Ref": "Function"},
                "Enabled": False,
            },
        },
        "AllowedRole": role(
            allow("rekognition:CreateProject", "rekognition:DescribeProjects", "lambda:ListEventSourceMappings"),
            allow("rekognition:DescribeProjectVersions", resource="arn:aws:rekognition:*:*:project/mine/*"),
            allow("lambda:UpdateEventSourceMapping", "states:*", "dynamodb:PutItem", "dynamodb:GetItem"),
            allow("lambda:InvokeFunction", resource=arn("Function")),
        ),
        "DeniedRole": role(),
    },
    "Outputs": {
        **{
            name: {"Value": {"Ref": name}}
            for name in ("Bucket", "Heard", "Table", "GlobalTable", "Function", "Mapping")
        },
        **{name: {"Value": arn(name)} for name in ("AllowedRole", "DeniedRole", "FunctionRole")},
    },
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with local_cloud(Profile.STRICT, tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="module")
def stack(cloud: Running) -> dict[str, str]:
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(StackName="adapter", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_IAM"])

    def status() -> Any:
        described = cloudformation.describe_stacks(StackName="adapter")["Stacks"][0]
        return None if described["StackStatus"].endswith("IN_PROGRESS") else described

    described = until(status)
    assert described["StackStatus"] == "CREATE_COMPLETE", described
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def until(look: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found


def create(cloud: Running, name: str, role_arn: str, **states: Mapping[str, Any]) -> str:
    """Create a JSONata workflow of the states, in their order."""
    names = [*states]
    following = [{"Next": after} for after in names[1:]] + [{"End": True}]
    body = {
        "QueryLanguage": "JSONata",
        "StartAt": names[0],
        "States": {
            each: {**state, **({} if state["Type"] in ("Fail", "Succeed") else then)}
            for (each, state), then in zip(states.items(), following, strict=True)
        },
    }
    created = cloud.client("stepfunctions").create_state_machine(
        name=name, roleArn=role_arn, definition=json.dumps(body)
    )
    return str(created["stateMachineArn"])


def end_of(cloud: Running, execution: str) -> dict[str, Any]:
    stepfunctions = cloud.client("stepfunctions")

    def ended() -> Any:
        described = stepfunctions.describe_execution(executionArn=execution)
        return described if described["status"] != "RUNNING" else None

    return dict(until(ended))


def run(cloud: Running, name: str, role_arn: str, **states: Mapping[str, Any]) -> dict[str, Any]:
    machine = create(cloud, name, role_arn, **states)
    return end_of(cloud, cloud.client("stepfunctions").start_execution(stateMachineArn=machine)["executionArn"])


def task(resource: str, arguments: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, **more}


def invoke(cloud: Running, function: str, **event: Any) -> tuple[str | None, Any]:
    answer = cloud.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    return answer.get("FunctionError"), json.load(answer["Payload"])


def test_a_bucket_event_names_the_version_of_the_object(cloud: Running, stack: Mapping[str, str]) -> None:
    version = cloud.client("s3").put_object(Bucket=stack["Bucket"], Key="mine/a.jpg", Body=b"x")["VersionId"]
    sqs = cloud.client("sqs")
    message = until(lambda: sqs.receive_message(QueueUrl=stack["Heard"]).get("Messages"))[0]
    assert json.loads(message["Body"])["detail"]["object"]["version-id"] == version


def test_a_bucket_has_the_encryption_and_the_tags_of_its_template(cloud: Running, stack: Mapping[str, str]) -> None:
    s3 = cloud.client("s3")
    rules = s3.get_bucket_encryption(Bucket=stack["Bucket"])["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert {"Key": "project", "Value": "digits"} in s3.get_bucket_tagging(Bucket=stack["Bucket"])["TagSet"]


@pytest.mark.parametrize("table", ["Table", "GlobalTable"])
def test_a_table_has_what_its_template_says(cloud: Running, stack: Mapping[str, str], table: str) -> None:
    dynamodb = cloud.client("dynamodb")
    name = stack[table]
    time_to_live = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert time_to_live == {"AttributeName": "expires", "TimeToLiveStatus": "ENABLED"}
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert dynamodb.describe_table(TableName=name)["Table"]["SSEDescription"]["Status"] == "ENABLED"


def test_a_succeed_state_answers_its_output(cloud: Running, stack: Mapping[str, str]) -> None:
    ended = run(cloud, "output", stack["DeniedRole"], Done={"Type": "Succeed", "Output": {"sum": "{% 1 + 1 %}"}})
    assert json.loads(ended["output"]) == {"sum": 2}


def test_an_event_source_that_is_deployed_disabled_says_so(cloud: Running, stack: Mapping[str, str]) -> None:
    assert cloud.client("lambda").get_event_source_mapping(UUID=stack["Mapping"])["State"] == "Disabled"


def test_a_functions_exception_keeps_its_class_and_its_trace(cloud: Running, stack: Mapping[str, str]) -> None:
    error, answer = invoke(cloud, stack["Function"], fail=True)
    assert error == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("ModelAsleepError", "no model runs")
    assert "in handle" in answer["stackTrace"][-1]


def test_a_function_lives_on_after_an_exception(cloud: Running, stack: Mapping[str, str]) -> None:
    _, before = invoke(cloud, stack["Function"])
    invoke(cloud, stack["Function"], fail=True)
    _, after = invoke(cloud, stack["Function"])
    assert after["calls"] == before["calls"] + 2


def test_an_answer_that_is_not_json_is_a_marshal_error(cloud: Running, stack: Mapping[str, str]) -> None:
    assert invoke(cloud, stack["Function"], unwritable=True)[1]["errorType"] == "Runtime.MarshalError"


def test_a_function_cannot_import_what_lambda_does_not_have(cloud: Running, stack: Mapping[str, str]) -> None:
    assert invoke(cloud, stack["Function"], **{"import": "boto3"})[0] is None
    assert invoke(cloud, stack["Function"], **{"import": "numpy"})[1]["errorType"] == "ModuleNotFoundError"


def test_a_handler_that_cannot_be_imported_is_told_at_the_call(cloud: Running, stack: Mapping[str, str]) -> None:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("broken.py", "import no_such_module")
    cloud.client("lambda").create_function(
        FunctionName="broken",
        Runtime="python3.13",
        Handler="broken.handle",
        Role=stack["FunctionRole"],
        Code={"ZipFile": package.getvalue()},
    )
    error, answer = invoke(cloud, "broken")
    assert error == "Unhandled"
    assert answer["errorType"] == "Runtime.ImportModuleError"
    assert "no_such_module" in answer["errorMessage"]


def test_a_workflow_opens_an_event_source(cloud: Running, stack: Mapping[str, str]) -> None:
    ended = run(
        cloud,
        "open",
        stack["AllowedRole"],
        List=task(
            "aws-sdk:lambda:listEventSourceMappings",
            {"FunctionName": stack["Function"]},
            Output="{% $states.result.EventSourceMappings[0].Uuid %}",
        ),
        Update=task("aws-sdk:lambda:updateEventSourceMapping", {"Uuid": "{% $states.input %}", "Enabled": True}),
    )
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"])["Uuid"] == stack["Mapping"]
    mapping = cloud.client("lambda").get_event_source_mapping(UUID=stack["Mapping"])
    assert mapping["State"] in ("Enabling", "Enabled")


def test_a_workflow_meets_rekognitions_errors_by_their_names(cloud: Running, stack: Mapping[str, str]) -> None:
    create_project = task("aws-sdk:rekognition:createProject", {"ProjectName": "mine"})
    ended = run(cloud, "twice", stack["AllowedRole"], Once=create_project, Twice=create_project)
    assert ended["error"] == "Rekognition.ResourceInUseException"


def test_times_reach_a_workflow_as_text(cloud: Running, stack: Mapping[str, str]) -> None:
    cloud.client("rekognition").create_project(ProjectName="timed")
    ended = run(cloud, "times", stack["AllowedRole"], Look=task("aws-sdk:rekognition:describeProjects", {}))
    created = json.loads(ended["output"])["ProjectDescriptions"][0]["CreationTimestamp"]
    assert created[10] == "T"
    assert created.endswith("Z")


@pytest.mark.parametrize(
    ("resource", "arguments", "error"),
    [
        ("aws-sdk:rekognition:createProject", {"ProjectName": "x"}, "Rekognition.AccessDeniedException"),
        ("aws-sdk:lambda:listEventSourceMappings", {}, "Lambda.LambdaException"),
        ("lambda:invoke", {"FunctionName": "{Function}", "Payload": {}}, "Lambda.AWSLambdaException"),
        (
            "dynamodb:putItem",
            {"TableName": "{Table}", "Item": {"pk": {"S": "x"}}},
            "DynamoDB.AmazonDynamoDBException",
        ),
        (
            "states:startExecution.sync:2",
            {"StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:any"},
            "StepFunctions.AWSStepFunctionsException",
        ),
    ],
)
def test_a_workflow_may_do_only_what_its_role_may(
    cloud: Running, stack: Mapping[str, str], resource: str, arguments: Mapping[str, Any], error: str
) -> None:
    named = {key: value.format(**stack) if isinstance(value, str) else value for key, value in arguments.items()}
    name = "denied-" + "".join(letter if letter.isalnum() else "-" for letter in resource)
    ended = run(cloud, name, stack["DeniedRole"], Call=task(resource, named))
    assert ended["error"] == error
    assert "is not authorized to perform" in ended["cause"]


@pytest.mark.parametrize(
    ("project", "error"),
    [
        ("mine", "Rekognition.ResourceNotFoundException"),
        ("other", "Rekognition.AccessDeniedException"),
    ],
)
def test_a_permission_for_one_project_is_not_one_for_another(
    cloud: Running, stack: Mapping[str, str], project: str, error: str
) -> None:
    project_arn = f"arn:aws:rekognition:us-east-1:000000000000:project/{project}/1111111111111"
    look = task("aws-sdk:rekognition:describeProjectVersions", {"ProjectArn": project_arn})
    assert run(cloud, f"look-{project}", stack["AllowedRole"], Look=look)["error"] == error


def test_a_grant_on_a_message_of_sqs_covers_a_batch_and_no_other_action(cloud: Running) -> None:
    sqs, iam = cloud.client("sqs"), cloud.client("iam")
    url = sqs.create_queue(QueueName="batches")["QueueUrl"]
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "000000000000"}}
    made = iam.create_role(RoleName="sender", AssumeRolePolicyDocument=json.dumps(_policy(trust)))
    sending = json.dumps(_policy(allow("sqs:SendMessage")))
    iam.put_role_policy(RoleName="sender", PolicyName="sends", PolicyDocument=sending)
    assumed = cloud.client("sts").assume_role(RoleArn=made["Role"]["Arn"], RoleSessionName="sender")["Credentials"]
    sender = boto3.client(
        "sqs",
        endpoint_url=cloud.endpoint,
        region_name="us-east-1",
        verify=str(cloud.certificate),
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )
    sent = sender.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "m"}])
    assert len(sent["Successful"]) == 1
    with pytest.raises(ClientError, match="not authorized to perform: sqs:DeleteMessage "):
        sender.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": "r"}])


def _policy(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_an_argument_that_the_operation_does_not_have_is_a_runtime_error(
    cloud: Running, stack: Mapping[str, str]
) -> None:
    call = task("aws-sdk:rekognition:createProject", {"ProjectName": "x", "Colour": "red"})
    ended = run(cloud, "unknown-argument", stack["AllowedRole"], Call=call)
    assert ended["error"] == "States.Runtime"
    assert "Colour" in ended["cause"]


def test_dynamodb_answers_in_its_own_spelling(cloud: Running, stack: Mapping[str, str]) -> None:
    item = {"pk": {"S": "spelled"}, "flag": {"BOOL": True}, "none": {"NULL": True}}
    ended = run(
        cloud,
        "spelling",
        stack["AllowedRole"],
        Put=task("dynamodb:putItem", {"TableName": stack["Table"], "Item": item}),
        Get=task("dynamodb:getItem", {"TableName": stack["Table"], "Key": {"pk": {"S": "spelled"}}}),
    )
    assert json.loads(ended["output"])["Item"] == item


def test_a_workflow_catches_a_functions_exception_by_its_class(cloud: Running, stack: Mapping[str, str]) -> None:
    call = task("lambda:invoke", {"FunctionName": stack["Function"], "Payload": {"fail": True}})
    ended = run(cloud, "class", stack["AllowedRole"], Call=call)
    assert ended["error"] == "ModelAsleepError"
    assert json.loads(ended["cause"])["errorMessage"] == "no model runs"


def test_a_retry_waits_no_longer_than_its_maximum_delay(cloud: Running, stack: Mapping[str, str]) -> None:
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3000, "MaxAttempts": 2, "MaxDelaySeconds": 1}
    call = task("lambda:invoke", {"FunctionName": stack["Function"], "Payload": {"fail": True}}, Retry=[retry])
    ended = run(cloud, "retry", stack["AllowedRole"], Call=call)
    history = cloud.client("stepfunctions").get_execution_history(executionArn=ended["executionArn"])["events"]
    failed = [event["timestamp"] for event in history if event["type"] == "TaskFailed"]
    tried = [event["timestamp"] for event in history if event["type"] == "TaskScheduled"]
    assert (len(tried), len(failed)) == (3, 3)
    # A hundredth of the second; the emulator by itself would wait a hundredth of a minute.
    waits = [(after - before).total_seconds() for before, after in zip(failed[:-1], tried[1:], strict=True)]
    assert min(waits) < 0.4


def test_a_nested_execution_gives_its_output_parsed(cloud: Running, stack: Mapping[str, str]) -> None:
    child = create(
        cloud,
        "child",
        stack["DeniedRole"],
        Add={"Type": "Pass", "Output": {"sum": "{% $states.input.a + 1 %}"}},
    )
    call = task("states:startExecution.sync:2", {"StateMachineArn": child, "Input": {"a": 1}})
    ended = run(cloud, "parent", stack["AllowedRole"], Call=call)
    assert json.loads(ended["output"])["Output"] == {"sum": 2}


def test_a_nested_execution_that_fails_fails_its_task(cloud: Running, stack: Mapping[str, str]) -> None:
    child = create(cloud, "bad-child", stack["DeniedRole"], Fail={"Type": "Fail", "Error": "TooFew", "Cause": "labels"})
    call = task("states:startExecution.sync:2", {"StateMachineArn": child})
    ended = run(cloud, "bad-parent", stack["AllowedRole"], Call=call)
    assert ended["error"] == "States.TaskFailed"
    assert json.loads(ended["cause"])["Error"] == "TooFew"


def test_stopping_a_parent_stops_its_child(cloud: Running, stack: Mapping[str, str]) -> None:
    stepfunctions = cloud.client("stepfunctions")
    child = create(cloud, "long-child", stack["DeniedRole"], Wait={"Type": "Wait", "Seconds": 1000})
    call = task("states:startExecution.sync:2", {"StateMachineArn": child})
    parent = create(cloud, "long-parent", stack["AllowedRole"], Call=call)
    execution = stepfunctions.start_execution(stateMachineArn=parent)["executionArn"]
    children = until(lambda: stepfunctions.list_executions(stateMachineArn=child)["executions"])
    stepfunctions.stop_execution(executionArn=execution)
    assert end_of(cloud, children[0]["executionArn"])["status"] == "ABORTED"

    def task_has_ended() -> bool:
        events = stepfunctions.get_execution_history(executionArn=execution)["events"]
        return any(event["type"] in ("TaskSucceeded", "TaskFailed") for event in events)

    until(task_has_ended)
    assert end_of(cloud, execution)["status"] == "ABORTED"


def test_two_local_clouds_share_nothing(cloud: Running, tmp_path: Path) -> None:
    cloud.client("sqs").create_queue(QueueName="only-here")
    with local_cloud(Profile.PLAIN, tmp_path) as other:
        assert not other.client("sqs").list_queues(QueueNamePrefix="only-here").get("QueueUrls")
