"""May an account and a Region be deployed to?"""

import pytest

from cli.__main__ import main
from cli.account import AccountError, check_account
from cli.deployment import Clients
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
