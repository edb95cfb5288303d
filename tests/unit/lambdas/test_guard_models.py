# ruff: noqa: N803 - the parameters are spelled as AWS spells them

import json

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lambdas import clients
from lambdas.deployment_settings import parse_deployment
from lambdas.guard_models import handler
from lambdas.guard_models.guard import RunningVersion, is_wanted, stop_unwanted
from lambdas.guard_models.handler import StopRefusedError
from lambdas.items import to_item
from lambdas.registry import Registry, Wanted
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.services import Topic, forget_dimensions

NOW = 1000.0
ACCOUNT = "arn:aws:rekognition:eu-west-1:123456789012:project"


def arn(project, version):
    return f"{ACCOUNT}/{project}/version/{version}/1700000000000"


class Models:
    """Rekognition's projects and versions, one on each page."""

    def __init__(self):
        self.statuses = {}  # by project, by version
        self.refusals = {}  # by ARN
        self.stopped = []

    def run(self, project, version, status="RUNNING"):
        self.statuses.setdefault(project, {})[version] = status

    def describe_projects(self, NextToken="0"):
        projects = [{"ProjectArn": f"{ACCOUNT}/{name}/1600000000000"} for name in self.statuses]
        return self._page("ProjectDescriptions", projects, NextToken)

    def describe_project_versions(self, ProjectArn, NextToken="0"):
        project = ProjectArn.split("/")[1]
        versions = [
            {"ProjectVersionArn": arn(project, name), "Status": status, "MinInferenceUnits": 2}
            for name, status in self.statuses[project].items()
        ]
        return self._page("ProjectVersionDescriptions", versions, NextToken)

    def stop_project_version(self, ProjectVersionArn):
        if ProjectVersionArn in self.refusals:
            raise self.refusals[ProjectVersionArn]
        self.stopped.append(ProjectVersionArn)
        return {"Status": "STOPPING"}

    @staticmethod
    def _page(member, found, token):
        number = int(token)
        more = {"NextToken": str(number + 1)} if found[number + 1 :] else {}
        return {member: found[number : number + 1], **more}


@pytest.fixture
def models():
    return Models()


@pytest.fixture
def rekognition(models):
    return client_of("rekognition", models)


@pytest.fixture
def registry(dynamodb):
    return Registry(dynamodb, "registry")


@pytest.fixture
def activate(table):
    def write(project, version, **more):
        key = {"PK": f"PROJECT#{project}", "SK": "STATE"}
        active = {"ActiveVersionArn": arn(f"dev.{project}", version), "ActiveVersionName": version}
        table.items[key["PK"], "STATE"] = to_item(key | active | more)

    return write


@pytest.fixture
def lease(table):
    def write(project, version, expires_at):
        key = {"PK": f"PROJECT#{project}", "SK": f"LEASE#{version}"}
        table.items[key["PK"], key["SK"]] = to_item(key | {"VersionName": version, "ExpiresAt": expires_at})

    return write


@pytest.fixture
def guard(rekognition, registry):
    settings = parse_deployment("dev", {"projects": {"digits": {}, "scenes": {}}})
    return lambda: stop_unwanted(rekognition, registry, settings, NOW)


def test_an_active_version_goes_on(guard, models, activate):
    models.run("dev.digits", "lot.1")
    activate("digits", "lot.1")
    assert guard().stopped == []
    assert models.stopped == []


def test_a_version_under_a_live_lease_goes_on(guard, models, activate, lease):
    models.run("dev.digits", "lot.2")
    activate("digits", "lot.1")
    lease("digits", "lot.2", NOW + 1)
    guard()
    assert models.stopped == []


def test_a_version_under_an_expired_lease_is_stopped(guard, models, lease):
    models.run("dev.digits", "lot.2")
    lease("digits", "lot.2", NOW)
    assert [version.name for version in guard().stopped] == ["lot.2"]
    assert models.stopped == [arn("dev.digits", "lot.2")]


def test_a_lease_on_another_version_or_project_does_not_help(guard, models, lease):
    models.run("dev.digits", "lot.2")
    lease("digits", "lot.1", NOW + 9)
    lease("scenes", "lot.2", NOW + 9)
    guard()
    assert models.stopped == [arn("dev.digits", "lot.2")]


