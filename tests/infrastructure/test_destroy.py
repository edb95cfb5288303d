"""Laws of what a destroy takes with it."""

import json

import pytest

from lambdas.clear_models import handler
from lambdas.names import STARTERS
from stacks.closing import ANSWERED_WITHIN_SECONDS
from tests.infrastructure.assembly import Deployment, referred, synthesized
from tests.infrastructure.test_permissions import actions_of, role_of

ROLE = "clear_models"


@pytest.fixture(scope="module")
def deleting(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The deployment of cdk.json whose models and data go with it."""
    return synthesized(tmp_path_factory.mktemp("destroy"), "destroy")


def test_the_models_are_stopped_before_any_other_stack_goes(deployment):
    """Stacks are deleted in the reverse order of their dependencies."""
    manifest = json.loads((deployment.folder / "manifest.json").read_text(encoding="utf-8"))
    closing = f"CustomLabels-{deployment.name}-closing"
    depends_on = set(manifest["artifacts"][closing]["dependencies"])
    assert {stack for stack in deployment.templates if stack != closing} <= depends_on


def test_a_function_has_its_grants_and_its_log_for_as_long_as_its_resource_lives(deployment):
    for resource in deployment.all("AWS::CloudFormation::CustomResource"):
        others = deployment.templates[resource.stack]["Resources"]
        assert {others[name]["Type"] for name in resource.whole["DependsOn"]} >= {
            "AWS::IAM::Policy",
            "AWS::IAM::Role",
            "AWS::Lambda::Function",
            "AWS::Logs::LogGroup",
        }


def test_the_function_gives_up_before_cloudformation_does(deployment):
    models = deployment.one("AWS::CloudFormation::CustomResource", "Models")
    assert models.properties["ServiceTimeout"] == ANSWERED_WITHIN_SECONDS
    assert handler._ALL_SECONDS + 2 * handler._RESERVED_SECONDS <= ANSWERED_WITHIN_SECONDS


def test_a_destroy_stops_each_workflow_that_starts_a_training_or_a_model(deployment):
    costly = {"rekognition:StartProjectVersion", "rekognition:CreateProjectVersion"}
    starters = {
        machine.properties["StateMachineName"].rpartition("-")[2]
        for machine in deployment.all("AWS::StepFunctions::StateMachine")
        if costly & actions_of(deployment, str(referred(machine.properties["RoleArn"])))
    }
    assert starters == set(STARTERS)


def test_models_and_data_are_kept_and_nothing_may_delete_them_unless_the_settings_say_so(deployment):
    models = deployment.one("AWS::CloudFormation::CustomResource", "Models")
    assert (models.properties["DeleteModels"], models.properties["Buckets"]) == ("false", [])
    granted = actions_of(deployment, role_of(deployment, ROLE))
    assert not {action for action in granted if ":Delete" in action or action.startswith("s3:")} - {
        "dynamodb:DeleteItem"
    }


def test_models_and_data_go_where_the_settings_say_so(deleting):
    models = deleting.one("AWS::CloudFormation::CustomResource", "Models")
    assert (models.properties["DeleteModels"], len(models.properties["Buckets"])) == ("true", 5)
    assert {action for action in actions_of(deleting, role_of(deleting, ROLE)) if ":Delete" in action} == {
        "dynamodb:DeleteItem",
        "rekognition:DeleteDataset",
        "rekognition:DeleteProject",
        "rekognition:DeleteProjectVersion",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
    }
    for resource in deleting.all("AWS::S3::Bucket", "AWS::DynamoDB::GlobalTable"):
        assert resource.whole["DeletionPolicy"] == "Delete", resource
    for table in deleting.all("AWS::DynamoDB::GlobalTable"):
        (replica,) = table.properties["Replicas"]
        assert replica.get("DeletionProtectionEnabled") is not True, table


def test_a_destroy_may_start_nothing(deployment):
    granted = actions_of(deployment, role_of(deployment, ROLE))
    assert not [action for action in granted if "Start" in action or ("Create" in action and "logs:" not in action)]
