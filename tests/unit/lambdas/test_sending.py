import pytest
from botocore.exceptions import ClientError

from lambdas.sending import batches, send_all
from tests.unit.aws import Refusal, client_of
from tests.unit.sqs import Queues

URL = "https://sqs.test/digits"


@pytest.fixture
def queues():
    return Queues()


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def send(queues, pauses):
    return lambda bodies: send_all(client_of("sqs", queues), URL, bodies, pause=pauses.append)


def test_every_message_is_sent_once_in_calls_of_ten(send, queues):
    bodies = [f"body {number}" for number in range(25)]
    assert send(bodies) == {}
    assert sorted(queues.bodies(URL)) == sorted(bodies)
    assert sorted(queues.calls) == ["send 10", "send 10", "send 5"]


def test_nothing_to_send_is_no_call(send, queues):
    assert send([]) == {}
    assert queues.calls == []


def test_large_messages_go_in_smaller_calls():
    bodies = ["é" * 50_000] * 5  # 100,000 bytes each
    assert [list(batch) for batch in batches(bodies)] == [[0, 1], [2, 3], [4]]


def test_an_entry_that_fails_is_sent_again_alone(send, queues, pauses):
    queues.fail_entries["two"] = [False, False]
    assert send(["one", "two", "three"]) == {}
    assert sorted(queues.bodies(URL)) == ["one", "three", "two"]
    assert queues.calls == ["send 3", "send 1", "send 1"]
    assert len(pauses) == 2


def test_an_entry_that_goes_on_failing_is_told_by_its_place(send, queues):
    queues.fail_entries["two"] = [False] * 9
    assert send(["one", "two", "three"]) == {1: "Odd: said"}
    assert queues.calls == ["send 3", *["send 1"] * 4]


def test_an_entry_that_is_the_senders_fault_is_not_sent_again(send, queues, pauses):
    queues.fail_entries["two"] = [True]
    assert send(["one", "two"]) == {1: "Odd: said"}
    assert pauses == []


def test_a_refused_call_is_raised(send, queues):
    queues.refusals["send_message_batch"] = [Refusal("AccessDenied", 403)]
    with pytest.raises(ClientError, match="AccessDenied"):
        send(["one"])
