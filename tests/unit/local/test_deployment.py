"""The real CDK command line against a local cloud."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cloud import Profile, Running, local_cloud
from local.deployment import DeploymentError, bootstrap, deploy, destroy

APP = """
import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs

app = cdk.App()
stack = cdk.Stack(app, "Small")
queue = sqs.Queue(stack, "Queue", queue_name=app.node.try_get_context("name"))
cdk.CfnOutput(stack, "Name", value=queue.queue_name)
app.synth()
"""


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Running]:
    with local_cloud(Profile.STRICT, tmp_path / "cloud") as running:
        yield running


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "cdk.json").write_text('{"app": "python app.py"}')
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def test_an_app_is_deployed_with_its_context_and_destroyed(cloud: Running, app: Path) -> None:
    lines: list[str] = []
    bootstrap(cloud)
    outputs = deploy(cloud, context={"name": "named-here"}, app=app, progress=lines.append)
    sqs = cloud.client("sqs")
    assert outputs == {"Small": {"Name": "named-here"}}
    assert sqs.get_queue_url(QueueName="named-here")
    assert any("CREATE_COMPLETE" in line for line in lines)
    destroy(cloud)
    assert not sqs.list_queues().get("QueueUrls")


def test_a_step_that_fails_names_its_log_and_ends_with_its_last_lines(cloud: Running, app: Path) -> None:
    (app / "app.py").write_text("raise SystemExit('projects.digits.runtime is missing')")
    with pytest.raises(DeploymentError) as raised:
        deploy(cloud, app=app)
    assert "cdk deploy failed" in str(raised.value)
    assert str(cloud.folder / "deploy.log") in str(raised.value)
    assert "projects.digits.runtime is missing" in str(raised.value)
