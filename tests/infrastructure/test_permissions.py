"""Laws of who may do what."""

import json
from typing import Any

import pytest

from stacks.parts.workflow import DEFINITIONS
from tests.infrastructure.assembly import Deployment, Resource, listed, referred

# Actions that know no resources, and so can only be granted on all.
ON_ALL = {
    "xray:PutTelemetryRecords": "active tracing",
    "xray:PutTraceSegments": "active tracing",
    "xray:GetSamplingRules": "tracing of workflows",
    "xray:GetSamplingTargets": "tracing of workflows",
    "logs:CreateLogDelivery": "logs of workflows",
    "logs:DeleteLogDelivery": "logs of workflows",
    "logs:DescribeLogGroups": "logs of workflows",
    "logs:DescribeResourcePolicies": "logs of workflows",
    "logs:GetLogDelivery": "logs of workflows",
    "logs:ListLogDeliveries": "logs of workflows",
    "logs:PutResourcePolicy": "logs of workflows",
    "logs:UpdateLogDelivery": "logs of workflows",
    "rekognition:CreateProject": "train_model makes the project of a first data set",
    "rekognition:StartLabelDetection": "start_video",
    "rekognition:GetLabelDetection": "collect_video",
    "rekognition:DescribeProjects": "train_model and the guard look for projects by name",
    "lambda:ListEventSourceMappings": "workflows look for the event source of a queue, a destroy for all",
}

# What a state may need beyond the action that its resource names.
NESTED = {
    "states:DescribeExecution",
    "states:StopExecution",
    "events:PutTargets",
    "events:PutRule",
    "events:DescribeRule",
}
# Source: AWS's managed policy AmazonRekognitionCustomLabelsFullAccess, whose S3 actions these are.
READ_A_DATA_SET = {
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionTagging",
}
WRITE_OUTPUT = {"s3:GetObject", "s3:PutObject"}
KNOW_A_BUCKET = {"s3:GetBucketAcl", "s3:GetBucketLocation", "s3:ListBucket"}
WITH_THE_CALLERS_PERMISSIONS = {
    "rekognition:CreateProjectVersion": READ_A_DATA_SET | WRITE_OUTPUT | KNOW_A_BUCKET,
    "rekognition:CreateDataset": {"s3:GetObject", "s3:GetObjectVersion"},
}


def actions_of(deployment: Deployment, role: str) -> set[str]:
    """Return what the policies of a role allow."""
    return {
        action
        for policy in deployment.all("AWS::IAM::Policy")
        if role in [referred(it) for it in policy.properties["Roles"]]
        for statement in policy.properties["PolicyDocument"]["Statement"]
        for action in listed(statement["Action"])
    }


def role_of(deployment: Deployment, verb_noun: str) -> str:
    (function,) = [
        function
        for function in deployment.all("AWS::Lambda::Function")
        if function.properties["FunctionName"].endswith(f"-{verb_noun}")
    ]
    return str(referred(function.properties["Role"]))


def test_no_statement_allows_a_wildcard_action_but_the_accounts_own_over_its_key(deployment):
    for resource, statement in deployment.statements():
        if statement["Effect"] == "Allow" and any("*" in action for action in listed(statement["Action"])):
            assert resource.type == "AWS::KMS::Key", resource
            assert ":root" in json.dumps(statement["Principal"]), resource


def test_only_actions_without_resources_are_allowed_on_all(deployment):
    used = set()
    for resource, statement in deployment.statements():
        if resource.type == "AWS::IAM::Policy" and "*" in listed(statement["Resource"]):
            used |= set(listed(statement["Action"]))
    unused = set() if deployment.films else {action for action in ON_ALL if "LabelDetection" in action}
    assert used == set(ON_ALL) - unused


