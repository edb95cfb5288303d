"""A run of the guard, as Lambda calls it."""

import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from lambdas import clients
from lambdas.guard_models import handler
from lambdas.guard_models.memory import MemoryUnreadableError, from_text
from lambdas.guard_models.watching import RegistryUnreadableError, StopRefusedError
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.guarded import HOUR, MINUTE, NOW, Models, Parameters, Writer, arn, deployment
from tests.unit.lambdas.services import Topic, forget_dimensions

NEVER_MEASURED = pytest.mark.filterwarnings("ignore:No application metrics")


@pytest.fixture
def models():
    return Models()


@pytest.fixture
def writer(table):
    return Writer(table)


@pytest.fixture
def topic():
    return Topic()


@pytest.fixture
def parameters():
    return Parameters({"memory": "{}"})


class Time:
    """The process's clock: sleeping is all that takes time."""

    def __init__(self):
        self.now = NOW
        self.while_asleep = {}  # by epoch second

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        for at in [at for at in self.while_asleep if at <= self.now]:
            self.while_asleep.pop(at)()


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def settings():
    return {"digits": {}}


@pytest.fixture
def handle(monkeypatch, dynamodb, models, topic, parameters, time, settings, lambda_context):
    fakes = {"rekognition": models, "sns": topic, "ssm": parameters}
    made = {"dynamodb": dynamodb} | {service: client_of(service, fake) for service, fake in fakes.items()}
    monkeypatch.setattr(clients.boto3, "client", lambda service, **_: made[service])
    monkeypatch.setattr(handler, "load_settings", lambda: deployment(settings["digits"]))
    monkeypatch.setattr(handler, "time", time)
    monkeypatch.setenv("REGISTRY_TABLE", "registry")
    monkeypatch.setenv("OPERATIONS_TOPIC_ARN", "arn:operations")
    monkeypatch.setenv("MEMORY_PARAMETER", "memory")
    clients.client.cache_clear()

    def run(after=0.0):
        time.now += after
        ends = time.now + 280
        left = {"get_remaining_time_in_millis": lambda: int((ends - time.now) * 1000)}
        return handler.handle({}, SimpleNamespace(**vars(lambda_context) | left))

    yield run
    clients.client.cache_clear()
    forget_dimensions()


def told(topic):
    return [json.loads(said["Message"]) for said in topic.published]


def statuses(topic):
    return [message["Status"] for message in told(topic)]


def measured(capsys):
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    return line


def test_what_was_stopped_is_answered_told_and_counted(handle, models, writer, topic, capsys):
    models.run("v1")
    writer.lease("v1", NOW)
    assert handle() == {"Stopped": [arn("v1")], "Noticed": []}
    (said,) = topic.published
    assert (said["TopicArn"], said["Subject"]) == ("arn:operations", "dev: model of digits stopped")
    assert {name: value["StringValue"] for name, value in said["MessageAttributes"].items()} == {
        "Status": "STOPPED",
        "Project": "digits",
    }
    message = json.loads(said["Message"])
    assert "lease has expired" in message.pop("StatusMessage")
    assert message == {
        "API": "StopProjectVersion",
        "Status": "STOPPED",
        "Project": "digits",
        "VersionName": "v1",
        "ProjectVersionArn": arn("v1"),
        "InferenceUnits": 2,
    }
    line = measured(capsys)
    assert (line["ModelsStopped"], line["GuardRuns"]) == ([1.0], [1.0])
    assert (line["RegistryUnreadable"], line["GuardMemoryUnreadable"]) == ([0.0], [0.0])
    assert line["Deployment"] == "dev"
    assert set(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]) == {"Deployment", "service"}  # as the alarms


def test_where_nothing_is_to_be_stopped_nobody_is_told(handle, models, writer, topic):
    models.run("v1")
    writer.activate("v1", UpdatedAt=int(NOW * 1000))
    assert handle() == {"Stopped": [], "Noticed": []}
    assert topic.published == []


def test_a_version_that_nobody_knows_is_told_of_once_and_stopped_after_a_quarter_of_an_hour(handle, models, topic):
    models.run("v1")
    assert handle() == {"Stopped": [], "Noticed": [arn("v1")]}
    (message,) = told(topic)
    assert (message["Status"], message["ProjectVersionArn"]) == ("UNEXPLAINED", arn("v1"))
    for _ in range(2):
        assert handle(after=5 * MINUTE) == {"Stopped": [], "Noticed": []}
    assert handle(after=5 * MINUTE) == {"Stopped": [arn("v1")], "Noticed": []}
    assert statuses(topic) == ["UNEXPLAINED", "STOPPED"]


