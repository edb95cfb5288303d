"""May an account and a Region be deployed to?"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.__main__ import main
from cli.account import AccountError, check_account
from cli.deployment import Clients
from lambdas.moderation_settings import HumanReview
from tests.unit.augmented_ai import FLOW, REVIEW, AugmentedAi
from tests.unit.aws import Refusal, client_of


class Identity:
    """STS, which knows these credentials or does not."""

    def __init__(self, known: bool = True) -> None:
        self.known = known

    def get_caller_identity(self) -> dict[str, str]:
        if not self.known:
            raise Refusal("InvalidClientTokenId", 403)
        return {"Arn": "arn:aws:iam::123456789012:user/ann"}


class Projects:
    """Rekognition, which lets the account in or does not."""

    def __init__(self, let_in: bool = True) -> None:
        self.let_in = let_in

    def describe_projects(self, **_: int) -> dict[str, list[object]]:
        if not self.let_in:
            raise Refusal("AccessDeniedException")
        return {"ProjectDescriptions": []}


def account(known: bool = True, let_in: bool = True) -> Clients:
    made = {"sts": client_of("sts", Identity(known)), "rekognition": client_of("rekognition", Projects(let_in))}
    return lambda service: made[service]


def test_a_good_account_is_named_with_its_region() -> None:
    lines = list(check_account(account()))
    assert lines[0] == "account arn:aws:iam::123456789012:user/ann, Region eu-west-1"
    assert lines[-1] == "Custom Labels answers"


def test_a_left_over_endpoint_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert any("not AWS but http://127.0.0.1:4566" in line for line in check_account(account()))


def test_unusable_credentials_are_named_with_the_remedy() -> None:
    with pytest.raises(AccountError, match=r"InvalidClientTokenId.*aws configure"):
        list(check_account(account(known=False)))


def test_a_region_without_custom_labels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "sa-east-1")
    with pytest.raises(AccountError, match=r"not in sa-east-1; set AWS_REGION to one of .*us-east-1"):
        list(check_account(account()))


def test_an_account_that_was_not_let_in_is_told_so() -> None:
    with pytest.raises(AccountError, match=r"may not use Custom Labels.*AccessDeniedException"):
        list(check_account(account(let_in=False)))


def test_check_needs_no_deployment_and_answers_by_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"], account()) == 0
    assert "Custom Labels answers" in capsys.readouterr().out
    assert main(["check"], account(let_in=False)) == 1


DOCUMENTS = {"AwsManagedHumanLoopRequestSource": "AWS/Textract/AnalyzeDocument/Forms/V1"}


def with_reviews(**said: Any) -> Clients:
    others, sagemaker = account(), client_of("sagemaker", AugmentedAi(**said))
    return lambda service: sagemaker if service == "sagemaker" else others(service)


def test_a_flow_definition_that_is_active_will_do() -> None:
    assert list(check_account(with_reviews(), [REVIEW, REVIEW]))[2:] == ["the flow definition unsafe is Active"]


@pytest.mark.parametrize(
    ("review", "said", "message"),
    [
        (REVIEW, {"closed": "yes"}, "no flow definition 'unsafe'.*takes no new customers.*leave out moderation.human"),
        (REVIEW, {"FlowDefinitionStatus": "Failed", "FailureReason": "no team"}, "'unsafe' is Failed: no team"),
        (REVIEW, {"FlowDefinitionArn": FLOW.replace("123", "321")}, "this account has .*321456789012"),
        (REVIEW, {"HumanLoopRequestSource": DOCUMENTS}, "'unsafe' is for AWS/Textract/.*Image/V3"),
        (REVIEW, {"HumanLoopRequestSource": None}, "'unsafe' is for a custom task"),
        (replace(REVIEW, output_bucket="other"), {}, "writes to s3://answers/reviews.*is 'other'"),
        (replace(REVIEW, flow_definition_arn=FLOW.replace("eu-west-1", "us-east-1")), {}, "is not in eu-west-1"),
    ],
)
def test_a_review_that_cannot_be_is_told_before_it_is_deployed(
    review: HumanReview, said: dict[str, Any], message: str
) -> None:
    with pytest.raises(AccountError, match=message):
        list(check_account(with_reviews(**said), [review]))


def test_check_asks_for_what_the_deployment_in_cdk_json_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    review = {"flow_definition_arn": FLOW, "output_bucket": "answers"}
    deployments: dict[str, Any] = {
        "demo": {"projects": {"digits": {"moderation": {"human_review": review}}}},
        "plain": {"projects": {"digits": {}}},
        "wrong": {"projects": {"digits": {"moderation": 1}}},
    }
    context = {"context": {"deployment": "demo", "deployments": deployments}}
    (tmp_path / "cdk.json").write_text(json.dumps(context), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["check"], with_reviews(closed="yes")) == 1
    assert "takes no new customers" in capsys.readouterr().err
    assert main(["check", "--deployment", "plain"], with_reviews(closed="yes")) == 0
    assert main(["check", "--deployment", "wrong"], with_reviews()) == 1
    assert main(["check", "--deployment", "none"], with_reviews()) == 1
    assert "demo, plain, wrong" in capsys.readouterr().err


def test_check_warns_of_a_category_that_is_probably_misspelt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = {"Violence": "block", "alcohol": "block"}
    deployments = {"demo": {"projects": {"digits": {"moderation": {"policy": policy}}}}}
    context = {"context": {"deployment": "demo", "deployments": deployments}}
    (tmp_path / "cdk.json").write_text(json.dumps(context), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["check"], account()) == 0
    (warning,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning:")]
    assert "projects.digits.moderation.policy: 'alcohol' is not" in warning
    assert "did you mean 'Alcohol'?" in warning
