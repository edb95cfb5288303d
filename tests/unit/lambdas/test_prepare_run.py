import io
import json

import pytest
from botocore.response import StreamingBody

from lambdas import clients
from lambdas.deployment_settings import parse_deployment
from lambdas.items import to_item
from lambdas.prepare_run import handler
from lambdas.prepare_run.plan import RunRequestError
from lambdas.registry import DeploymentClosingError, Registry, Wanted
from tests.unit.aws import Refusal, client_of

SETTINGS = parse_deployment("demo", {"projects": {"digits": {"min_inference_units": 2, "max_inference_units": 3}}})
REQUEST = {
    "Project": "digits",
    "ProjectArn": "arn:aws:rekognition:eu-west-1:123456789012:project/demo.digits/1",
    "ProjectVersionArn": "arn:v2",
    "VersionName": "lot.2",
}


class Versions:
    """Rekognition's versions, and S3 with the evaluation of one."""

    def __init__(self):
        self.evaluated = True
        self.refuse = None

    def describe_project_versions(self, ProjectArn, VersionNames):  # noqa: N803
        summary = {"Summary": {"S3Object": {"Bucket": "output", "Name": "summary.json"}}}
        result = {"EvaluationResult": summary} if self.evaluated else {}
        return {"ProjectVersionDescriptions": [{"Status": "TRAINING_COMPLETED", **result}]}

    def get_object(self, Bucket, Key):  # noqa: N803
        if self.refuse:
            raise Refusal(self.refuse, 404)
        metrics = {"F1Score": 1, "Precision": 1, "Recall": 1, "Threshold": 0.988}
        label = {"Label": "seven", "Metrics": metrics, "NumberOfTestingImages": 5}
        said = {"AggregatedEvaluationResults": {"F1Score": 1}, "LabelEvaluationResults": [label]}
        body = json.dumps(said).encode()
        return {"Body": StreamingBody(io.BytesIO(body), len(body))}


@pytest.fixture
def versions():
    return Versions()


def test_a_plan_holds_the_thresholds_of_the_evaluation_as_the_registry_keeps_them(prepare):
    assert prepare(REQUEST)["Thresholds"] == {"M": {"seven": {"N": "98.8"}}}


@pytest.mark.parametrize("refuse", ["NoSuchKey", "NoSuchBucket", "AccessDenied"])
def test_a_version_whose_evaluation_is_gone_runs_without_known_thresholds(prepare, versions, refuse):
    versions.refuse = refuse
    assert prepare(REQUEST)["Thresholds"] == {"M": {}}


def test_a_version_without_an_evaluation_has_no_known_thresholds(prepare, versions):
    versions.evaluated = False
    assert prepare(REQUEST)["Thresholds"] == {"M": {}}


@pytest.fixture
def prepare(monkeypatch, dynamodb, versions, lambda_context):
    made = {"dynamodb": dynamodb, "rekognition": client_of("rekognition", versions), "s3": client_of("s3", versions)}
    monkeypatch.setattr(clients.boto3, "client", lambda service, **_: made[service])
    monkeypatch.setattr(handler, "load_settings", lambda: SETTINGS)
    monkeypatch.setenv("REGISTRY_TABLE", "registry")
    clients.client.cache_clear()
    yield lambda request: handler.handle(request, lambda_context)
    clients.client.cache_clear()


@pytest.fixture
def promoted(table):
    def promote(arn):
        item = {"PK": "PROJECT#digits", "SK": "STATE", "ActiveVersionArn": arn, "ActiveVersionName": "lot.1"}
        table.items["PROJECT#digits", "STATE"] = to_item(item)

    return promote


def test_the_first_version_of_a_project_replaces_none(prepare):
    assert prepare(REQUEST | {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "x"}) == REQUEST | {
        "MinInferenceUnits": 2,
        "MaxInferenceUnits": 3,
        "QueueArn": "arn:aws:sqs:eu-west-1:123456789012:custom-labels-demo-detect_labels-digits",
        "Seen": "none",
        "WantedAt": 0,
        "Thresholds": {"M": {"seven": {"N": "98.8"}}},
        "Replaces": False,
        "MayMakeRoom": False,
        "Former": {"ProjectVersionArn": "none", "VersionName": "none"},
    }


def test_a_later_version_replaces_the_one_that_is_active_now(prepare, promoted):
    promoted("arn:v1")
    plan = prepare(REQUEST)
    assert (plan["Seen"], plan["Replaces"]) == ("arn:v1", True)
    assert plan["Former"] == {"ProjectVersionArn": "arn:v1", "VersionName": "lot.1"}


@pytest.mark.parametrize("may", [True, False])
def test_a_version_that_is_replaced_may_make_room_where_the_settings_say_so(prepare, promoted, monkeypatch, may):
    settings = parse_deployment("demo", {"projects": {"digits": {"make_room": may}}})
    monkeypatch.setattr(handler, "load_settings", lambda: settings)
    promoted("arn:v1")
    assert prepare(REQUEST)["MayMakeRoom"] is may


def test_a_version_that_replaces_none_has_none_to_make_room(prepare, promoted):
    promoted("arn:v2")
    assert prepare(REQUEST)["MayMakeRoom"] is False


def test_the_active_version_started_again_does_not_replace_itself(prepare, promoted):
    promoted("arn:v2")
    plan = prepare(REQUEST)
    assert (plan["Seen"], plan["Replaces"]) == ("arn:v2", False)


def test_a_plan_holds_when_a_person_last_asked_which_promotion_must_still_find(prepare, promoted, dynamodb):
    promoted("arn:v1")
    Registry(dynamodb, "registry").want("digits", Wanted.STOPPED, now=1000.25)
    assert prepare(REQUEST)["WantedAt"] == 1_000_250


@pytest.mark.parametrize("name", sorted(REQUEST))
def test_an_input_without_one_of_its_names_is_refused_by_the_name(prepare, name):
    with pytest.raises(RunRequestError, match=f"run_model needs {name} in its input"):
        prepare({key: value for key, value in REQUEST.items() if key != name})


def test_all_missing_names_are_told_at_once(prepare):
    with pytest.raises(RunRequestError, match="ProjectArn, ProjectVersionArn"):
        prepare(REQUEST | {"ProjectArn": "", "ProjectVersionArn": None})


def test_a_project_that_is_not_deployed_is_refused(prepare):
    with pytest.raises(RunRequestError, match="other is no project of demo"):
        prepare(REQUEST | {"Project": "other"})


def test_nothing_is_started_in_a_deployment_that_is_being_destroyed(prepare, dynamodb):
    Registry(dynamodb, "registry").close(now=1000)
    with pytest.raises(DeploymentClosingError, match="being destroyed"):
        prepare(REQUEST)
