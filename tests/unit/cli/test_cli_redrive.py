import json

import pytest
from botocore.exceptions import ClientError

from cli.__main__ import main
from cli.redrive import DeadLetterQueue, Wanted
from tests.unit.aws import Refusal, client_of
from tests.unit.sqs import Queues

DEAD, SOURCE = "https://sqs.test/digits-dead", "https://sqs.test/digits"
NOW = 1_000_000.0


@pytest.fixture
def queues():
    return Queues()


@pytest.fixture
def dead(queues):
    return DeadLetterQueue(client_of("sqs", queues), DEAD, SOURCE, clock=lambda: NOW)


def put(queues, body, reason="CALL_REFUSED", code="AccessDeniedException", at=NOW - 60):
    queues.put(DEAD, body, {"Reason": reason, "ErrorCode": code, "Project": "digits", "Detail": "d"}, at)


def test_letters_go_back_to_their_queue_and_leave_the_dead(queues, dead):
    for number in range(25):
        put(queues, f"letter {number}")
    done = dead.redrive(Wanted())
    assert done.sent == {"CALL_REFUSED": 25}
    assert sorted(queues.bodies(SOURCE)) == sorted(f"letter {number}" for number in range(25))
    assert queues.bodies(DEAD) == []


def test_a_letter_is_sent_before_it_is_deleted(queues, dead):
    put(queues, "letter")
    dead.redrive(Wanted())
    assert [call for call in queues.calls if call != "receive"] == ["send 1", "delete 1"]


@pytest.mark.parametrize("reason", ["MALFORMED_EVENT", "malformed_event", "Other", "undelivered", "received too often"])
def test_only_letters_of_the_wanted_reason_or_error_code_go_back(queues, dead, reason):
    put(queues, "malformed_event", "MALFORMED_EVENT", "")
    put(queues, "other", "CALL_REFUSED", "Other")
    queues.put(DEAD, "undelivered", {"ERROR_CODE": "NO_PERMISSIONS", "RULE_ARN": "r"}, NOW - 60)
    queues.put(DEAD, "received too often", {}, NOW - 60)
    done = dead.redrive(Wanted(reason=reason))
    assert queues.bodies(SOURCE) == [reason.lower()]
    assert len(queues.bodies(DEAD)) == 3
    assert sum(done.left.values()) == 3


def test_what_does_not_match_is_visible_again_at_the_end(queues, dead):
    put(queues, "one", "A")
    put(queues, "two", "B")
    dead.redrive(Wanted(reason="A"))
    assert queues.bodies(DEAD) == ["two"]
    assert queues.hidden(DEAD) == []


def test_each_letter_is_looked_at_once_however_many_do_not_match(queues, dead):
    for number in range(35):
        put(queues, f"letter {number}", "B")
    done = dead.redrive(Wanted(reason="A"))
    assert done.left == {"B": 35}
    assert queues.calls.count("receive") == 5  # four with letters, and one that is empty


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(since=NOW - 50), ["new"]),
        (Wanted(until=NOW - 50), ["old"]),
        (Wanted(since=NOW - 100, until=NOW - 10), ["old", "new"]),
        (Wanted(since=NOW - 10), []),
    ],
)
def test_time_is_when_the_letter_died_from_since_to_before_until(queues, dead, wanted, found):
    put(queues, "old", at=NOW - 100)
    put(queues, "new", at=NOW - 50)
    dead.redrive(wanted)
    assert queues.bodies(SOURCE) == found


def test_what_comes_back_dead_meanwhile_is_not_sent_again(queues, dead):
    """What was sent back fails at once and is a new dead letter: the command must come to its end."""
    put(queues, "letter")
    queues.put_into_too = {SOURCE: (DEAD, NOW + 1)}
    done = dead.redrive(Wanted())
    assert done.sent == {"CALL_REFUSED": 1}
    assert queues.bodies(DEAD) == ["letter"]
    assert queues.hidden(DEAD) == []


