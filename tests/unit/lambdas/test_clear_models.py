"""clear_models: what a destroy stops and deletes, and what it tells CloudFormation of it."""

from types import SimpleNamespace

import pytest

from lambdas import clients
from lambdas.clear_models import handler
from lambdas.cloudformation_answer import Answer, UnansweredError, send
from lambdas.deployment_settings import parse_deployment
from lambdas.registry import Registry
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.account import ACCOUNT, MACHINE, Buckets, Clock, Functions, Rekognition, Stacks, Workflows

STACK = f"arn:aws:cloudformation:{ACCOUNT}:stack/CustomLabels-demo-closing/1"
CALL_SECONDS = 900
MOST_CALLS = 6


@pytest.fixture
def models():
    return Rekognition()


@pytest.fixture
def workflows():
    return Workflows()


@pytest.fixture
def functions():
    return Functions()


@pytest.fixture
def buckets():
    return Buckets()


@pytest.fixture
def stacks():
    return Stacks()


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(handler, "time", clock)
    return clock


@pytest.fixture
def registry(dynamodb):
    return Registry(dynamodb, "registry")


@pytest.fixture
def request_of(inbox, monkeypatch, dynamodb, models, workflows, functions, buckets, stacks, clock):
    """Call the function, and where it calls itself, again; return the answers that CloudFormation gets."""
    fakes = {
        "cloudformation": stacks,
        "lambda": functions,
        "rekognition": models,
        "s3": buckets,
        "stepfunctions": workflows,
    }
    made = {service: client_of(service, fake) for service, fake in fakes.items()} | {"dynamodb": dynamodb}
    monkeypatch.setattr(clients.boto3, "client", lambda service, **_: made[service])
    monkeypatch.setattr(handler, "load_settings", lambda: parse_deployment("demo", {"projects": {"digits": {}}}))
    monkeypatch.setenv("REGISTRY_TABLE", "registry")
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    clients.client.cache_clear()

    def call(kind, delete_models="false", named=()):
        event = {
            "RequestType": kind,
            "RequestId": "r",
            "ResponseURL": inbox.url,
            "StackId": STACK,
            "LogicalResourceId": "Models",
            "ResourceProperties": {"DeleteModels": delete_models, "Buckets": list(named)},
        }
        _call(event, clock)
        for _ in range(MOST_CALLS):
            if functions.invoked:
                _call(functions.invoked.pop(), clock)
        assert not functions.invoked, "it calls itself without end"
        return inbox.answers

    yield call
    clients.client.cache_clear()


def _call(event, clock):
    began = clock.now
    context = SimpleNamespace(
        function_name="custom-labels-demo-clear_models",
        memory_limit_in_mb=256,
        invoked_function_arn=f"arn:aws:lambda:{ACCOUNT}:function:custom-labels-demo-clear_models",
        aws_request_id="r",
        get_remaining_time_in_millis=lambda: int(1000 * (began + CALL_SECONDS - clock.now)),
    )
    handler.handle(event, context)
    assert clock.now - began < CALL_SECONDS, "Lambda would have ended the call"


def only(answers):
    (answer,) = answers
    return answer["Status"], answer["Reason"]


def test_a_destroy_stops_all_models_of_the_deployment_and_no_others(request_of, models):
    models.add("demo.digits", "v1", "STOPPED")
    models.add("demo.digits", "v2", "RUNNING")
    models.add("demo.forgotten", "v1", "RUNNING")
    models.add("demo-two.digits", "v1", "RUNNING")
    assert only(request_of("Delete")) == ("SUCCESS", "no model is billed")
    assert models.calls == ["stop demo.digits v2", "stop demo.forgotten v1"]


def test_a_model_that_is_starting_is_waited_for_over_several_calls_and_stopped(request_of, models, clock):
    models.add("demo.digits", "v1", *["STARTING"] * 100, "RUNNING")
    began = clock.now
    assert only(request_of("Delete"))[0] == "SUCCESS"
    assert models.calls == ["stop demo.digits v1"]
    assert clock.now - began > CALL_SECONDS


@pytest.mark.parametrize("status", ["STARTING", "STOPPING"])
def test_what_is_billed_after_55_minutes_is_named_and_never_a_success(request_of, models, clock, registry, status):
    models.add("demo.digits", "v1", status)
    began = clock.now
    status_said, reason = only(request_of("Delete"))
    assert status_said == "FAILED"
    assert reason == f"not done in 55 minutes: demo.digits/v1 is {status}. Run `cdk destroy` again"
    assert clock.now - began < 3600
    assert registry.is_closing()  # else the governor would start it anew before the next try