def test_an_active_version_that_is_wanted_stopped_is_stopped(guard, models, registry, activate):
    models.run("dev.digits", "lot.1")
    activate("digits", "lot.1")
    registry.want("digits", Wanted.STOPPED, NOW)
    guard()
    assert models.stopped == [arn("dev.digits", "lot.1")]


def test_a_former_version_that_still_runs_is_stopped(guard, models, activate):
    models.run("dev.digits", "lot.1")
    models.run("dev.digits", "lot.2")
    activate("digits", "lot.2", FormerVersionArn=arn("dev.digits", "lot.1"))
    guard()
    assert models.stopped == [arn("dev.digits", "lot.1")]


def test_a_former_version_goes_on_while_the_workflow_that_replaced_it_holds_its_lease(guard, models, activate, lease):
    models.run("dev.digits", "lot.1")
    models.run("dev.digits", "lot.2")
    activate("digits", "lot.2", FormerVersionArn=arn("dev.digits", "lot.1"))
    lease("digits", "lot.2", NOW + 1)
    guard()
    assert models.stopped == []


def test_projects_of_other_deployments_are_not_touched(guard, models):
    for project in ("dev-two.digits", "prod.digits", "digits", "devdigits", "adev.digits"):
        models.run(project, "lot.1")
    assert guard().stopped == []
    assert models.stopped == []


def test_a_version_of_a_project_that_settings_have_forgotten_is_stopped_though_the_registry_calls_it_active(
    guard, models, activate
):
    models.run("dev.forgotten", "lot.1")
    activate("forgotten", "lot.1", Wanted="RUNNING")
    assert [(version.project, version.inference_units) for version in guard().stopped] == [("forgotten", 2)]
    assert models.stopped == [arn("dev.forgotten", "lot.1")]


def test_a_lease_does_not_keep_a_forgotten_project_running(guard, models, lease):
    models.run("dev.forgotten", "lot.1")
    lease("forgotten", "lot.1", NOW + 9)
    guard()
    assert models.stopped == [arn("dev.forgotten", "lot.1")]


def test_only_what_runs_is_stopped(guard, models):
    for status in ("TRAINING_IN_PROGRESS", "STARTING", "STOPPING", "STOPPED", "FAILED"):
        models.run("dev.digits", f"lot.{status}", status)
    guard()
    assert models.stopped == []


def test_all_pages_of_projects_and_versions_are_looked_at(guard, models):
    for project in ("dev.digits", "prod.digits", "dev.scenes"):
        for version in ("v1", "v2", "v3"):
            models.run(project, version)
    found = [(version.project, version.name) for version in guard().stopped]
    assert found == [(project, version) for project in ("digits", "scenes") for version in ("v1", "v2", "v3")]


@pytest.mark.parametrize("code", ["ResourceInUseException", "ResourceNotFoundException"])
def test_a_version_that_somebody_else_stopped_meanwhile_is_no_refusal(guard, models, code):
    models.run("dev.digits", "lot.1")
    models.refusals[arn("dev.digits", "lot.1")] = Refusal(code)
    report = guard()
    assert (report.stopped, report.refused) == ([], [])


def test_a_refused_stop_does_not_keep_the_others_running(guard, models):
    models.run("dev.digits", "lot.1")
    models.run("dev.scenes", "lot.1")
    models.refusals[arn("dev.digits", "lot.1")] = Refusal("AccessDeniedException", message="no grant")
    report = guard()
    assert models.stopped == [arn("dev.scenes", "lot.1")]
    (refusal,) = report.refused
    assert refusal.project == "digits"
    assert "no grant" in refusal.message


def test_a_project_that_cannot_be_looked_at_does_not_keep_the_others_running(guard, models):
    models.run("dev.digits", "lot.1")
    models.run("dev.scenes", "lot.1")
    look = models.describe_project_versions

    def denied_once(ProjectArn, **more):
        if "dev.digits" in ProjectArn:
            raise Refusal("ThrottlingException", message="too fast")
        return look(ProjectArn, **more)

    models.describe_project_versions = denied_once
    report = guard()
    assert models.stopped == [arn("dev.scenes", "lot.1")]
    assert [(refusal.project, "too fast" in refusal.message) for refusal in report.refused] == [("digits", True)]