def test_a_dry_run_counts_sends_nothing_and_shows_all_again(queues, dead):
    put(queues, "one", "A")
    put(queues, "two", "B")
    done = dead.redrive(Wanted(reason="A"), dry_run=True)
    assert (done.sent, done.left) == ({"A": 1}, {"B": 1})
    assert queues.bodies(SOURCE) == []
    assert len(queues.bodies(DEAD)) == 2
    assert queues.hidden(DEAD) == []


def test_a_letter_that_cannot_be_sent_stays_and_is_told(queues, dead):
    put(queues, "one")
    put(queues, "two")
    queues.fail_entries["two"] = [True]
    done = dead.redrive(Wanted())
    assert done.sent == {"CALL_REFUSED": 1}
    assert list(done.failed.values()) == ["Odd: said"]
    assert queues.bodies(DEAD) == ["two"]
    assert queues.hidden(DEAD) == []


@pytest.mark.parametrize("operation", ["send_message_batch", "delete_message_batch"])
def test_an_end_in_the_middle_loses_nothing(queues, dead, operation):
    put(queues, "letter")
    queues.refusals[operation] = [Refusal("AccessDenied", 403)]
    with pytest.raises(ClientError):
        dead.redrive(Wanted())
    assert queues.bodies(DEAD) == ["letter"]
    assert queues.hidden(DEAD) == []


@pytest.fixture
def customlabels(clients, capsys):
    def run(*arguments):
        code = main(["redrive", *arguments], clients)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_without_a_project_the_letters_of_all_go_back_each_to_its_own_queue(customlabels, queue):
    for project in ("digits", "scenes", "unknown"):
        queue.put(f"https://sqs.test/{project}-dead", project, {"Reason": "A"})
    code, out, _ = customlabels()
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ["PROJECT", "REASON", "SENT", "BACK", "LEFT"],
        ["digits", "A", "1", "0"],
        ["scenes", "A", "1", "0"],
        ["unknown", "A", "1", "0"],
    ]
    for project in ("digits", "scenes", "unknown"):
        assert queue.bodies(f"https://sqs.test/{project}") == [project]


@pytest.mark.parametrize("project", ["digits", "unknown"])
def test_a_project_alone_is_redriven_alone(customlabels, queue, project):
    for each in ("digits", "scenes", "unknown"):
        queue.put(f"https://sqs.test/{each}-dead", each, {"Reason": "A"})
    code, out, _ = customlabels(project, "--json")
    assert (code, json.loads(out)) == (0, {project: {"Redriven": {"A": 1}, "Left": {}, "Failed": {}}})
    assert [len(queue.bodies(f"https://sqs.test/{each}-dead")) for each in ("digits", "scenes", "unknown")].count(
        1
    ) == 2


def test_reason_and_times_choose(customlabels, queue):
    queue.put(DEAD, "early", {"Reason": "A"}, sent_at=1_768_435_200)  # 2026-01-15T00:00Z
    queue.put(DEAD, "late", {"Reason": "A"}, sent_at=1_768_521_600)  # 2026-01-16T00:00Z
    queue.put(DEAD, "other", {"Reason": "B"}, sent_at=1_768_521_600)
    customlabels("digits", "--reason", "A", "--since", "2026-01-15T12:00", "--until", "2026-01-17T00:00+01:00")
    assert queue.bodies(SOURCE) == ["late"]


def test_no_dead_letters_is_said(customlabels):
    assert customlabels("digits")[1] == "no dead letters\n"


def test_letters_that_failed_are_exit_code_1(customlabels, queue):
    queue.put(DEAD, "letter", {"Reason": "A"})
    queue.fail_entries["letter"] = [True]
    code, out, _ = customlabels("digits")
    assert code == 1
    assert "could not be sent: Odd: said" in out


def test_an_unknown_project_is_named_with_those_that_are_known(customlabels):
    code, _, err = customlabels("nothing")
    assert code == 1
    assert "no project 'nothing'" in err


def test_a_time_that_is_none_is_a_wrong_command_line(customlabels):
    with pytest.raises(SystemExit) as ended:
        customlabels("--since", "yesterday")
    assert ended.value.code == 2