def test_only_start_video_may_pass_a_role_its_channels_own_to_rekognition_alone(deployment):
    passing = [
        (resource, statement)
        for resource, statement in deployment.statements()
        if "iam:PassRole" in listed(statement["Action"])
    ]
    assert len(passing) == (1 if deployment.films else 0)
    for resource, statement in passing:
        assert is_of(resource, role_of(deployment, "start_video"))
        assert statement["Action"] == "iam:PassRole"
        assert referred(statement["Resource"]) == deployment.one("AWS::IAM::Role", "ChannelRole").id
        assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "rekognition.amazonaws.com"}}


def test_services_other_than_lambda_take_a_role_for_this_account_only(deployment):
    services = set()
    for role in deployment.all("AWS::IAM::Role"):
        (statement,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
        service = statement["Principal"]["Service"]
        services.add(service)
        if service != "lambda.amazonaws.com":
            assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, role
    expected = {"lambda.amazonaws.com", "states.amazonaws.com", "events.amazonaws.com"}
    assert services == expected | ({"rekognition.amazonaws.com"} if deployment.films else set())


def test_rekognition_is_held_to_the_projects_of_this_deployment(deployment):
    for resource, statement in deployment.statements():
        actions = {action for action in listed(statement["Action"]) if action.startswith("rekognition:")}
        if actions - set(ON_ALL):
            for arn in listed(statement["Resource"]):
                assert f":project/{deployment.name}.*/" in json.dumps(arn), resource


def test_a_workflow_may_do_what_its_definition_calls_and_no_more(deployment):
    for machine in deployment.all("AWS::StepFunctions::StateMachine"):
        name = machine.properties["StateMachineName"].rpartition("-")[2]
        needed = needed_by(json.loads((DEFINITIONS / f"{name}.asl.json").read_text(encoding="utf-8")))
        granted = actions_of(deployment, str(referred(machine.properties["RoleArn"])))
        assert {action for action in granted if not action.startswith(("logs:", "xray:", "kms:"))} == needed
        publishes = "sns:Publish" in granted
        assert ({"kms:Decrypt", "kms:GenerateDataKey"} <= granted) is publishes, name  # the topic's key


def test_a_training_reads_the_data_sets_writes_its_output_and_touches_no_other_bucket(deployment):
    (machine,) = [
        machine
        for machine in deployment.all("AWS::StepFunctions::StateMachine")
        if machine.properties["StateMachineName"].endswith("train_model")
    ]
    role = str(referred(machine.properties["RoleArn"]))
    granted: dict[str, set[str]] = {}
    for policy, statement in deployment.statements():
        for action in listed(statement["Action"]):
            if policy.type == "AWS::IAM::Policy" and is_of(policy, role) and action.startswith("s3:"):
                for arn in listed(statement["Resource"]):
                    granted.setdefault(bucket_in(arn), set()).add(action)
    assert granted == {
        "Datasets/*": READ_A_DATA_SET,
        "Datasets": KNOW_A_BUCKET,
        "TrainingOutput/*": WRITE_OUTPUT,
        "TrainingOutput": KNOW_A_BUCKET,
    }


def bucket_in(arn: Any) -> str:
    """Return the bucket that an ARN names, with `/*` where it covers the objects."""
    said = json.dumps(arn)
    (bucket,) = {bucket for bucket in ("Datasets", "TrainingOutput", "Images") if bucket in said}
    return f"{bucket}/*" if '"/*"' in said else bucket


def needed_by(definition: dict[str, Any]) -> set[str]:
    """Return the IAM actions that a definition's states need."""
    needed: set[str] = set()
    for state in definition["States"].values():
        if state["Type"] != "Task":
            continue
        service, operation = state["Resource"].removeprefix("arn:aws:states:::").removeprefix("aws-sdk:").split(":")[:2]
        if (service, operation) == ("lambda", "invoke"):
            operation = "invokeFunction"
        operation = operation.removesuffix(".waitForTaskToken")
        if state["Resource"].endswith(":sync:2") or operation.endswith(".sync"):
            operation = operation.removesuffix(".sync")
            needed |= NESTED
        action = f"{service}:{operation[0].upper()}{operation[1:]}"
        needed |= {action} | WITH_THE_CALLERS_PERMISSIONS.get(action, set())
    return needed


def test_event_sources_of_other_functions_cannot_be_opened(deployment):
    found = [
        statement
        for _, statement in deployment.statements()
        if "lambda:UpdateEventSourceMapping" in listed(statement["Action"])
    ]
    assert len(found) == 5  # of run_model, make_room, restore_version, the governor and clear_models
    for statement in found:
        assert "detectlabels" in json.dumps(statement["Condition"]["ArnEquals"]["lambda:FunctionArn"])


def test_the_guard_may_describe_stop_and_tell_and_nothing_that_costs(deployment):
    granted = actions_of(deployment, role_of(deployment, "guard_models"))
    assert {action for action in granted if action.startswith("rekognition:")} == {
        "rekognition:DescribeProjects",
        "rekognition:DescribeProjectVersions",
        "rekognition:StopProjectVersion",
    }
    assert {"dynamodb:GetItem", "dynamodb:Query", "sns:Publish"} <= granted


def test_the_governor_may_look_start_stop_and_switch_and_neither_train_nor_delete(deployment):
    granted = actions_of(deployment, role_of(deployment, "govern_models"))
    assert {action for action in granted if action.startswith(("rekognition:", "lambda:", "sqs:"))} == {
        "rekognition:DescribeProjectVersions",
        "rekognition:StartProjectVersion",
        "rekognition:StopProjectVersion",
        "lambda:ListEventSourceMappings",
        "lambda:UpdateEventSourceMapping",
        "sqs:GetQueueUrl",
        "sqs:GetQueueAttributes",
        "sqs:SendMessage",  # of rounds that failed, to its dead-letter queue
    }


def test_only_the_workflows_and_the_governor_may_start_a_model(deployment):
    starters = {
        referred(policy.properties["Roles"][0])
        for policy, statement in deployment.statements()
        if "rekognition:StartProjectVersion" in listed(statement["Action"])
    }
    assert sorted(role.partition("Role")[0] for role in starters if role) == [
        "governmodels",
        "restoreversion",
        "runmodel",
    ]


def test_detecting_reads_images_and_never_writes_or_deletes_them(deployment):
    role = role_of(deployment, "detect_labels")
    granted = actions_of(deployment, role)
    reading = {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"}
    assert {action for action in granted if action.startswith("s3:")} - {"s3:PutObject"} == reading
    written = [
        json.dumps(resource)
        for policy, statement in deployment.statements()
        if is_of(policy, role) and "s3:PutObject" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    assert written
    assert all("ResultsObjects" in resource for resource in written)
    # Of a result it deletes only label items that a delivery which died has left.
    deleting = {action for action in granted if "Delete" in action and not action.startswith("sqs:")}
    assert deleting == {"dynamodb:DeleteItem"}


def test_detecting_writes_label_lists_and_annotated_copies_and_nothing_else(deployment):
    role = role_of(deployment, "detect_labels")
    written = [
        json.dumps(arn)
        for policy, statement in deployment.statements()
        if is_of(policy, role) and "s3:PutObject" in listed(statement["Action"])
        for arn in listed(statement["Resource"])
    ]
    assert [arn.rpartition('"/')[2].rstrip('"]}') for arn in written] == ["annotated/*", "labels/*"]


def test_detecting_writes_to_the_registry_what_the_meter_counts_and_nothing_else(deployment):
    role = role_of(deployment, "detect_labels")
    writing = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
    (statement,) = [
        statement
        for policy, statement in deployment.statements()
        if is_of(policy, role) and writing & set(listed(statement["Action"]))
        if "Registry" in json.dumps(statement["Resource"])
    ]
    assert statement["Action"] == "dynamodb:UpdateItem"
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["PK", "SK", "Images", "Throttles", "DeleteAfter"]},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE"]},
    }


def test_detecting_reads_the_other_buckets_that_projects_name_and_no_more(many):
    role = role_of(many, "detect_labels")
    read = {
        json.dumps(arn).rpartition(":::")[2].rstrip('"]}')
        for policy, statement in many.statements()
        if is_of(policy, role) and "s3:GetObject" in listed(statement["Action"])
        for arn in listed(statement["Resource"])
        if ":::" in json.dumps(arn)
    }
    assert read == {f"lake-{n}/*" for n in range(25)}


@pytest.mark.parametrize("verb_noun", ["detect_labels", "sweep_results"])
def test_who_tells_of_results_may_publish_on_the_topics_that_projects_name(many, verb_noun):
    role = role_of(many, verb_noun)
    named = {
        arn
        for policy, statement in many.statements()
        if is_of(policy, role) and "sns:Publish" in listed(statement["Action"])
        for arn in listed(statement["Resource"])
        if isinstance(arn, str)
    }
    assert named == {f"arn:aws:sns:eu-west-1:123456789012:told-{n}" for n in range(25)}


def test_detecting_finds_puts_off_and_deletes_messages_of_its_own_queues(deployment):
    role = role_of(deployment, "detect_labels")
    found = {
        json.dumps(statement["Resource"]).rpartition(":")[2].rstrip('"]}'): set(listed(statement["Action"]))
        for policy, statement in deployment.statements()
        if is_of(policy, role) and any(action.startswith("sqs:") for action in listed(statement["Action"]))
    }
    assert found == {
        f"custom-labels-{deployment.name}-detect_labels-*": {
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
        },
        f"custom-labels-{deployment.name}-detect_labels_dead-*": {"sqs:GetQueueUrl", "sqs:SendMessage"},
    }


def test_checking_a_data_set_reads_manifests_only(deployment):
    read_manifests_only(deployment, role_of(deployment, "check_dataset"))


def test_adding_entries_reads_manifests_only_and_deletes_nothing(deployment):
    role = role_of(deployment, "add_entries")
    read_manifests_only(deployment, role)
    granted = actions_of(deployment, role)
    assert {action for action in granted if action.startswith("rekognition:")} == {
        "rekognition:ListDatasetEntries",
        "rekognition:UpdateDatasetEntries",
    }


def read_manifests_only(deployment: Deployment, role: str) -> None:
    read = [
        json.dumps(statement["Resource"])
        for policy, statement in deployment.statements()
        if is_of(policy, role) and "s3:GetObject" in listed(statement["Action"])
    ]
    assert [arn.endswith('"/*.manifest"]]}') for arn in read] == [True]


def test_reporting_reads_a_training_and_its_images_and_writes_reports_only(deployment):
    role = role_of(deployment, "report_training")
    by_action: dict[str, set[str]] = {}
    for policy, statement in deployment.statements():
        for action in listed(statement["Action"]):
            if is_of(policy, role) and action.startswith("s3:"):
                by_action.setdefault(action, set()).update(map(json.dumps, listed(statement["Resource"])))
    assert set(by_action) == {"s3:GetObject", "s3:PutObject", "s3:ListBucket"}
    assert {"Datasets" in arn or "TrainingOutput" in arn for arn in by_action["s3:GetObject"]} == {True}
    (written,) = by_action["s3:PutObject"]
    assert "TrainingOutput" in written
    assert '"/*/TrainingReport-*"' in written
    others = {action for action in actions_of(deployment, role) if not action.startswith(("s3:", "logs:", "xray:"))}
    assert others == {"dynamodb:GetItem", "dynamodb:UpdateItem", "rekognition:DescribeProjectVersions"}


def is_of(policy: Resource, role: str) -> bool:
    return role in [referred(it) for it in policy.properties.get("Roles", [])]