def test_a_notice_that_could_not_be_told_is_given_again_and_its_time_begins_then(handle, models, topic):
    models.run("v1")
    topic.refuse_next = Refusal("InternalErrorException", 400)
    with pytest.raises(ClientError, match="InternalError"):
        handle()
    assert handle(after=14 * MINUTE)["Noticed"] == [arn("v1")]
    assert handle(after=14 * MINUTE)["Stopped"] == []
    assert handle(after=1 * MINUTE)["Stopped"] == [arn("v1")]


def test_what_was_stopped_is_in_the_log_though_telling_fails_and_the_others_are_told_of(
    handle, models, writer, topic, caplog
):
    for project in ("digits", "scenes"):
        models.run("v1", f"dev.{project}")
        writer.lease("v1", NOW, project=project)
    topic.refuse_next = Refusal("AuthorizationErrorException", 403)
    with pytest.raises(ClientError, match="AuthorizationError"):
        handle()
    (logged,) = [record for record in caplog.records if record.message == "guarded"]
    assert logged.stopped == [arn("v1"), arn("v1", "scenes")]
    assert [message["Project"] for message in told(topic)] == ["scenes"]


def test_a_refused_stop_is_tried_again_each_minute_told_once_and_then_raised(handle, models, writer, topic, time):
    models.run("v1")
    writer.lease("v1", NOW)
    models.refusals[arn("v1")] = Refusal("AccessDeniedException", message="no grant")
    tries, stop = [], models.stop_project_version
    models.stop_project_version = lambda **said: tries.append(round(time.now - NOW)) or stop(**said)
    with pytest.raises(StopRefusedError, match=r"refused 1 times, first for digits: .*no grant"):
        handle()
    assert [round(at, -1) for at in tries] == [0, 60, 120, 180, 240]
    assert time.now - NOW < 280
    (message,) = told(topic)
    assert (message["Status"], message["ProjectVersionArn"]) == ("STOP_REFUSED", arn("v1"))
    assert "no grant" in message["StatusMessage"]


def test_a_stop_that_succeeds_when_tried_again_is_a_good_run(handle, models, writer, topic, time, capsys):
    models.run("v1")
    writer.lease("v1", NOW)
    models.refusals[arn("v1")] = Refusal("ThrottlingException")
    time.while_asleep[NOW + 100] = models.refusals.clear
    assert handle()["Stopped"] == [arn("v1")]
    assert statuses(topic) == ["STOP_REFUSED", "STOPPED"]
    assert measured(capsys)["GuardRuns"] == [1.0]


def test_what_is_explained_meanwhile_is_not_tried_again(handle, models, writer, time):
    models.run("v1")
    writer.lease("v1", NOW)
    models.refusals[arn("v1")] = Refusal("ThrottlingException")

    def adopted():
        models.refusals.clear()
        writer.lease("v1", NOW + HOUR, "person")

    time.while_asleep[NOW + 10] = adopted
    assert handle() == {"Stopped": [], "Noticed": []}
    assert models.stopped == []


def test_a_project_that_cannot_be_looked_at_is_looked_at_again(handle, models, writer, topic, time):
    models.run("v1")
    writer.lease("v1", NOW)
    models.unseen["dev.digits"] = Refusal("ThrottlingException")
    time.while_asleep[NOW + 100] = models.unseen.clear
    assert handle()["Stopped"] == [arn("v1")]
    refused, stopped = told(topic)
    assert (refused["Status"], refused["Project"], "VersionName" in refused) == ("STOP_REFUSED", "digits", False)
    assert stopped["Status"] == "STOPPED"


@pytest.mark.parametrize("settings", [{"digits": {"max_run_hours": 1, "runtime": "always_on"}}])
def test_what_ran_for_too_long_is_stopped_and_told(handle, models, writer, topic):
    models.run("v1")
    writer.activate("v1")
    for _ in range(1 + 12):  # an hour from the first look, and one look more for the governor
        assert handle(after=5 * MINUTE)["Stopped"] == []
    assert handle(after=5 * MINUTE)["Stopped"] == [arn("v1")]
    assert statuses(topic) == ["RAN_TOO_LONG"]


@pytest.mark.parametrize("settings", [{"digits": {"daily_budget_unit_hours": 1, "runtime": "always_on"}}])
def test_a_spent_budget_stops_each_time_and_is_told_once_a_day(handle, models, writer, topic, time):
    writer.activate("v1")
    models.run("v1")
    looks = 0
    while not models.stopped:  # two units: an hour's worth is spent in half an hour, and ten minutes are tolerated
        handle(after=5 * MINUTE)
        looks += 1
    assert looks == 1 + 30 / 5 + 1
    assert statuses(topic) == ["BUDGET_SPENT"]
    models.run("v1")
    assert handle(after=5 * MINUTE)["Stopped"] == [arn("v1")]
    assert statuses(topic) == ["BUDGET_SPENT"]
    models.run("v1")
    time.now = NOW - NOW % 86_400 + 86_400
    assert handle()["Stopped"] == []
    while len(models.stopped) < 3:
        handle(after=5 * MINUTE)
    assert statuses(topic) == ["BUDGET_SPENT"] * 2