def test_a_model_that_shows_itself_only_at_the_second_look_is_stopped(request_of, models):
    """A start that a workflow asked for, just before it was stopped itself."""
    models.add("demo.digits", "v1", "STOPPED", "STOPPED", "STOPPED", "RUNNING")  # three reads are begin and one look
    assert only(request_of("Delete"))[0] == "SUCCESS"
    assert models.calls == ["stop demo.digits v1"]


@pytest.mark.parametrize("status", ["TRAINING_IN_PROGRESS", "COPYING_IN_PROGRESS"])
def test_nothing_is_touched_while_a_version_is_trained_or_copied(
    request_of, models, workflows, functions, registry, status
):
    models.add("demo.digits", "v1", status)
    models.add("demo.digits", "v2", "RUNNING")
    workflows.running[MACHINE] = ["run"]
    functions.sources["a"] = "Enabled"
    said, reason = only(request_of("Delete", delete_models="true"))
    assert said == "FAILED"
    assert f"demo.digits/v1 is {status}: that cannot be stopped" in reason
    assert "Run `cdk destroy` again then" in reason
    assert (models.calls, workflows.running[MACHINE], functions.sources) == ([], ["run"], {"a": "Enabled"})
    assert not registry.is_closing()


def test_a_training_that_began_meanwhile_is_no_success(request_of, models):
    models.add("demo.digits", "v1", "TRAINING_COMPLETED", "TRAINING_COMPLETED", "TRAINING_IN_PROGRESS")
    assert only(request_of("Delete"))[0] == "FAILED"


def test_nothing_may_start_from_then_on(request_of, registry, workflows, functions):
    workflows.running[MACHINE] = ["one", "two"]
    functions.sources |= {"a": "Enabled", "b": "Disabled", "c": "Creating"}
    request_of("Delete")
    assert registry.is_closing()
    assert workflows.running[MACHINE] == []
    assert set(functions.sources.values()) == {"Disabled"}


def test_an_event_source_that_is_changing_is_closed_at_the_next_look(request_of, functions):
    functions.sources["a"] = "Enabled"
    functions.busy = 1
    assert only(request_of("Delete"))[0] == "SUCCESS"
    assert functions.sources == {"a": "Disabled"}


def test_versions_and_data_sets_and_then_projects_are_deleted_where_the_settings_say_so(request_of, models):
    models.add("demo.digits", "v1", "RUNNING")
    models.add("demo.digits", "v2", "TRAINING_FAILED")
    models.datasets["demo.digits"] = ["train", "test"]
    models.add("demo-two.digits", "v1", "STOPPED")
    assert only(request_of("Delete", delete_models="true"))[0] == "SUCCESS"
    assert models.calls == [
        "stop demo.digits v1",
        "delete demo.digits v1",
        "delete demo.digits v2",
        "delete demo.digits train",
        "delete demo.digits test",
        "delete demo.digits",
    ]
    assert models.versions == {"demo-two.digits": {"v1": ["STOPPED"]}}


def test_versions_are_kept_where_the_settings_say_nothing_else(request_of, models):
    models.add("demo.digits", "v1", "STOPPED")
    models.datasets["demo.digits"] = ["train"]
    assert only(request_of("Delete"))[0] == "SUCCESS"
    assert models.calls == []


def test_a_version_that_cannot_be_deleted_yet_is_tried_again_and_named_in_the_end(request_of, models):
    models.add("demo.digits", "v1", "STOPPED")
    models.refusals["delete"] = Refusal("ResourceInUseException")
    said, reason = only(request_of("Delete", delete_models="true"))
    assert said == "FAILED"
    assert "demo.digits/v1 is STOPPED" in reason


def test_buckets_are_emptied_of_all_versions_and_written_to_no_more(request_of, buckets):
    buckets.add("images", "a", "b", "c")
    buckets.add("others", "d")
    assert only(request_of("Delete", named=["images", "gone"]))[0] == "SUCCESS"
    assert buckets.objects["images"] == []
    assert len(buckets.objects["others"]) == 2
    kept, denied = buckets.policies["images"]["Statement"]
    assert kept["Sid"] == "Tls"
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "s3:PutObject")
    assert denied["Resource"] == "arn:aws:s3:::images/*"


