"""The deployment that workflow and end-to-end tests share: the real app, deployed with the real CDK command line.

By default to a local cloud of the strict profile (IAM enforced, TLS). With `--deployed NAME`, one that is deployed
already, in the account and Region of your credentials: trainings and running models are paid for then. Its settings are
those of `e2e` in cdk.json, without `notification_topics` and `human_review`, which name the local cloud's account.
"""

from collections.abc import Iterator
from functools import cache

import boto3
import pytest

from cli.deployment import find_deployment
from demo.pictures import PictureSet, digits, scenes
from demo.upload import upload_dataset
from local.cloud import Profile, Running, local_cloud
from local.deployment import bootstrap, deploy, make_flow_definitions
from tests.harness import Cloud

DEPLOYMENT = "e2e"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the end-to-end tests be pointed at a deployment that exists."""
    parser.addoption("--deployed", metavar="NAME", help="test this deployment (of cdk.json's e2e projects) on AWS")


@pytest.fixture(scope="session")
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The deployment under test."""
    name = request.config.getoption("--deployed")
    if name:
        clients = cache(boto3.client)
        yield Cloud(
            clients,
            find_deployment(clients, name),
            training_seconds=86_400,
            detection_seconds=600,
            look_seconds=15,
            local=False,
        )
        return
    # The deployment runs a model for each of its four projects, twice the service's own quota.
    with local_cloud(Profile.STRICT, tmp_path_factory.mktemp("cloud"), quotas="running_models=off") as running:
        yield deployed_to(running, DEPLOYMENT)


def deployed_to(running: Running, name: str) -> Cloud:
    """Deploy a deployment of cdk.json to a local cloud."""
    bootstrap(running)
    make_flow_definitions(running, name)
    deploy(running, context={"deployment": name})
    clients = cache(running.client)
    return Cloud(
        clients,
        find_deployment(clients, name),
        training_seconds=180,
        detection_seconds=60,
        look_seconds=0.25,
        local=True,
    )


@pytest.fixture(scope="session")
def pictures() -> dict[str, PictureSet]:
    """Small data sets, by project."""
    return {
        "digits": digits(train=120, test=40, unseen=10),
        "scenes": scenes(train=32, test=10, unseen=4),
    }


@pytest.fixture(scope="session")
def trained(cloud: Cloud, pictures: dict[str, PictureSet]) -> Cloud:
    """The deployment, once `digits` and `scenes` have each a running model."""
    keys = [
        upload_dataset(
            cloud.clients("s3"), cloud.deployment.datasets_bucket, project, "first", pictures[project], lambda _: None
        )
        for project in ("digits", "scenes")
    ]
    for key in keys:
        ended, states = cloud.end_of(cloud.training_of(key))
        assert ended.status == "SUCCEEDED", f"training of {key}: {ended} after {states}"
    return cloud