@pytest.mark.parametrize("settings", [{"digits": {"daily_budget_unit_hours": 0.1, "runtime": "always_on"}}])
def test_a_project_whose_spent_budget_was_told_is_told_of_other_things_on_the_same_day(
    handle, models, writer, topic, settings
):
    models.run("v1")
    writer.activate("v1")
    while not models.stopped:
        handle(after=5 * MINUTE)
    settings["digits"]["daily_budget_unit_hours"] = 100
    models.run("v2")
    writer.lease("v2", NOW)
    handle(after=5 * MINUTE)
    assert statuses(topic) == ["BUDGET_SPENT", "STOPPED"]


def deny(table):
    def denied(**_):
        raise Refusal("AccessDeniedException", message="no grant")

    table.query = denied


def test_an_unreadable_registry_is_told_every_quarter_of_an_hour_counted_and_raised(
    handle, models, table, topic, capsys
):
    models.run("v1")
    deny(table)
    with pytest.raises(RegistryUnreadableError, match="no grant"):
        handle()
    line = measured(capsys)
    assert line["RegistryUnreadable"] == [1.0]
    assert "GuardRuns" not in line
    for _ in range(3):
        with pytest.raises(RegistryUnreadableError):
            handle(after=5 * MINUTE)
    first, second = topic.published
    assert first["Subject"] == "dev: the guard registry unreadable"
    assert first["MessageAttributes"].keys() == {"Status"}
    assert json.loads(second["Message"])["Status"] == "REGISTRY_UNREADABLE"
    assert models.stopped == []


@pytest.mark.parametrize("settings", [{"digits": {"max_run_hours": 0.25}}])
def test_with_an_unreadable_registry_the_guard_goes_by_the_maximum_run_time(handle, models, table, topic):
    models.run("v1")
    deny(table)
    for _ in range(5):
        with pytest.raises(RegistryUnreadableError):
            handle(after=5 * MINUTE)
    assert models.stopped == [arn("v1")]
    assert statuses(topic) == ["REGISTRY_UNREADABLE", "REGISTRY_UNREADABLE", "RAN_TOO_LONG"]


@pytest.mark.parametrize("text", [None, "not JSON"])
def test_a_lost_memory_does_not_stop_the_guard_is_counted_raised_and_made_anew(
    handle, models, writer, parameters, capsys, text
):
    models.run("v1")
    writer.lease("v1", NOW)
    parameters.values = {} if text is None else {"memory": text}
    with pytest.raises(MemoryUnreadableError):
        handle()
    assert models.stopped == [arn("v1")]
    line = measured(capsys)
    assert line["GuardMemoryUnreadable"] == [1.0]
    assert "GuardRuns" not in line
    assert from_text(parameters.values["memory"]).looked_at == NOW
    assert handle(after=5 * MINUTE)["Stopped"] == []


def test_a_memory_that_cannot_be_read_now_is_not_overwritten(handle, models, parameters):
    models.run("v1")
    handle()
    before = dict(parameters.values)
    parameters.refuse_get = Refusal("ThrottlingException")
    with pytest.raises(MemoryUnreadableError):
        handle(after=5 * MINUTE)
    assert parameters.values == before
    parameters.refuse_get = None
    handle(after=5 * MINUTE)
    assert handle(after=5 * MINUTE)["Stopped"] == [arn("v1")]


def test_a_memory_that_cannot_be_written_is_raised(handle, models, writer, parameters, capsys):
    models.run("v1")
    writer.lease("v1", NOW)
    parameters.refuse_put = Refusal("AccessDeniedException")
    with pytest.raises(ClientError, match="PutParameter"):
        handle()
    assert models.stopped == [arn("v1")]
    assert measured(capsys)["GuardMemoryUnreadable"] == [1.0]


def test_of_several_faults_the_refused_stop_is_raised_and_all_are_logged(handle, models, writer, parameters, caplog):
    models.run("v1")
    writer.lease("v1", NOW)
    models.refusals[arn("v1")] = Refusal("AccessDeniedException")
    parameters.values = {}
    with pytest.raises(StopRefusedError):
        handle()
    logged = [record.fault for record in caplog.records if record.message == "failed"]
    assert [fault.partition(":")[0] for fault in logged] == ["StopRefusedError", "MemoryUnreadableError"]


@NEVER_MEASURED
def test_a_guard_that_cannot_see_raises(handle, models):
    def denied(**_):
        raise Refusal("AccessDeniedException")

    models.describe_projects = denied
    with pytest.raises(ClientError, match="AccessDenied"):
        handle()
