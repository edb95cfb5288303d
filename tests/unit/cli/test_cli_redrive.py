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
    queues.put(DEAD, "received too often", {}, NOW - 60, moved=True)
    done = dead.redrive(Wanted(reason=reason))
    assert queues.bodies(SOURCE) == [reason.lower()]
    assert len(queues.bodies(DEAD)) == 3
    assert sum(done.left.values()) == 3


def test_what_sns_could_not_hand_over_is_undelivered_and_goes_back_as_any_letter(queues, dead):
    queues.put(DEAD, '{"JobId": "1"}', sent_at=NOW - 60)
    done = dead.redrive(Wanted())
    assert done.sent == {"undelivered": 1}
    assert (queues.bodies(SOURCE), queues.bodies(DEAD)) == (['{"JobId": "1"}'], [])


def test_of_a_wanted_project_are_only_letters_that_name_it(queues, dead):
    put(queues, "of digits")
    queues.put(DEAD, "of scenes", {"Reason": "A", "Project": "scenes"}, NOW - 60)
    queues.put(DEAD, "of nobody", {"Reason": "A"}, NOW - 60)
    done = dead.redrive(Wanted(project="digits"))
    assert queues.bodies(SOURCE) == ["of digits"]
    assert done.left == {"A": 2}


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


def url(function, dead=""):
    name, dash, project = function.partition("-")
    return f"https://sqs.test/custom-labels-demo-{name}{dead}{dash}{project}"


def dead_of(function):
    return url(function, "_dead")


IMAGES = ("detect_labels-digits", "detect_labels-scenes", "detect_labels-unknown")
VIDEOS = ("start_video-digits", "sample_video-videos", "merge_video-videos", "collect_video")
OTHERS = ("take_review", "queue_images")
ALL = (*IMAGES, *VIDEOS, *OTHERS)


@pytest.fixture
def customlabels(clients, queue, capsys):
    """Run the command in an account that has, beside ours, the queues of another deployment and some without source."""
    for function in ALL:
        queue.add(dead_of(function))
        queue.add(url(function))
    for function in ("sweep_results", "govern_models", "train_model"):
        queue.add(dead_of(function))
    for name in ("detect_labels", "detect_labels_dead"):
        queue.add(f"https://sqs.test/custom-labels-demo-two-{name}-digits")

    def run(*arguments):
        code = main(["redrive", *arguments], clients)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_letters_of_all_functions_go_back_each_to_its_own_queue(customlabels, queue):
    for function in ALL:
        queue.put(dead_of(function), function, {"Reason": "A"})
    code, out, _ = customlabels()
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ["PROJECT", "FUNCTION", "REASON", "SENT", "BACK", "LEFT"],
        ["digits", "detect_labels", "A", "1", "0"],
        ["digits", "start_video", "A", "1", "0"],
        ["scenes", "detect_labels", "A", "1", "0"],
        ["unknown", "detect_labels", "A", "1", "0"],
        ["*", "collect_video", "A", "1", "0"],
        ["*", "merge_video", "A", "1", "0"],
        ["*", "queue_images", "A", "1", "0"],
        ["*", "sample_video", "A", "1", "0"],
        ["*", "take_review", "A", "1", "0"],
    ]
    for function in ALL:
        assert (queue.bodies(url(function)), queue.bodies(dead_of(function))) == ([function], [])


@pytest.mark.parametrize(
    "dead",
    [dead_of("sweep_results"), "https://sqs.test/custom-labels-demo-two-detect_labels_dead-digits"],
    ids=["without a source", "of another deployment"],
)
def test_letters_that_came_from_no_queue_of_the_deployment_are_not_looked_at(customlabels, queue, dead):
    queue.put(dead, "letter", {"Reason": "A"})
    assert customlabels()[1] == "no dead letters\n"
    assert queue.bodies(dead) == ["letter"]


@pytest.mark.parametrize(
    ("project", "functions"), [("digits", ["detect_labels", "start_video"]), ("unknown", ["detect_labels"])]
)
def test_a_project_alone_is_redriven_alone(customlabels, queue, project, functions):
    for function in ALL:
        queue.put(dead_of(function), function, {"Reason": "A"})
    code, out, _ = customlabels(project, "--json")
    said = json.loads(out)
    one = {"Redriven": {"A": 1}, "Left": {}, "Failed": {}}
    assert (code, set(said)) == (0, {project, "*"})
    assert said[project] == one | {"Redriven": {"A": len(functions)}, "Functions": dict.fromkeys(functions, one)}
    gone = {function for function in ALL if not queue.bodies(dead_of(function))}
    assert gone == {f"{function}-{project}" for function in functions}


def test_of_shared_queues_a_project_gets_the_letters_that_name_it(customlabels, queue):
    for project in ("digits", "scenes"):
        queue.put(dead_of("sample_video-videos"), project, {"Reason": "A", "Project": project})
    queue.put(dead_of("collect_video"), "nobody's")
    shared = json.loads(customlabels("digits", "--json")[1])["*"]
    assert shared["Functions"]["sample_video"] == {"Redriven": {"A": 1}, "Left": {"A": 1}, "Failed": {}}
    assert shared["Functions"]["collect_video"] == {"Redriven": {}, "Left": {"undelivered": 1}, "Failed": {}}
    assert (shared["Redriven"], shared["Left"]) == ({"A": 1}, {"A": 1, "undelivered": 1})
    assert queue.bodies(url("sample_video-videos")) == ["digits"]


def test_reason_and_times_choose(customlabels, queue):
    dead = dead_of("detect_labels-digits")
    queue.put(dead, "early", {"Reason": "A"}, sent_at=1_768_435_200)  # 2026-01-15T00:00Z
    queue.put(dead, "late", {"Reason": "A"}, sent_at=1_768_521_600)  # 2026-01-16T00:00Z
    queue.put(dead, "other", {"Reason": "B"}, sent_at=1_768_521_600)
    customlabels("digits", "--reason", "A", "--since", "2026-01-15T12:00", "--until", "2026-01-17T00:00+01:00")
    assert queue.bodies(url("detect_labels-digits")) == ["late"]


def test_no_dead_letters_is_said(customlabels):
    assert customlabels("digits")[1] == "no dead letters\n"


def test_letters_that_failed_are_exit_code_1(customlabels, queue):
    queue.put(dead_of("start_video-digits"), "letter", {"Reason": "A"})
    queue.fail_entries["letter"] = [True]
    code, out, _ = customlabels("digits")
    assert code == 1
    assert "start_video-digits: message m0 could not be sent: Odd: said" in out


def test_an_unknown_project_is_named_with_those_that_are_known(customlabels):
    code, _, err = customlabels("nothing")
    assert code == 1
    assert "no project 'nothing'" in err


def test_a_time_that_is_none_is_a_wrong_command_line(customlabels):
    with pytest.raises(SystemExit) as ended:
        customlabels("--since", "yesterday")
    assert ended.value.code == 2
