"""Laws of the start/get pair."""

import json
from typing import Any

import pytest

from stacks.deployment import LEFT_FOR_OTHERS
from tests.infrastructure.assembly import Deployment, listed, referred, synthesized
from tests.infrastructure.test_permissions import is_of, role_of

TOPIC = "arn:aws:sns:eu-west-1:123456789012:told"
REACHING = {
    "projects": {
        "digits": {"source_buckets": ["elsewhere"], "notification_topics": [TOPIC]},
        "scenes": {"source_buckets": ["elsewhere", "archive"]},
    }
}


@pytest.fixture(scope="module")
def reaching(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A deployment with buckets and topics of others."""
    return synthesized(tmp_path_factory.mktemp("reaching"), "reaching", deployments={"reaching": REACHING})


def granted(deployment: Deployment, verb_noun: str, service: str) -> dict[str, set[str]]:
    """Return what a function may do with a service, by the ARN in short."""
    role = role_of(deployment, verb_noun)
    found: dict[str, set[str]] = {}
    for policy, statement in deployment.statements():
        actions = {action for action in listed(statement["Action"]) if action.startswith(f"{service}:")}
        if policy.type == "AWS::IAM::Policy" and is_of(policy, role) and actions:
            for arn in listed(statement["Resource"]):
                found.setdefault(short(arn), set()).update(action.partition(":")[2] for action in actions)
    return found


def short(arn: Any) -> str:
    """Return what tells an ARN of a template from another."""
    said = json.dumps(arn)
    for name in ("ImagesBucket", "Images", "Results", "elsewhere", "archive", "detect_labels-*", "Queue"):
        if name in said:
            return f"{name}/*" if '/*"' in said else name
    return said


TABLE = {"start_detection": {"GetItem", "PutItem"}, "queue_images": {"GetItem", "PutItem", "UpdateItem"}}
TABLE |= {"get_detection": {"BatchGetItem", "GetItem", "Query"}}


@pytest.mark.parametrize("verb_noun", sorted(TABLE))
def test_each_function_reads_and_writes_the_results_table_only_as_it_needs(deployment, verb_noun):
    assert list(granted(deployment, verb_noun, "dynamodb").values()) == [TABLE[verb_noun]]


def test_starting_heads_and_lists_images_and_sends_to_the_queue_of_listings_only(deployment):
    s3 = granted(deployment, "start_detection", "s3")
    assert set(map(frozenset, s3.values())) == {
        frozenset({"GetObject", "GetObjectVersion"}),
        frozenset({"ListBucket", "ListBucketVersions"}),
    }
    assert granted(deployment, "start_detection", "sqs") == {"Queue": {"SendMessage"}}
    assert granted(deployment, "start_detection", "sns") == {}


def test_listing_reads_no_object_and_sends_to_the_queues_of_images_only(deployment):
    buckets = granted(deployment, "queue_images", "s3").values()
    assert [actions for actions in buckets if actions != {"ListBucketVersions"}] == []
    assert granted(deployment, "queue_images", "sqs") == {
        "detect_labels-*": {"GetQueueUrl", "SendMessage"},
        "Queue": {"ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes", "GetQueueUrl"},
    }


def test_getting_touches_nothing_but_the_table(deployment):
    for service in ("s3", "sqs", "sns", "rekognition"):
        assert granted(deployment, "get_detection", service) == {}


def test_no_function_of_the_pair_calls_rekognition(deployment):
    for verb_noun in TABLE:
        assert granted(deployment, verb_noun, "rekognition") == {}


def test_other_buckets_are_readable_as_the_settings_say_and_no_others(reaching):
    s3 = granted(reaching, "start_detection", "s3")
    assert s3["elsewhere/*"] == s3["archive/*"] == {"GetObject", "GetObjectVersion"}
    assert s3["elsewhere"] == s3["archive"] == {"ListBucket", "ListBucketVersions"}
    listing = granted(reaching, "queue_images", "s3")
    assert listing["elsewhere"] == listing["archive"] == {"ListBucketVersions"}
    assert "elsewhere/*" not in listing


def test_the_allowed_topics_may_be_told_and_no_others(reaching):
    assert granted(reaching, "queue_images", "sns") == {json.dumps(TOPIC): {"Publish"}}


def test_a_projects_stack_tells_the_command_line_its_other_buckets(reaching):
    outputs = {
        project: reaching.templates[f"CustomLabels-reaching-project-{project}"]["Outputs"]
        for project in reaching.said["projects"]
    }
    assert outputs["digits"]["SourceBuckets"]["Value"] == "elsewhere"
    assert set(outputs["scenes"]["SourceBuckets"]["Value"].split()) == {"elsewhere", "archive"}


def test_a_listing_comes_back_a_bounded_number_of_times_one_start_job_at_a_time(deployment):
    (queue,) = [
        queue
        for queue in deployment.all("AWS::SQS::Queue")
        if queue.stack.endswith("-requests") and "RedrivePolicy" in queue.properties
    ]
    assert queue.properties["RedrivePolicy"]["maxReceiveCount"] == 100
    assert queue.properties["MessageRetentionPeriod"] == 10 * 86_400
    (source,) = [
        source for source in deployment.all("AWS::Lambda::EventSourceMapping") if source.stack.endswith("-requests")
    ]
    assert referred(source.properties["EventSourceArn"]) == queue.id
    assert source.properties["BatchSize"] == 1
    assert source.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source.properties["ScalingConfig"]["MaximumConcurrency"] <= LEFT_FOR_OTHERS
