"""The control path, the accounts and the options of the stand-in alone."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from rekognition_bench import MemoryObjects

from local.rekognition.fault_plans import Fault, FaultPlan, Rule
from local.rekognition.lifecycle import SERVICE_DURATIONS
from local.rekognition.options import options
from local.rekognition.quotas import NO_QUOTAS
from local.rekognition.server import serve
from local.rekognition.service import Rekognition


@pytest.fixture
def port():
    with serve(Rekognition(objects=MemoryObjects())) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def client_of(port: int, key: str = "test"):
    return boto3.client(
        "rekognition",
        endpoint_url=f"http://127.0.0.1:{port}",
        config=Config(retries={"total_max_attempts": 1}),
        aws_access_key_id=key,
        aws_secret_access_key="test",
        region_name="eu-west-1",
    )


def ask(port: int, method: str, path: str, body: object = None) -> tuple[int, dict]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, None if body is None else json.dumps(body))
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def test_faults_are_set_read_and_ended_over_http(port):
    wanted = {"seed": 3, "rules": [{"fault": "throttling", "probability": 1.0, "operations": ["DescribeProjects"]}]}
    assert ask(port, "POST", "/_local/faults", wanted) == (200, wanted)
    assert ask(port, "GET", "/_local/faults") == (200, wanted)
    client = client_of(port)
    with pytest.raises(client.exceptions.ThrottlingException):
        client.describe_projects()
    assert ask(port, "POST", "/_local/faults", {}) == (200, {"seed": 0, "rules": []})
    client.describe_projects()


def test_a_bad_plan_is_refused_and_the_old_one_goes_on(port):
    ask(port, "POST", "/_local/faults", {"seed": 3})
    status, body = ask(port, "POST", "/_local/faults", {"rules": [{"fault": "rain"}]})
    assert status == 400
    assert "rain" in body["message"]
    assert ask(port, "GET", "/_local/faults")[1]["seed"] == 3


def test_a_cut_connection_is_cut_without_a_word(port):
    ask(port, "POST", "/_local/faults", {"rules": [{"fault": "connection_cut", "on": [1]}]})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/", b"{}", {"X-Amz-Target": "RekognitionService.DescribeProjects"})
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    client_of(port).describe_projects()


def test_the_meter_is_read_and_everything_reset_over_http(port):
    client = client_of(port)
    project = client.create_project(ProjectName="p")["ProjectArn"]
    version = client.create_project_version(
        ProjectArn=project,
        VersionName="v",
        OutputConfig={"S3Bucket": "out"},
        TrainingData={"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": "none", "Name": "none"}}}]},
        TestingData={"AutoCreate": True},
    )["ProjectVersionArn"]
    zero = {"running_unit_seconds": 0, "starting_unit_seconds": 0, "billed_unit_seconds": 0, "training_seconds": 0}
    assert ask(port, "GET", "/_local/meter") == (200, {"usage": {version: zero}})
    assert ask(port, "POST", "/_local/reset") == (200, {})
    assert ask(port, "GET", "/_local/meter") == (200, {"usage": {}})
    assert client.describe_projects()["ProjectDescriptions"] == []


@pytest.mark.parametrize(("method", "path"), [("GET", "/_local/reset"), ("GET", "/"), ("POST", "/_local/rain")])
def test_other_paths_are_not_found(port, method, path):
    assert ask(port, method, path)[0] == 404


def test_an_access_key_of_twelve_digits_is_the_account(port):
    assert ":111122223333:" in client_of(port, "111122223333").create_project(ProjectName="p")["ProjectArn"]
    assert client_of(port).describe_projects()["ProjectDescriptions"] == []


def test_the_command_line_sets_everything(tmp_path):
    plan = tmp_path / "faults.json"
    plan.write_text('{"rules": [{"fault": "access_denied"}]}')
    words = ["--port=4600", "--quotas=off", "--durations=service", f"--faults={plan}", "--bill-starting"]
    found = options([*words, f"--state={tmp_path}"])
    assert (found.port, found.quotas, found.durations, found.folder, found.bill_starting) == (
        4600,
        NO_QUOTAS,
        SERVICE_DURATIONS,
        tmp_path,
        True,
    )
    assert found.faults == FaultPlan((Rule(Fault.ACCESS_DENIED),))


@contextmanager
def stand_in(*words: str) -> Iterator[int]:
    """Run the stand-in in a process of its own; yield its port."""
    command = [sys.executable, "-m", "local.rekognition", "--s3-endpoint", "http://127.0.0.1:9", *words]
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield int(process.stdout.readline().rsplit(":", 1)[1])
        finally:
            process.terminate()
            assert process.wait(30) == 0


def test_a_process_takes_up_what_the_one_before_it_left(tmp_path: Path):
    with stand_in(f"--state={tmp_path / 'state'}") as port:
        project = client_of(port).create_project(ProjectName="p")["ProjectArn"]
    with stand_in(f"--state={tmp_path / 'state'}") as port:
        found = client_of(port).describe_projects()["ProjectDescriptions"]
    assert [each["ProjectArn"] for each in found] == [project]


@pytest.mark.parametrize("word", ["--quotas=none", "--durations=long", "--faults=/none", "--port=x"])
def test_a_mistake_on_the_command_line_is_named(word, capsys):
    with pytest.raises(SystemExit):
        options([word])
    assert word.split("=")[0] in capsys.readouterr().err
