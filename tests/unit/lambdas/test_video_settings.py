"""What a project may say about its videos."""

import json

import botocore.session
import pytest

from lambdas.deployment_settings import load_settings, parse_deployment
from lambdas.setting_checks import SettingsError
from lambdas.video_settings import LABEL_CHARACTERS, LONGEST_LABEL, MOST_FILTERS, VideoSettings

PATH = "deployments.demo.projects.digits.videos"


def videos(said):
    return parse_deployment("demo", {"projects": {"digits": {"videos": said}}}).projects["digits"].videos


def test_a_project_that_says_nothing_has_no_videos():
    assert parse_deployment("demo", {"projects": {"digits": {}}}).projects["digits"].videos is None
    assert videos(None) is None


def test_an_empty_object_turns_videos_on_with_the_defaults():
    assert videos({}) == VideoSettings()


def test_what_is_said_of_videos_reaches_the_functions(tmp_path):
    said = {"min_confidence": 80, "include_labels": ["Car", "Dog"], "exclude_labels": ["Cat"], "max_minutes": 5}
    file = tmp_path / "settings.json"
    deployment = parse_deployment("demo", {"projects": {"digits": {"videos": said}}})
    file.write_text(deployment.to_json(), encoding="utf-8")
    assert json.loads(file.read_text())["projects"]["digits"]["videos"]["include_labels"] == ["Car", "Dog"]
    assert load_settings(file) == deployment
    assert load_settings(file).projects["digits"].videos == VideoSettings(
        min_confidence=80, include_labels=("Car", "Dog"), exclude_labels=("Cat",), max_minutes=5
    )


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ([], f"{PATH} must be an object"),
        ({"frames": 1}, f"{PATH}.frames is not a setting"),
        ({"max_minutes": 361}, f"{PATH}.max_minutes is 361"),
        ({"max_minutes": 0}, f"{PATH}.max_minutes is 0"),
        ({"labels": 1}, f"{PATH}.labels is 1"),
        ({"labels": False}, f"{PATH}.labels and custom_labels are both false"),
        ({"include_labels": ["x" * 51]}, f"{PATH}.include_labels"),
        ({"include_labels": [""]}, f"{PATH}.include_labels"),
        ({"include_labels": [f"{n}" for n in range(101)]}, f"{PATH}.include_labels"),
        ({"include_labels": ["Car"], "exclude_labels": ["Car"]}, f"{PATH}.include_labels and exclude_labels both"),
        ({"frames_per_second": 31}, f"{PATH}.frames_per_second"),
        ({"max_frames": 0}, f"{PATH}.max_frames"),
        ({"min_confidence": 101}, f"{PATH}.min_confidence"),
    ],
)
def test_what_cannot_be_is_refused_by_the_name_of_its_key(said, message):
    with pytest.raises(SettingsError) as error:
        videos(said)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("label", ["Car", "x" * 50, "Piñata", "Café (1920's)", "T-Shirt", "A&B", "Öl", "a\nb", "日本"])
def test_a_label_is_taken_where_the_service_takes_it(label):
    taken = label not in {"Café (1920's)", "A&B", "Öl", "a\nb", "日本"}
    if taken:
        assert videos({"exclude_labels": [label]}).exclude_labels == (label,)
    else:
        with pytest.raises(SettingsError, match="as Rekognition spells them"):
            videos({"exclude_labels": [label]})


def test_what_is_checked_of_labels_is_what_the_services_model_says():
    shapes = botocore.session.get_session().get_service_model("rekognition")
    label, labels = (shapes.shape_for(f"GeneralLabelsFilter{name}") for name in ("Value", "List"))
    assert label.metadata == {"min": 0, "max": LONGEST_LABEL, "pattern": f"{LABEL_CHARACTERS}*"}
    assert labels.metadata["max"] == MOST_FILTERS
