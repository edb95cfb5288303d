"""Rekognition as Step Functions' SDK integrations call it: one workflow leads a model through its whole life."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from demo.pictures import digits, manifest_line
from local.cloud import Profile, Running, local_cloud
from tests.workflows.test_local_cloud import end_of, task

ROLE = "arn:aws:iam::000000000000:role/any"  # the plain profile checks no permissions


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with local_cloud(Profile.PLAIN, tmp_path_factory.mktemp("cloud")) as running:
        yield running


def call(operation: str, arguments: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return task(f"aws-sdk:rekognition:{operation}", arguments, **more)


def expression(text: str) -> str:
    return f"{{% {text} %}}"


def wait_for(status: str, look: str, following: str, **more: Any) -> dict[str, dict[str, Any]]:
    """Return the states that look at the version until it is in the status."""
    found = "$states.result.ProjectVersionDescriptions[0].Status"
    looking = call(
        "describeProjectVersions",
        {"ProjectArn": expression("$project"), "VersionNames": ["v1"]},
        Assign={"status": expression(found)},
    )
    return {
        f"Wait {look}": {"Type": "Wait", "Seconds": 20},  # a fifth of a second here
        look: looking,
        f"{look}?": {
            "Type": "Choice",
            "Choices": [{"Condition": expression(f"$status = '{status}'"), "Next": following}],
            "Default": f"Wait {look}",
        },
    }


def run(cloud: Running, name: str, states: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Run a workflow of the states, in their order but for the choices, which say themselves what follows."""
    names = [*states]
    following = [{"Next": after} for after in names[1:]] + [{"End": True}]
    body = {
        "QueryLanguage": "JSONata",
        "StartAt": names[0],
        "States": {
            each: {**state, **({} if state["Type"] == "Choice" else then)}
            for (each, state), then in zip(states.items(), following, strict=True)
        },
    }
    stepfunctions = cloud.client("stepfunctions")
    machine = stepfunctions.create_state_machine(name=name, roleArn=ROLE, definition=json.dumps(body))
    return end_of(cloud, stepfunctions.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"])


def put_data(cloud: Running) -> tuple[dict[str, Any], str, str]:
    """Put a data set and an unseen image into a bucket; return the data's arguments, the image's key and label."""
    pictures = digits(train=40, test=10, unseen=1, labels=("zero", "one"))
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="data")
    for picture in (*pictures.train, *pictures.test, *pictures.unseen):
        s3.put_object(Bucket="data", Key=picture.name, Body=picture.body)
    arguments = {}
    for member, split in (("TrainingData", pictures.train), ("TestingData", pictures.test)):
        lines = "\n".join(manifest_line(picture, "data", picture.name) for picture in split)
        s3.put_object(Bucket="data", Key=f"{member}.manifest", Body=lines.encode())
        place = {"S3Object": {"Bucket": "data", "Name": f"{member}.manifest"}}
        arguments[member] = {"Assets": [{"GroundTruthManifest": place}]}
    return arguments, pictures.unseen[0].name, pictures.unseen[0].labels[0]


def test_a_workflow_leads_a_model_from_create_to_delete(cloud: Running) -> None:
    data, image, label = put_data(cloud)
    version = {"ProjectVersionArn": expression("$version")}
    states = {
        "Create": call(
            "createProject",
            {"ProjectName": "digits", "Tags": {"team": "a"}},
            Assign={"project": expression("$states.result.ProjectArn")},
        ),
        "Train": call(
            "createProjectVersion",
            {
                "ProjectArn": expression("$project"),
                "VersionName": "v1",
                "OutputConfig": {"S3Bucket": "data", "S3KeyPrefix": "results"},
                **data,
            },
            Assign={"version": expression("$states.result.ProjectVersionArn")},
        ),
        **wait_for("TRAINING_COMPLETED", "Trained", "Start"),
        "Start": call("startProjectVersion", {**version, "MinInferenceUnits": 1}),
        **wait_for("RUNNING", "Running", "Detect"),
        "Detect": call(
            "detectCustomLabels",
            {**version, "Image": {"S3Object": {"Bucket": "data", "Name": image}}, "MinConfidence": 0.5},
            Assign={"labels": expression("$states.result.CustomLabels")},
        ),
        "Stop": call("stopProjectVersion", version),
        **wait_for("STOPPED", "Stopped", "Delete"),
        "Delete": call("deleteProjectVersion", version, Output=expression("$labels")),
    }
    ended = run(cloud, "life", states)
    assert ended["status"] == "SUCCEEDED", ended
    labels = json.loads(ended["output"])
    assert labels[0]["Name"] == label
    assert labels[0]["Confidence"] > 50
