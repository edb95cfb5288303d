"""What the command says when it cannot start: one line that names the thing and the remedy, and status 2."""

from __future__ import annotations

import json
import socket

import pytest
from rekognition_bench import Bench

from local.rekognition.__main__ import main


@pytest.fixture
def refused(monkeypatch, capfd):
    """Start with these words and return what is said."""

    def start(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["rekognition", "--s3-endpoint=http://127.0.0.1:9", *words])
        monkeypatch.setattr("local.rekognition.server.Server.serve_forever", lambda _: pytest.fail("it starts"))
        try:
            status = main()
        except SystemExit as end:
            status = end.code
        said = capfd.readouterr()
        assert (status, said.out) == (2, "")
        (line,) = said.err.splitlines()
        assert line.startswith("python -m local.rekognition: error: ")
        return line.split("error: ", 1)[1]

    return start


@pytest.mark.parametrize("port", ["99999", "-1", "x", "", "9" * 5000])
def test_a_port_that_is_none(refused, port):
    assert refused(f"--port={port}") == f"argument --port: {port!r} is no port: give 0, for any free one, to 65535"


def test_a_port_that_is_taken(refused):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(f"--port={port}")
    assert said == f"port {port}: Address already in use: give another --port, or 0 for any free one"


@pytest.mark.parametrize("option", ["--s3-endpoint", "--sns-endpoint"])
@pytest.mark.parametrize("text", ["127.0.0.1:4566", "localhost", "ftp://x", "http://", "http://x:99999", "http://["])
def test_an_endpoint_that_is_no_url(refused, option, text):
    assert refused(f"{option}={text}") == f"argument {option}: {text!r} is no URL: give one like http://127.0.0.1:4566"


def test_a_plan_of_faults_that_is_not_there(refused, tmp_path):
    file = tmp_path / "none.json"
    said = f"argument --faults: {file}: No such file or directory: name a file that can be read"
    assert refused(f"--faults={file}") == said


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000])
def test_a_plan_of_faults_that_is_no_json(refused, tmp_path, content):
    file = tmp_path / "plan.json"
    file.write_bytes(content)
    said = refused(f"--faults={file}")
    assert said.startswith(f"argument --faults: {file} is no JSON: ")
    assert said.endswith(": give an object with rules")


def test_a_plan_of_faults_that_makes_no_sense(refused, tmp_path):
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"rules": [{"fault": "rain"}]}))
    assert refused(f"--faults={file}").startswith(f"argument --faults: {file}: rule 1: fault is 'rain': give one of ")


def test_quotas_that_are_none(refused):
    assert refused("--quotas=none").startswith("argument --quotas: 'none' is no quota: say service, off, ")


def test_a_state_that_is_a_file(refused, tmp_path):
    file = tmp_path / "state"
    file.write_text("")
    assert refused(f"--state={file}") == f"argument --state: {file}: File exists: name a folder that you may write to"


def test_a_state_that_is_damaged(refused, tmp_path):
    bench = Bench(more={"folder": tmp_path})
    bench.call("CreateProject", ProjectName="p")
    bench.service.close()
    file = tmp_path / "state.pickle"
    file.write_bytes(file.read_bytes()[:-1])
    said = f"argument --state: {file} is damaged: delete the folder, its models must be trained again"
    assert refused(f"--state={tmp_path}") == said


def test_a_state_in_use(refused, tmp_path):
    bench = Bench(more={"folder": tmp_path})
    assert refused(f"--state={tmp_path}").startswith(f"argument --state: another process uses {tmp_path}: stop it")
    bench.service.close()


def test_credentials_that_cannot_be_had(refused, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    assert refused().startswith("S3 client: The config profile (nobody) could not be found: ")
