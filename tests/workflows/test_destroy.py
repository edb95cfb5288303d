"""`cdk destroy` of a deployment whose settings say that all goes, while its model runs."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from demo.pictures import PictureSet
from lambdas.names import STACK_PREFIX
from local.cloud import Profile, Running, local_cloud
from local.deployment import destroy
from tests.deployed import deployed_to
from tests.workflows.rollouts import running, train

DEPLOYMENT = "destroy"


@pytest.fixture
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with local_cloud(Profile.STRICT, tmp_path_factory.mktemp("destroy")) as cloud:
        yield cloud


def test_a_destroy_stops_what_runs_and_deletes_what_the_settings_say(local: Running, two_labels: PictureSet) -> None:
    cloud = deployed_to(local, DEPLOYMENT)
    clients = cloud.clients
    version = train(cloud, "digits", "first", two_labels)
    assert running(cloud) == {("digits", version.version)}
    (project,) = clients("rekognition").describe_projects()["ProjectDescriptions"]
    assert len(project["Datasets"]) == 2
    destroy(local)
    assert clients("rekognition").describe_projects()["ProjectDescriptions"] == []
    stacks = clients("cloudformation").describe_stacks()["Stacks"]
    left = [stack for stack in stacks if stack["StackName"].startswith(STACK_PREFIX)]
    assert {stack["StackStatus"] for stack in left} <= {"DELETE_COMPLETE"}
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        clients("dynamodb").describe_table(TableName=cloud.deployment.registry_table)
    with pytest.raises(ClientError, match="404"):
        clients("s3").head_bucket(Bucket=cloud.deployment.images_bucket)
