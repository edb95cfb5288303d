"""Laws of a synthesis as a whole."""

import json

import pytest
from aws_cdk import App
from aws_cdk import aws_sqs as sqs
from cfnlint.api import lint_file

from lambdas.setting_checks import SettingsError
from stacks.deployment import read_deployment
from tests.infrastructure.assembly import CONTEXT, ROOT, app_of, referred

OUTPUTS = {
    "storage": {
        "ImagesBucket",
        "DatasetsBucket",
        "TrainingOutputBucket",
        "ResultsBucket",
        "ResultsTable",
        "RegistryTable",
        "ResultsTopicArn",
        "TrainingTopicArn",
        "OperationsTopicArn",
        "UnitHourPrice",
    },
    "inference": {"DetectLabelsFunction", "UnknownQueueUrl", "UnknownDeadLetterQueueUrl"},
    "requests": {"StartDetectionFunction", "GetDetectionFunction"},
    "training": {"TrainModelArn", "RunModelArn"},
    "guard": {"GuardModelsFunction"},
    "governor": {"GovernModelsFunction"},
    "sweep": {"SweepResultsFunction"},
    "project-digits": {
        "QueueUrl",
        "QueueArn",
        "DeadLetterQueueUrl",
        "EventSourceId",
        "MinInferenceUnits",
        "Runtime",
    },
}


def test_a_deployment_is_a_stack_for_each_room_and_one_for_each_project(deployment):
    rooms = {"storage", "inference", "requests", "training", "governor", "guard", "sweep", "closing"}
    rooms |= {"reviews"} if deployment.moderates else set()
    rooms |= {f"project-{project}" for project in deployment.said["projects"]}
    rooms |= {"videos"} if deployment.films else set()
    rooms |= {"video-frames"} if deployment.framed else set()
    assert set(deployment.templates) == {f"CustomLabels-{deployment.name}-{room}" for room in rooms}


@pytest.mark.parametrize("room", sorted(OUTPUTS))
def test_a_stack_tells_the_command_line_what_it_made(deployment, room):
    outputs = deployment.templates[f"CustomLabels-{deployment.name}-{room}"]["Outputs"]
    told = {name for name in outputs if not name.startswith("PublishOutput")}
    # Where the settings name any.
    source_buckets = {"SourceBuckets"} if deployment.said["projects"]["digits"].get("source_buckets") else set()
    videos = {"VideosQueueUrl", "VideosDeadLetterQueueUrl"} if "digits" in deployment.films else set()
    assert told == OUTPUTS[room] | (source_buckets | videos if room == "project-digits" else set())


def test_the_command_line_is_told_what_a_units_hour_costs_and_how_many_units_a_model_starts_with(deployment):
    def told(room, output):
        return deployment.templates[f"CustomLabels-{deployment.name}-{room}"]["Outputs"][output]["Value"]

    assert float(told("storage", "UnitHourPrice")) == deployment.said.get("unit_hour_price", 4.0)
    for project, said in deployment.said["projects"].items():
        units = said.get("min_inference_units", 1)
        assert told(f"project-{project}", "MinInferenceUnits") == str(units)


def test_every_resource_that_can_be_tagged_bears_the_deployments_name(deployment):
    listed, mapped = {"Key": "Deployment", "Value": deployment.name}, {"Deployment": deployment.name}
    tagged = [resource for resource in deployment.all() if resource.properties.get("Tags") in ([listed], mapped)]
    kinds = {resource.type for resource in tagged}
    assert {"AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::Lambda::Function", "AWS::KMS::Key"} <= kinds
    assert all(resource in tagged for resource in deployment.all() if resource.type in kinds)


def test_no_custom_resource_brings_a_function_of_its_own(deployment):
    for resource in deployment.all():
        if resource.type.startswith(("Custom::", "AWS::CloudFormation::")):
            assert referred(resource.properties["ServiceToken"]).startswith(("clearmodels", "checkreviews")), resource


def test_cfn_lint_finds_nothing(deployment):
    for file in sorted(deployment.folder.glob("*.template.json")):
        found = lint_file(file)
        # W3005: CDK makes a function wait for its role in so many words, though the reference says so already.
        assert [str(match) for match in found if match.rule.id != "W3005" and not knows_no_jsonata(match)] == []


def knows_no_jsonata(match):
    """Tell a finding that is none: TimeoutSeconds may be JSONata (Amazon States Language, Task State)."""
    return match.rule.id == "E3601" and "'{% $plan.ApprovalSeconds %}' is not of type" in match.message


def test_25_projects_fit_and_no_stack_comes_near_the_limit_of_resources(deployment, many):
    assert len(many.templates) == 25 + 9
    for templates in (deployment.templates, many.templates):
        for stack, template in templates.items():
            assert len(template["Resources"]) < 400, stack
            assert len(json.dumps(template)) < 500_000, stack  # bytes; CloudFormation takes 1 MB


def test_event_patterns_of_25_projects_fit_into_their_rules(many):
    for rule in many.all("AWS::Events::Rule"):
        pattern = json.dumps(rule.properties.get("EventPattern", {}), separators=(",", ":"))
        assert len(pattern) < 2048, rule


def test_names_that_do_not_fit_into_the_rule_of_all_other_keys_are_refused(tmp_path):
    projects = {f"{'x' * 27}-{n}": {"videos": {}} for n in range(25)}
    with pytest.raises(SettingsError, match="one EventBridge rule does not hold"):
        app_of(tmp_path, "long", deployments={"long": {"account_concurrency": 1000, "projects": projects}})


def test_a_resource_that_breaks_a_rule_of_cdk_nag_stops_the_synthesis(tmp_path):
    app = app_of(tmp_path, "demo")
    sqs.Queue(app.node.find_child("CustomLabels-demo-guard"), "Careless")
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    report = (tmp_path / "validation-report.json").read_text(encoding="utf-8")
    assert {"AwsSolutions-SQS3", "AwsSolutions-SQS4"} == {
        violation["ruleName"] for plugin in json.loads(report)["pluginReports"] for violation in plugin["violations"]
    }


def node_of(**context):
    return App(context=CONTEXT | context, analytics_reporting=False).node


def test_an_unknown_deployment_is_refused_with_those_that_are_known():
    with pytest.raises(SettingsError, match=r"prod. is not in cdk\.json.*one of bench, demo, destroy, e2e, governed"):
        read_deployment(node_of(deployment="prod"))


def test_more_projects_than_the_account_can_run_at_once_are_refused_with_the_key_to_raise():
    said = {"small": {"projects": {f"project-{n}": {} for n in range(4)}}}
    with pytest.raises(SettingsError, match=r"deployments\.small\.account_concurrency is 10, but 12 are needed"):
        read_deployment(node_of(deployment="small", deployments=said))


def test_as_many_projects_as_the_account_can_run_at_once_are_taken():
    said = {"small": {"projects": {f"project-{n}": {} for n in range(3)}}}
    assert len(read_deployment(node_of(deployment="small", deployments=said)).projects) == 3


def test_cdk_json_runs_the_app_and_writes_where_git_does_not_look():
    said = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))
    assert said["app"] == ".venv/bin/python app.py"
    assert f"/{said['output'].split('/')[0]}/" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()