def test_a_bucket_that_takes_longer_than_there_is_time_is_no_success(request_of, buckets, clock, monkeypatch):
    buckets.add("images", *map(str, range(100)))
    delete_objects = buckets.delete_objects

    def slowly(**said):
        clock.sleep(50)
        return delete_objects(**said)

    monkeypatch.setattr(buckets, "delete_objects", slowly)
    said, reason = only(request_of("Delete", named=["images"]))
    assert (said, reason) == ("FAILED", "not done in 55 minutes: images holds objects. Run `cdk destroy` again")
    assert 0 < len(buckets.objects["images"]) < 200


def test_an_object_that_may_not_be_deleted_is_named(request_of, buckets):
    buckets.add("images", "locked")
    buckets.denied = "locked"
    assert only(request_of("Delete", named=["images"])) == (
        "FAILED",
        "s3://images/locked could not be deleted: Access Denied",
    )


def test_a_deploy_that_takes_the_resource_back_touches_nothing(request_of, models, stacks, registry):
    models.add("demo.digits", "v1", "RUNNING")
    stacks.status = "ROLLBACK_IN_PROGRESS"
    said, reason = only(request_of("Delete", delete_models="true"))
    assert (said, models.calls, registry.is_closing()) == ("SUCCESS", [], False)
    assert "nothing was touched" in reason


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_deploy_lets_the_deployment_work_again(request_of, registry, buckets, models, clock, kind):
    models.add("demo.digits", "v1", "RUNNING")
    buckets.add("images", "a")
    before = buckets.policies["images"]
    request_of("Delete", named=["images"])
    calls = list(models.calls)
    assert request_of(kind, named=["images"])[-1]["Status"] == "SUCCESS"
    assert not registry.is_closing()
    assert buckets.policies["images"] == before
    assert models.calls == calls


def test_a_refusal_of_aws_is_told_in_its_words(request_of, models):
    models.add("demo.digits", "v1", "RUNNING")
    models.refusals["stop"] = Refusal("AccessDeniedException", message="no grant to stop")
    said, reason = only(request_of("Delete"))
    assert said == "FAILED"
    assert "no grant to stop" in reason


@pytest.mark.parametrize("refusal", [Refusal("ThrottlingException"), Refusal("InternalServerError", 500)])
def test_what_aws_cannot_do_just_now_is_asked_for_again_to_the_end(request_of, models, refusal):
    models.add("demo.digits", "v1", "RUNNING")
    models.refusals["stop"] = refusal
    said, reason = only(request_of("Delete"))
    assert said == "FAILED"
    assert "not done in 55 minutes" in reason
    assert refusal.answer["Error"]["Code"] in reason


def test_a_breakdown_is_answered_too_and_is_in_the_log(request_of, inbox, monkeypatch):
    monkeypatch.delenv("REGISTRY_TABLE")
    with pytest.raises(RuntimeError, match="REGISTRY_TABLE"):
        request_of("Delete")
    assert only(inbox.answers) == ("FAILED", "clear_models broke down; its log says why")


def test_an_answer_says_whose_it_is_and_has_no_content_type(request_of, inbox):
    request_of("Create")
    (answer,) = inbox.answers
    assert answer == {
        "Status": "SUCCESS",
        "Reason": "the deployment may work",
        "PhysicalResourceId": "custom-labels-demo-clear_models",
        "StackId": STACK,
        "RequestId": "r",
        "LogicalResourceId": "Models",
    }
    assert inbox.content_types == [""]


REQUEST = {"StackId": STACK, "RequestId": "r", "LogicalResourceId": "Models", "PhysicalResourceId": "p"}


def test_an_answer_is_sent_again_where_it_does_not_arrive(inbox):
    inbox.refuse, slept = 2, []
    send(REQUEST | {"ResponseURL": inbox.url}, Answer(succeeded=True, reason="x" * 5000), "new", slept.append)
    (answer,) = inbox.answers
    assert (answer["PhysicalResourceId"], len(answer["Reason"]), len(slept)) == ("p", 1000, 2)


def test_an_answer_that_never_arrives_is_an_error(inbox):
    inbox.refuse = 100
    with pytest.raises(UnansweredError, match="was not told FAILED"):
        send(REQUEST | {"ResponseURL": inbox.url}, Answer(succeeded=False, reason="x"), "new", lambda _: None)
