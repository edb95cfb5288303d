"""Rounds of the governor on services in memory."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from lambdas.deployment_settings import parse_deployment
from lambdas.govern_models import handler
from lambdas.govern_models.acting import Actor
from lambdas.govern_models.governing import LEASE_SECONDS, Governor
from lambdas.govern_models.handler import NotGovernedError
from lambdas.govern_models.memories import Memories, OvertakenError
from lambdas.govern_models.metering import count
from lambdas.govern_models.observing import Observer
from lambdas.govern_models.pausing import Paced
from lambdas.govern_models.words import Alarm, Decision, Memory
from lambdas.items import from_item, to_item
from lambdas.meter import Meter
from lambdas.model_versions import VersionStatus
from lambdas.registry import GOVERNOR, Registry
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.governing.account import Account, project_arn, version_arn
from tests.unit.lambdas.governing.world import ACTIVE, look
from tests.unit.lambdas.services import Topic, forget_dimensions

NOW = 1_800_000_000.0
EAGER = {"start_when": {"backlog": 1}}


class Rounds:
    """A deployment `dev`, its account, and a clock that each round puts on by a minute."""

    def __init__(self, table, dynamodb, projects, quota=2, **deployment):
        self.account, self.table, self.topic = Account(*projects, quota=quota), table, Topic()
        self.now = NOW
        self.slept = []
        settings = parse_deployment("dev", {"projects": projects, **deployment})
        sqs, lambda_ = client_of("sqs", self.account), client_of("lambda", self.account)
        rekognition = Paced(client_of("rekognition", self.account), clock=lambda: 0.0, sleep=self.slept.append)
        self.registry, self.memories = Registry(dynamodb, "registry"), Memories(dynamodb, "registry")
        self.meter = Meter(dynamodb, "registry")
        self.governor = Governor(
            settings=settings,
            observer=Observer(
                sqs=sqs,
                lambda_=lambda_,
                rekognition=rekognition,
                registry=self.registry,
                memories=self.memories,
                meter=self.meter,
                settings=settings,
            ),
            actor=Actor(lambda_=lambda_, rekognition=rekognition),
            registry=self.registry,
            memories=self.memories,
            meter=self.meter,
            sns=client_of("sns", self.topic),
            operations_topic_arn="arn:aws:sns:eu-west-1:123456789012:operations",
        )
        for project in projects:
            self.promote(project)

    def promote(self, project):
        key = {"PK": f"PROJECT#{project}", "SK": "STATE"}
        active = {"ActiveVersionArn": version_arn(project), "ActiveVersionName": "v1"}
        self.table.items[key["PK"], "STATE"] = to_item(key | active | {"ProjectArn": project_arn(project)})

    def drop(self, project, images):
        self.account.depths[project]["Messages"] = images

    def round(self):
        """Run a round, a minute after the last one; what starts or stops has done so by then."""
        for arn, status in self.account.statuses.items():
            self.account.statuses[arn] = {"STARTING": "RUNNING", "STOPPING": "STOPPED"}.get(status, status)
        faults = self.governor.govern(self.now)
        self.now += 60
        return faults

    def status(self, project):
        return self.account.statuses[version_arn(project)]

    def told(self):
        return [(said["Status"], said["Alarm"], said["Project"]) for said in map(_message, self.topic.published)]

    def item(self, project, key):
        return from_item(self.table.items.get((f"PROJECT#{project}", key), {}))


def _message(published):
    return json.loads(published["Message"])


@pytest.fixture
def rounds(table, dynamodb):
    return lambda projects, **said: Rounds(table, dynamodb, projects, **said)


def test_images_wake_their_model_and_it_sleeps_when_they_are_done(rounds):
    dev = rounds({"digits": EAGER})
    dev.round()
    assert dev.account.calls == []
    dev.drop("digits", 5)
    dev.round()
    assert dev.account.calls == ["start digits"]
    assert dev.item("digits", f"LEASE#{GOVERNOR}") | {"PK": ""} == {
        "PK": "",
        "SK": f"LEASE#{GOVERNOR}",
        "VersionName": "v1",
        "ExpiresAt": int(NOW + 60 + LEASE_SECONDS),
    }
    dev.round()
    assert dev.account.calls[1:] == ["open digits"]
    dev.drop("digits", 0)
    dev.meter.add_batch("digits", dev.now - 60, 5, 0)
    for _ in range(6):
        dev.round()
    assert dev.account.calls[2:] == ["close digits", "stop digits"]
    assert dev.status("digits") == "STOPPED"
    assert dev.item("digits", f"LEASE#{GOVERNOR}") == {}  # given back: nothing explains it any more


def test_two_projects_run_under_a_quota_of_two_and_the_third_waits_for_its_turn(rounds):
    dev = rounds({"one": EAGER, "two": EAGER, "three": EAGER})
    for project in ("one", "two"):
        dev.drop(project, 5)
        dev.round()
    dev.drop("three", 5)
    dev.round()
    assert (dev.status("one"), dev.status("two"), dev.status("three")) == ("RUNNING", "RUNNING", "STOPPED")
    dev.round()
    assert ("ALARM", "NO_ROOM", "three") in dev.told()
    dev.drop("one", 0)
    for _ in range(5):
        dev.round()
    assert (dev.status("one"), dev.status("three")) == ("STOPPED", "RUNNING")
    assert ("OK", "NO_ROOM", "three") in dev.told()


def test_who_has_waited_longest_comes_first_where_there_is_one_place(rounds):
    dev = rounds({"early": EAGER, "late": EAGER}, quota=1)
    dev.account.refusals["start_project_version"] = [Refusal("LimitExceededException")] * 3
    dev.drop("late", 1)
    dev.round()
    dev.drop("early", 1)
    dev.round()  # refused both
    dev.round()
    assert (dev.status("late"), dev.status("early")) == ("STARTING", "STOPPED")


def test_a_stop_that_fails_ten_times_is_told_once_and_tried_each_minute(rounds):
    dev = rounds({"digits": {}})
    dev.account.statuses[version_arn("digits")] = "RUNNING"
    dev.account.refusals["stop_project_version"] = [Refusal("InternalServerError", 500)] * 10
    for _ in range(12):
        dev.round()
    assert dev.told() == [("ALARM", "STOP_REFUSED", "digits")]
    dev.round()
    dev.round()
    assert dev.status("digits") == "STOPPED"
    assert dev.told()[1:] == [("OK", "STOP_REFUSED", "digits")]


def test_what_fails_for_one_project_keeps_no_other_waiting_and_fails_the_round(rounds):
    dev = rounds({"digits": {"runtime": "always_on"}, "scenes": {"runtime": "always_on"}})
    del dev.account.sources["digits"]
    assert list(dev.round()) == ["digits"]
    assert dev.status("scenes") == "STARTING"


def test_two_governors_that_overlap_take_one_step(rounds):
    dev = rounds({"digits": {"runtime": "always_on"}})
    overtaken = dev.memories.read("digits")
    dev.round()
    with pytest.raises(OvertakenError, match="the memory of digits is not revision 0 any more"):
        dev.memories.write("digits", Memory(revision=overtaken.revision + 1))
    assert dev.account.calls == ["start digits"]


def test_a_governor_that_is_killed_between_any_two_calls_is_made_good_by_the_next_round(rounds, table, monkeypatch):
    """Each write to the registry or to a service may be the last of a round."""
    for killed_at in range(12):
        table.items.clear()
        dev = rounds({"digits": EAGER})
        dev.drop("digits", 5)
        calls = iter(range(1000))

        def dying(call, calls=calls, killed_at=killed_at):
            def made(*said, **more):
                if next(calls) == killed_at:
                    raise KeyboardInterrupt
                return call(*said, **more)

            return made

        for place, name in (
            (Memories, "write"),
            (Memories, "note"),
            (Registry, "lease"),
            (Registry, "give_back"),
            (Meter, "add_day"),
            (Actor, "take"),
        ):
            monkeypatch.setattr(place, name, dying(getattr(place, name)))
        try:
            for _ in range(3):
                dev.round()
        except KeyboardInterrupt:
            dev.now += 60
        monkeypatch.undo()
        for _ in range(3):
            dev.round()
        assert (dev.status("digits"), dev.account.sources["digits"]) == ("RUNNING", "Enabled"), killed_at
        assert dev.account.calls.count("start digits") == 1, killed_at


def test_a_step_that_was_taken_already_is_no_refusal(rounds):
    dev = rounds({"digits": {"runtime": "always_on"}})
    dev.account.refusals["start_project_version"] = [Refusal("ResourceInUseException")]
    dev.round()
    assert dev.memories.read("digits").refused is None


def test_an_alarm_that_could_not_be_told_is_told_by_the_next_round(rounds):
    dev = rounds({"digits": {"runtime": "always_on"}})
    del dev.account.statuses[version_arn("digits")]
    dev.topic.refuse_next = Refusal("InvalidParameter")
    assert list(dev.round()) == ["digits"]
    assert dev.round() == {}
    assert dev.told() == [("ALARM", "MODEL_UNUSABLE", "digits")]


def test_what_ran_is_metered_by_its_units_and_minutes(rounds):
    dev = rounds({"digits": {"runtime": "always_on", "min_inference_units": 2, "max_inference_units": 2}})
    dev.round()  # starts
    dev.round()  # a minute of STARTING, by its end
    dev.meter.add_batch("digits", dev.now - 30, 150, 0)
    dev.round()
    today = dev.meter.today("digits", dev.now)
    assert (today.running_unit_seconds, today.busy_unit_seconds, today.images, today.starts) == (240, 30, 150, 1)


def test_a_budget_of_all_projects_together_stops_them(rounds):
    dev = rounds({"one": {"runtime": "always_on"}, "two": {"runtime": "always_on"}}, daily_budget_unit_hours=1.0)
    for _ in range(40):
        dev.round()
    assert (dev.status("one"), dev.status("two")) == ("STOPPED", "STOPPED")
    spent = sum(dev.meter.today(project, NOW).running_unit_seconds for project in ("one", "two"))
    assert 3600 <= spent <= 3600 + 2 * 4 * 60
    assert ("ALARM", "BUDGET_SPENT", "one") in dev.told()


def test_twenty_five_projects_stay_under_the_calls_that_rekognition_takes(rounds):
    dev = rounds({f"p{number}": {"runtime": "always_on"} for number in range(25)}, quota=99, account_concurrency=1000)
    dev.round()
    assert dev.account.described == 25
    # One call of each kind for each project, at three a second: the frozen clock shows what each had to wait for.
    assert dev.slept == [pytest.approx((number + 1) / 3) for number in range(49)]


def test_projects_at_rest_cost_no_question_to_rekognition_and_no_write(rounds, table):
    dev = rounds({"digits": {}, "scenes": {}})
    for _ in range(4):
        dev.round()
    asked, items = dev.account.described, dict(table.items)
    for _ in range(10):
        dev.round()
    assert dev.account.described == asked
    assert table.items == items


def test_a_deployment_that_is_being_destroyed_starts_nothing_and_stops_all(rounds, table):
    dev = rounds({"digits": {"runtime": "always_on"}})
    table.items["DEPLOYMENT", "CLOSING"] = to_item({"PK": "DEPLOYMENT", "SK": "CLOSING"})
    dev.round()
    assert dev.account.calls == []
    dev.account.statuses[version_arn("digits")] = "RUNNING"
    for _ in range(3):
        dev.round()
    assert dev.status("digits") == "STOPPED"


def test_a_memory_is_read_as_it_was_written(rounds):
    dev = rounds({"digits": {}})
    memory = Memory(
        revision=1,
        waves=((NOW + 0.25, 3), (NOW + 120.0, 2)),
        alarms=frozenset({Alarm.NO_ROOM}),
        leased=True,
        rate=4,
    )
    dev.memories.write("digits", memory)
    assert dev.memories.read("digits") == memory


@pytest.fixture
def function(rounds, lambda_context, monkeypatch):
    """The deployed function, whose clients are those of a deployment in memory."""
    dev = rounds({"digits": {}})
    monkeypatch.setattr(handler, "_governor", lambda: dev.governor)
    forget_dimensions()
    yield dev, lambda: handler.handle({}, lambda_context)
    forget_dimensions()


def test_a_round_that_did_all_its_work_is_counted(function, capsys):
    _, run = function
    assert run() == {"Governed": 1}
    counted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "GovernorRuns" in line]
    assert counted[0]["GovernorRuns"] == [1.0]
    assert counted[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Deployment", "service"]]  # as its alarm has


def test_a_round_with_faults_fails_and_is_not_counted(function, capsys):
    dev, run = function
    dev.account.sources.clear()
    dev.account.sources["other"] = "Disabled"
    with pytest.raises(NotGovernedError, match="digits: NoEventSourceError: digits has no event source"):
        run()
    assert "GovernorRuns" not in capsys.readouterr().out


def test_where_nothing_can_be_seen_the_round_fails(function):
    dev, run = function
    dev.account.refusals["list_event_source_mappings"] = [Refusal("AccessDeniedException", 403)]
    with pytest.raises(ClientError, match="AccessDenied"):
        run()


@pytest.mark.parametrize(
    ("status", "seconds"), [("STARTING", 120), ("RUNNING", 120), ("STOPPING", 0), ("STOPPED", 0), ("FAILED", 0)]
)
def test_a_version_counts_from_its_start_to_its_stop(rounds, status, seconds):
    dev = rounds({"digits": {}})
    versions = (replace(ACTIVE, status=VersionStatus(status), inference_units=2),)
    seen = look(versions=versions, memory=Memory(looked_at=NOW - 60))
    count(dev.meter, seen, Decision(memory=seen.memory, because=""), deployment="dev", now=NOW)
    assert dev.meter.today("digits", NOW).running_unit_seconds == seconds
