"""A folder of pictures becomes a running model by one command."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from cli.models import list_models
from demo.pictures import PictureSet
from lambdas.model_versions import VersionStatus
from tests.harness import Cloud


@pytest.fixture
def folder(pictures: dict[str, PictureSet], tmp_path: Path) -> Path:
    """The demo's digits, in a folder for each label; every tenth is a WebP."""
    for number, picture in enumerate((*pictures["digits"].train, *pictures["digits"].test)):
        path = tmp_path / picture.labels[0] / picture.name
        path.parent.mkdir(exist_ok=True)
        if number % 10:
            path.write_bytes(picture.body)
        else:
            Image.open(io.BytesIO(picture.body)).save(path.with_suffix(".webp"), "WEBP", lossless=True)
    return tmp_path


def test_a_folder_is_put_trained_and_running_and_putting_it_again_pays_for_nothing(cloud: Cloud, folder: Path) -> None:
    put = ("dataset", "put", "digits", "folder", "--from", "folder", str(folder), "--json")
    code, printed = cloud.customlabels(*put)
    assert code == 0, printed
    said = json.loads(printed)
    assert (said["StartsTraining"], said["Uploaded"], said["Skipped"]) == (True, 160, 0)
    assert cloud.customlabels("dataset", "lint", "digits/folder")[0] == 0
    ended, states = cloud.end_of(cloud.training_of("digits/folder/train.manifest"))
    assert ended.status == "SUCCEEDED", (ended, states)
    active = [model for model in list_models(cloud.clients, cloud.deployment, "digits") if model.active]
    assert [(model.version.partition(".")[0], model.status) for model in active] == [("folder", VersionStatus.RUNNING)]
    code, printed = cloud.customlabels(*put)
    again = json.loads(printed)
    assert (code, again["Unchanged"], again["StartsTraining"]) == (0, True, False)
    assert (again["Uploaded"], again["Skipped"]) == (0, 160)
