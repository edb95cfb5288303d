"""What a deployment has for moderation, and only where a project asks for it."""

import json
from typing import Any

import pytest

from lambdas.check_reviews import handler
from lambdas.setting_checks import SettingsError
from tests.infrastructure.assembly import CONTEXT, Deployment, app_of, listed, referred, synthesized
from tests.infrastructure.test_permissions import actions_of, role_of

REVIEW = CONTEXT["deployments"]["e2e"]["projects"]["scenes"]["moderation"]["human_review"]
FLOW = REVIEW["flow_definition_arn"]
FOR_REVIEWS = {"sagemaker:StartHumanLoop", "sagemaker:DescribeHumanLoop"}


def granted(deployment: Deployment, action: str) -> list[Any]:
    """Return what an action is allowed on."""
    return [
        resource
        for _, statement in deployment.statements()
        if action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]


def test_who_moderates_may_and_nobody_else(deployment):
    actions = actions_of(deployment, role_of(deployment, "detect_labels"))
    asked = {"rekognition:DetectModerationLabels", *FOR_REVIEWS}
    assert actions & asked == (asked if deployment.moderates else set())
    assert ("CustomLabels-e2e-reviews" in deployment.templates) is deployment.moderates


def test_reviews_are_begun_by_the_named_flow_definition_alone_and_found_by_our_names(deployment):
    if not deployment.moderates:
        pytest.skip("no project asks for reviews")
    assert granted(deployment, "sagemaker:StartHumanLoop") == [FLOW]
    (loops,) = granted(deployment, "sagemaker:DescribeHumanLoop")
    assert json.dumps(loops).endswith(f':human-loop/{deployment.name}-*"]]}}')


def test_reviewers_browsers_may_load_images_and_nothing_else(deployment):
    open_to_browsers = {
        bucket.id.rstrip("0123456789ABCDEF"): bucket.properties["CorsConfiguration"]["CorsRules"]
        for bucket in deployment.all("AWS::S3::Bucket")
        if "CorsConfiguration" in bucket.properties
    }
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposedHeaders": ["Access-Control-Allow-Origin"]}
    assert open_to_browsers == ({"Images": [rule]} if deployment.moderates else {})


def test_a_deploy_looks_at_the_flow_definitions_before_anything_begins_reviews(deployment):
    if not deployment.moderates:
        pytest.skip("no project asks for reviews")
    checked = deployment.one("AWS::CloudFormation::CustomResource", "FlowDefinitions")
    assert checked.properties["Reviews"] == [{"FlowDefinitionArn": FLOW, "OutputBucket": REVIEW["output_bucket"]}]
    assert granted(deployment, "sagemaker:DescribeFlowDefinition") == [FLOW]
    function = deployment.one("AWS::Lambda::Function", "checkreviews")
    assert referred(checked.properties["ServiceToken"]) == function.id
    most = handler._TRIES * handler._PAUSE_SECONDS
    assert most < function.properties["Timeout"] < checked.properties["ServiceTimeout"]
    manifest = json.loads((deployment.folder / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    assert checked.stack in manifest[f"CustomLabels-{deployment.name}-inference"]["dependencies"]


def test_the_end_of_each_review_reaches_the_function_and_what_cannot_be_delivered_is_kept(deployment):
    if not deployment.moderates:
        pytest.skip("no project asks for reviews")
    rule = deployment.one("AWS::Events::Rule", "Ended")
    assert rule.properties["EventPattern"] == {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker A2I HumanLoop Status Change"],
        "detail": {"flowDefinitionArn": [FLOW], "humanLoopStatus": ["Completed", "Failed", "Stopped"]},
    }
    (target,) = rule.properties["Targets"]
    template = deployment.templates[rule.stack]["Resources"]
    queue = template[referred(target["Arn"])]["Properties"]
    assert queue["QueueName"] == f"custom-labels-{deployment.name}-take_review"
    assert referred(target["DeadLetterConfig"]["Arn"]) == referred(queue["RedrivePolicy"]["deadLetterTargetArn"])
    # It becomes a dead letter before the queue forgets it.
    waits = queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"]
    assert 0.9 < waits / queue["MessageRetentionPeriod"] < 1
    function = deployment.one("AWS::Lambda::Function", "takereview").properties
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    (output,) = [arn for arn in granted(deployment, "s3:GetObject") if REVIEW["output_bucket"] in json.dumps(arn)]
    assert json.dumps(output).endswith(f':s3:::{REVIEW["output_bucket"]}/*"]]}}')


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("CDK_DEFAULT_REGION", "eu-west-1", "is of Region us-east-1, but the deployment goes to Region eu-west-1"),
        ("CDK_DEFAULT_ACCOUNT", "123456789012", "is of account 000000000000, but .* goes to account 123456789012"),
    ],
)
def test_a_flow_definition_of_elsewhere_is_refused_at_synth(tmp_path, monkeypatch, variable, value, message):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=rf"e2e\.projects\.scenes\.moderation\.human_review.*{message}.*no new cus"):
        app_of(tmp_path, "e2e")


def test_a_category_that_is_probably_misspelt_is_a_warning_at_synth(tmp_path):
    said = {"projects": {"digits": {"moderation": {"policy": {"Alcohool": "block", "Gamling": "flag"}}}}}
    synthesized(tmp_path, "misspelt", deployments={"misspelt": said})
    artifact = json.loads((tmp_path / "manifest.json").read_text())["artifacts"]["CustomLabels-misspelt-inference"]
    metadata = artifact.get("metadata") or json.loads((tmp_path / artifact["additionalMetadataFile"]).read_text())
    said = [entry["data"] for entries in metadata.values() for entry in entries if entry["type"] == "aws:cdk:warning"]
    assert ["did you mean 'Alcohol'" in said[0], "did you mean 'Gambling'" in said[1], len(said)] == [True, True, 2]
