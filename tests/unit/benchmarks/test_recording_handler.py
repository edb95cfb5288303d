"""The recorder: the very calls of a handler."""

import json
import sys

import boto3
import pytest
from botocore.stub import Stubber

from benchmarks.recording_handler import CountedStream, Recorder


@pytest.fixture
def recorder():
    yield Recorder()
    boto3.DEFAULT_SESSION = None


def test_calls_are_recorded_with_their_parameters_in_order_once(recorder):
    client = boto3.client("sqs", region_name="eu-west-1")
    with Stubber(client) as stub:
        stub.add_response("get_queue_url", {"QueueUrl": "q"})
        stub.add_response("purge_queue", {})
        client.get_queue_url(QueueName="images")
        client.purge_queue(QueueUrl="q")
    calls = recorder.take()
    assert [(call["service"], call["operation"], call["parameters"]) for call in calls] == [
        ("sqs", "GetQueueUrl", {"QueueName": "images"}),
        ("sqs", "PurgeQueue", {"QueueUrl": "q"}),
    ]
    assert recorder.take() == []


def test_an_invocation_is_a_line_with_its_calls_and_what_it_logged(tmp_path, monkeypatch):
    (tmp_path / "talking.py").write_text("def handle(event, context):\n    print('twelve bytes')\n    return 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("RECORDED_HANDLER", "talking.handle")
    monkeypatch.setenv("RECORDS", str(tmp_path))
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr("benchmarks.recording_handler._state", {})
    from benchmarks import recording_handler

    assert recording_handler.handle({"Records": [{}, {}]}, None) == 7
    boto3.DEFAULT_SESSION = None
    (line,) = next(tmp_path.glob("*.jsonl")).read_text().splitlines()
    said = json.loads(line)
    assert said["millis"] >= 0
    assert {**said, "millis": 0} == {"messages": 2, "millis": 0, "log_bytes": 13, "calls": []}


def test_a_counted_stream_counts_bytes_and_is_a_stream_otherwise(capsys):
    stream = CountedStream(sys.stdout)
    print("süß", file=stream)
    stream.flush()
    assert stream.count == 6
    assert capsys.readouterr().out == "süß\n"
