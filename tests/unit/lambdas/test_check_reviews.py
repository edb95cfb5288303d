"""check_reviews: a deploy whose reviews by people could never begin fails, and says why."""

import pytest

from lambdas.check_reviews import handler
from tests.unit.augmented_ai import FLOW, REVIEW, AugmentedAi
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.account import ACCOUNT, Stacks

STACK = f"arn:aws:cloudformation:{ACCOUNT}:stack/CustomLabels-demo-reviews/1"


@pytest.fixture
def stacks():
    found = Stacks()
    found.status = "CREATE_IN_PROGRESS"
    return found


@pytest.fixture
def answer_to(inbox, monkeypatch, stacks, lambda_context):
    """Ask the function as CloudFormation does, of an account with some flow definition; return status and reason."""

    def ask(kind, sagemaker, bucket=REVIEW.output_bucket, flow=FLOW):
        made = {"sagemaker": client_of("sagemaker", sagemaker), "cloudformation": client_of("cloudformation", stacks)}
        monkeypatch.setattr(handler, "client", made.__getitem__)
        event = {
            "RequestType": kind,
            "RequestId": "r",
            "ResponseURL": inbox.url,
            "StackId": STACK,
            "LogicalResourceId": "FlowDefinitions",
            "ResourceProperties": {"Reviews": [{"FlowDefinitionArn": flow, "OutputBucket": bucket}]},
        }
        handler.handle(event, lambda_context)
        (answer,) = inbox.answers
        return answer["Status"], answer["Reason"]

    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    return ask


@pytest.fixture
def slept(monkeypatch):
    pauses = []
    monkeypatch.setattr(handler.time, "sleep", pauses.append)
    return pauses


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_deploy_goes_on_where_reviews_can_begin(answer_to, kind):
    assert answer_to(kind, AugmentedAi()) == ("SUCCESS", "the flow definition unsafe is Active")


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_deploy_fails_where_the_account_has_no_such_flow_definition(answer_to, kind):
    status, reason = answer_to(kind, AugmentedAi(closed=True))
    assert status == "FAILED"
    assert "no flow definition 'unsafe'" in reason
    assert "leave out moderation.human_review in cdk.json" in reason


def test_a_deploy_fails_where_the_answers_would_be_looked_for_in_another_bucket(answer_to):
    status, reason = answer_to("Update", AugmentedAi(), bucket="other")
    assert status == "FAILED"
    assert "writes to s3://answers/reviews, but output_bucket in cdk.json is 'other'" in reason


def test_a_destroy_is_not_held_up(answer_to, stacks):
    stacks.status = "DELETE_IN_PROGRESS"
    assert answer_to("Delete", AugmentedAi(closed=True))[0] == "SUCCESS"


def test_a_deploy_that_failed_is_taken_back_though_its_former_flow_definition_has_gone(answer_to, stacks):
    stacks.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    assert answer_to("Update", AugmentedAi(closed=True))[0] == "SUCCESS"


class NewlyAllowed(AugmentedAi):
    """SageMaker, to which a grant is not known yet at the first calls."""

    def __init__(self, refusals):
        super().__init__()
        self.refusals = refusals

    def describe_flow_definition(self, **said):
        if self.refusals:
            self.refusals -= 1
            raise Refusal("AccessDeniedException")
        return super().describe_flow_definition(**said)


def test_a_grant_that_is_not_known_yet_is_waited_for(answer_to, slept):
    assert answer_to("Create", NewlyAllowed(3))[0] == "SUCCESS"
    assert len(slept) == 3


def test_a_grant_that_never_comes_fails_the_deploy_within_the_function_s_time(answer_to, slept):
    status, reason = answer_to("Create", NewlyAllowed(1000))
    assert (status, "AccessDeniedException" in reason, sum(slept)) == ("FAILED", True, 60)


def test_a_breakdown_is_answered_too(answer_to, inbox):
    with pytest.raises(AssertionError):
        answer_to("Create", AugmentedAi(), flow="no ARN")
    assert [answer["Status"] for answer in inbox.answers] == ["FAILED"]