def test_a_project_that_does_not_answer_does_not_keep_the_others_running(guard, models):
    models.run("dev.digits", "lot.1")
    models.run("dev.scenes", "lot.1")
    look = models.describe_project_versions

    def silent_once(ProjectArn, **more):
        if "dev.digits" in ProjectArn:
            raise ReadTimeoutError(endpoint_url="rekognition")
        return look(ProjectArn, **more)

    models.describe_project_versions = silent_once
    report = guard()
    assert models.stopped == [arn("dev.scenes", "lot.1")]
    assert [refusal.project for refusal in report.refused] == ["digits"]


def test_a_promotion_between_two_reads_of_the_registry_does_not_stop_the_new_version(registry, table, activate, lease):
    """The workflow makes a version active, then gives back its lease: both can happen while the guard reads."""
    activate("digits", "lot.1")
    lease("digits", "lot.2", NOW + 9)
    version = RunningVersion("digits", "lot.2", arn("dev.digits", "lot.2"), inference_units=1)
    for operation in ("get_item", "query"):
        read = getattr(table, operation)

        def promoted_after(read=read, **said):
            answer = read(**said)
            activate("digits", "lot.2")
            table.items.pop(("PROJECT#digits", "LEASE#lot.2"), None)
            return answer

        setattr(table, operation, promoted_after)
    assert is_wanted(version, registry, NOW)


@pytest.fixture
def topic():
    return Topic()


@pytest.fixture
def handle(monkeypatch, dynamodb, rekognition, topic, lambda_context):
    made = {"dynamodb": dynamodb, "rekognition": rekognition, "sns": client_of("sns", topic)}
    settings = parse_deployment("dev", {"projects": {"digits": {}}})
    monkeypatch.setattr(clients.boto3, "client", lambda service, **_: made[service])
    monkeypatch.setattr(handler, "load_settings", lambda: settings)
    monkeypatch.setenv("REGISTRY_TABLE", "registry")
    monkeypatch.setenv("OPERATIONS_TOPIC_ARN", "arn:operations")
    clients.client.cache_clear()
    yield lambda: handler.handle({}, lambda_context)
    clients.client.cache_clear()
    forget_dimensions()


def test_what_was_stopped_is_answered_told_and_counted(handle, models, topic, capsys):
    models.run("dev.digits", "lot.1")
    assert handle() == {"Stopped": [arn("dev.digits", "lot.1")]}
    (said,) = topic.published
    assert (said["TopicArn"], said["Subject"]) == ("arn:operations", "dev: model of digits stopped")
    assert said["MessageAttributes"]["Status"]["StringValue"] == "STOPPED"
    message = json.loads(said["Message"])
    assert (message["ProjectVersionArn"], message["InferenceUnits"]) == (arn("dev.digits", "lot.1"), 2)
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert line["ModelsStopped"] == [1.0]
    assert line["Deployment"] == "dev"
    assert "Deployment" in line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]


def test_where_nothing_is_to_be_stopped_nobody_is_told(handle, models, activate, topic):
    models.run("dev.digits", "lot.1")
    activate("digits", "lot.1")
    assert handle() == {"Stopped": []}
    assert topic.published == []


def test_a_refused_stop_is_told_and_raises_so_that_the_alarm_goes_off(handle, models, topic):
    models.run("dev.digits", "lot.1")
    models.run("dev.scenes", "lot.1")
    models.refusals[arn("dev.digits", "lot.1")] = Refusal("AccessDeniedException", message="no grant")
    with pytest.raises(StopRefusedError, match=r"refused 1 times, first for digits: .*no grant"):
        handle()
    said = {published["Subject"]: json.loads(published["Message"]) for published in topic.published}
    assert set(said) == {"dev: model of scenes stopped", "dev: model of digits stop refused"}
    assert "no grant" in said["dev: model of digits stop refused"]["StatusMessage"]


def test_what_was_stopped_is_in_the_log_though_telling_fails(handle, models, topic, caplog):
    models.run("dev.digits", "lot.1")
    topic.refuse_next = Refusal("AuthorizationErrorException", 403)
    with pytest.raises(ClientError, match="AuthorizationError"):
        handle()
    (logged,) = [record for record in caplog.records if record.message == "guarded"]
    assert logged.stopped == [arn("dev.digits", "lot.1")]


@pytest.mark.filterwarnings("ignore:No application metrics")
def test_a_guard_that_cannot_see_raises(handle, models):
    def denied(**_):
        raise Refusal("AccessDeniedException")

    models.describe_projects = denied
    with pytest.raises(ClientError, match="AccessDenied"):
        handle()
