"""The AWS command line against `python -m local.rekognition`, with S3 on a local cloud."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.pictures import PictureSet, digits, manifest_line
from local.cloud import Profile, Running, local_cloud

Aws = Callable[..., Any]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with local_cloud(Profile.PLAIN, tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="module")
def endpoint(cloud: Running) -> Iterator[str]:
    command = [sys.executable, "-m", "local.rekognition", "--s3-endpoint", cloud.endpoint]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield "http://" + process.stdout.readline().split("http://")[1].split()[0]
        finally:
            process.terminate()
            process.wait()  # for its last word, which it prints before the pipe is closed


@pytest.fixture(scope="module")
def aws(endpoint: str) -> Aws:
    """Run `aws rekognition` with these words; return the answer, or the refusal when it is told to expect one."""
    installed = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    program = shutil.which("aws", path=installed)
    if program is None:
        pytest.fail("There is no AWS command line here: awscli belongs to the test group, see `make test`.")

    def run(*words: str, refused: bool = False) -> Any:
        command = [program, "rekognition", *words, "--endpoint-url", endpoint, "--output", "json"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if refused:
            assert ended.returncode != 0, ended.stdout
            return ended.stderr
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout or "{}")

    return run


@pytest.fixture(scope="module")
def pictures() -> PictureSet:
    return digits(train=40, test=10, unseen=2, labels=("zero", "one"))


@pytest.fixture(scope="module")
def data(cloud: Running, pictures: PictureSet) -> dict[str, str]:
    """Put the pictures and their manifests into a bucket; return the arguments that name them, as JSON."""
    s3 = cloud.client("s3")
    home = {"LocationConstraint": os.environ["AWS_DEFAULT_REGION"]}  # the stand-in reaches no bucket elsewhere
    s3.create_bucket(Bucket="data", CreateBucketConfiguration=home)
    arguments = {}
    for name, split in (("training", pictures.train), ("testing", pictures.test)):
        for picture in split:
            s3.put_object(Bucket="data", Key=picture.name, Body=picture.body)
        lines = "\n".join(manifest_line(picture, "data", picture.name) for picture in split)
        s3.put_object(Bucket="data", Key=f"{name}.manifest", Body=lines.encode())
        place = {"S3Object": {"Bucket": "data", "Name": f"{name}.manifest"}}
        arguments[f"--{name}-data"] = json.dumps({"Assets": [{"GroundTruthManifest": place}]})
    return arguments


def test_a_model_is_made_and_asked_from_the_command_line(
    aws: Aws, data: dict[str, str], pictures: PictureSet, tmp_path: Path
) -> None:
    project = aws("create-project", "--project-name", "digits")["ProjectArn"]
    words = [word for argument in data.items() for word in argument]
    version = aws(
        *("create-project-version", "--project-arn", project, "--version-name", "v1"),
        *("--output-config", "S3Bucket=data,S3KeyPrefix=results", *words),
    )["ProjectVersionArn"]
    versions = ("--project-arn", project, "--version-names", "v1")
    until(lambda: status(aws, versions) != "TRAINING_IN_PROGRESS")
    aws("wait", "project-version-training-completed", *versions)
    aws("start-project-version", "--project-version-arn", version, "--min-inference-units", "1")
    until(lambda: status(aws, versions) != "STARTING")
    aws("wait", "project-version-running", *versions)
    for picture in pictures.unseen:
        file = tmp_path / picture.name
        file.write_bytes(picture.body)
        found = aws("detect-custom-labels", "--project-version-arn", version, "--image-bytes", f"fileb://{file}")
        assert found["CustomLabels"][0]["Name"] == picture.labels[0]
    place = json.dumps({"S3Object": {"Bucket": "data", "Name": pictures.test[0].name}})
    found = aws("detect-custom-labels", "--project-version-arn", version, "--image", place, "--max-results", "1")
    assert len(found["CustomLabels"]) == 1
    aws("stop-project-version", "--project-version-arn", version)
    until(lambda: status(aws, versions) == "STOPPED")
    aws("delete-project-version", "--project-version-arn", version)
    until(lambda: not aws("describe-project-versions", *versions)["ProjectVersionDescriptions"])
    assert aws("delete-project", "--project-arn", project) == {"Status": "DELETING"}


def test_the_command_line_walks_all_pages(aws: Aws) -> None:
    for name in ("a", "b", "c"):
        aws("create-project", "--project-name", name)
    found = aws("describe-projects", "--page-size", "1", "--project-names", "a", "b", "c")
    assert [project["ProjectArn"].split("/")[1] for project in found["ProjectDescriptions"]] == ["c", "b", "a"]


def test_the_command_line_tells_a_refusal_by_its_name(aws: Aws) -> None:
    refusal = aws("create-project", "--project-name", "two words", refused=True)
    assert "An error occurred (ValidationException) when calling the CreateProject operation" in refusal
    assert "Value 'two words' at 'projectName'" in refusal


def test_a_file_that_is_no_image_is_refused(aws: Aws, tmp_path: Path) -> None:
    file = tmp_path / "text.png"
    file.write_text("no image")
    refusal = aws("detect-labels", "--image-bytes", f"fileb://{file}", refused=True)
    assert "(InvalidImageFormatException)" in refusal


def status(aws: Aws, versions: tuple[str, ...]) -> str:
    return str(aws("describe-project-versions", *versions)["ProjectVersionDescriptions"][0]["Status"])


def until(look: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
