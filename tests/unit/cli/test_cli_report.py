import json

import pytest

PAGE = ("output", "digits/v2/TrainingReport-demo.digits-v2.html")
PICTURE = ("output", "digits/v2/TrainingReport-demo.digits-v2.png")


@pytest.fixture
def reported(models, objects):
    """Versions v1 and v2 of digits, of which v2 has a report."""
    models.add("demo.digits", "v2", "TRAINING_COMPLETED")
    models.add("demo.digits", "v1", "RUNNING")
    objects.bodies[PAGE], objects.bodies[PICTURE] = b"<page>", b"PNG"


def test_the_report_of_the_newest_version_is_saved_where_it_is_wanted(customlabels, reported, tmp_path):
    code, out, _ = customlabels("report", "digits", "--output", str(tmp_path / "new" / "folder"))
    assert code == 0
    page, picture = out.splitlines()
    assert (tmp_path / "new" / "folder" / "TrainingReport-demo.digits-v2.html").read_bytes() == b"<page>"
    assert page.endswith("v2.html")
    assert picture.endswith("v2.png")


def test_the_report_of_a_named_version_is_saved(customlabels, reported, tmp_path):
    code, out, _ = customlabels("report", "digits", "v2", "--output", str(tmp_path), "--json")
    assert code == 0
    said = json.loads(out)
    assert said["Link"] == f"s3://{'/'.join(PAGE)}"
    assert {path.name for path in tmp_path.iterdir()} == {said[it].rpartition("/")[2] for it in ("Html", "Image")}


def test_a_version_without_a_report_is_told_and_nothing_is_saved(customlabels, reported, tmp_path):
    code, out, err = customlabels("report", "digits", "v1", "--output", str(tmp_path))
    assert (code, out, list(tmp_path.iterdir())) == (1, "", [])
    assert "TrainingReport-demo.digits-v1.html does not exist" in err
    assert "customlabels trainings" in err


def test_an_unknown_version_is_told_with_those_that_there_are(customlabels, reported):
    code, _, err = customlabels("report", "digits", "v9")
    assert code == 1
    assert "no version 'v9'; it has v2, v1" in err


def test_a_project_that_was_never_trained_is_told_so(customlabels):
    code, _, err = customlabels("report", "digits")
    assert code == 1
    assert "digits has no version; it has none; train one" in err


def test_a_folder_that_cannot_be_written_to_is_told(customlabels, reported, tmp_path):
    (tmp_path / "file").write_text("here")
    code, _, err = customlabels("report", "digits", "--output", str(tmp_path / "file"))
    assert code == 1
    assert "name another --output" in err
