"""Laws of stored videos: who may tell of their ends, who may hear of them, what is read and written."""

import json
from typing import Any

import pytest

from lambdas.setting_checks import SettingsError
from stacks.deployment import read_deployment
from tests.infrastructure.assembly import Deployment, listed, referred, synthesized
from tests.infrastructure.test_permissions import actions_of, is_of, role_of
from tests.infrastructure.test_synthesis import node_of

FILMS = {"account_concurrency": 20, "projects": {"digits": {"videos": {}}, "scenes": {}}}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return synthesized(tmp_path_factory.mktemp("films"), "films", deployments={"films": FILMS})


def resources_of(deployment: Deployment, role: str, action: str) -> list[Any]:
    """Return the ARNs on which a role may do something."""
    return [
        arn
        for policy, statement in deployment.statements()
        if is_of(policy, role) and action in listed(statement["Action"])
        for arn in listed(statement["Resource"])
    ]


def test_the_topics_name_is_one_that_rekognitions_own_policy_covers(films):
    assert films.one("AWS::SNS::Topic", "Topic").properties["TopicName"].startswith("AmazonRekognition")


def test_rekognition_alone_takes_the_role_and_with_it_publishes_on_the_topic_alone(films):
    role = films.one("AWS::IAM::Role", "ChannelRole")
    (trust,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "rekognition.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert actions_of(films, role.id) == {"sns:Publish", "kms:Decrypt", "kms:GenerateDataKey"}
    topic = films.one("AWS::SNS::Topic", "Topic")
    assert [referred(arn) for arn in resources_of(films, role.id, "sns:Publish")] == [topic.id]
    (key,) = resources_of(films, role.id, "kms:GenerateDataKey")
    assert json.dumps(key) == json.dumps(topic.properties["KmsMasterKeyId"])


def test_the_completions_go_to_the_collectors_queue_as_they_are(films):
    (subscription,) = [one.properties for one in films.all("AWS::SNS::Subscription")]
    assert (subscription["Protocol"], subscription["RawMessageDelivery"]) == ("sqs", True)
    (source,) = [one for one in films.all("AWS::Lambda::EventSourceMapping") if one.stack.endswith("-videos")]
    assert referred(subscription["Endpoint"]) == referred(source.properties["EventSourceArn"])
    assert "deadLetterTargetArn" in subscription["RedrivePolicy"]


def test_starting_reads_videos_only_and_collecting_reads_and_writes_results_only(films):
    (read,) = resources_of(films, role_of(films, "start_video"), "s3:GetObjectVersion")
    assert '"/videos/*"' in json.dumps(read)
    collector = role_of(films, "collect_video")
    written = {
        json.dumps(arn).rpartition('"/')[2].rstrip('"]}') for arn in resources_of(films, collector, "s3:PutObject")
    }
    assert written == {"timelines/*", "labels/*"}
    (deleted,) = resources_of(films, collector, "s3:DeleteObject")
    assert '"/timelines/*.part"' in json.dumps(deleted)


@pytest.mark.parametrize(
    ("verb_noun", "calls"),
    [
        ("start_video", {"rekognition:StartLabelDetection"}),
        ("collect_video", {"rekognition:GetLabelDetection"}),
        ("sweep_videos", set()),
    ],
)
def test_each_function_calls_rekognition_for_its_own_step_only(films, verb_noun, calls):
    granted = actions_of(films, role_of(films, verb_noun))
    assert {action for action in granted if action.startswith("rekognition:")} == calls


def test_sweeping_reads_an_index_and_asks_the_collector(films):
    role = role_of(films, "sweep_videos")
    (index,) = resources_of(films, role, "dynamodb:Query")
    assert "/index/ByStatus" in json.dumps(index)
    granted = {action for action in actions_of(films, role) if not action.startswith(("logs:", "xray:"))}
    assert granted - {"sqs:GetQueueAttributes", "sqs:GetQueueUrl"} == {
        "dynamodb:Query",
        "dynamodb:UpdateItem",  # when it asks again
        "sqs:SendMessage",
    }


def test_videos_count_among_what_the_account_must_run_at_once():
    said = {"films": FILMS | {"account_concurrency": 11}}
    with pytest.raises(SettingsError, match="12 are needed: 4 for the queues of 2 projects, 4 for their videos"):
        read_deployment(node_of(deployment="films", deployments=said))
