"""`customlabels dataset lint`: what is printed, the exit code, the picture."""

import json

import pytest
from PIL import Image

from cli.datasets.progress import Progress
from cli.datasets.reports import report_lines
from tests.unit.cli.datasets.store import BUCKET
from tests.unit.datasets.manifests import boxed as boxed_line
from tests.unit.datasets.manifests import good, linted


@pytest.fixture
def lint(customlabels):
    return lambda *arguments: customlabels("dataset", "lint", *map(str, arguments))


@pytest.mark.parametrize(
    ("name", "options"),
    [("", ()), ("coco.json", ("images",)), ("boxes.csv", ("images",)), ("data.yaml", ())],
)
def test_labelled_data_is_judged_as_put_would_upload_it(lint, boxed, name, options):
    images = ("--images", boxed / "images") if options else ()
    code, out, _ = lint(boxed / name, *images)
    assert code == 0
    assert "detection: 2 labels, " in out
    assert "It can be trained." in out


def test_a_good_folder_is_exit_code_0_and_has_bars_time_and_dollars(lint, folder):
    code, out, err = lint(folder)
    assert code == 0
    assert "█" in out
    assert "about 0.5 h and $0.50; at most 24 h and $24.00" in out
    assert "read: 24 of 24 images" in err


def test_an_image_that_cannot_be_used_is_exit_code_1(lint, folder):
    (folder / "dent" / "notes.jpg").write_bytes(b"no picture")
    code, out, err = lint(folder, "--json")
    assert code == 1
    assert json.loads(out)["Refused"][0]["Problem"].startswith("The object's content is not an image")
    assert "notes.jpg" in err


def test_an_uploaded_data_set_is_judged_with_its_images(lint, customlabels, folder, objects):
    customlabels("dataset", "put", "digits", "lot", "--from", "folder", str(folder))
    assert lint("digits/lot")[0] == 0
    gone = next(key for key in objects.keys if key.endswith(".png"))
    broken = next(key for key in objects.keys if key.endswith(".png") and key != gone)
    del objects.bodies[BUCKET, gone]
    objects.bodies[BUCKET, broken] = b"no picture"
    code, out, _ = lint("digits/lot", "--json")
    assert code == 1
    details = {finding["Detail"].partition(";")[0] for finding in json.loads(out)["Findings"] if "Line" in finding}
    assert details >= {"there is no such object", "its content is no image"}


def test_a_data_set_that_is_held_back_is_judged_too(lint, customlabels, folder):
    customlabels("dataset", "put", "digits", "lot", "--from", "folder", str(folder), "--no-train")
    assert lint("digits/lot")[0] == 0


def test_a_manifest_in_a_file_is_judged_as_it_is(lint, tmp_path):
    file = tmp_path / "train.manifest"
    file.write_text("\n".join(json.dumps(line) for line in [*good(each=3), boxed_line(1)]))
    code, out, _ = lint(file)
    assert code == 1
    assert "- 6 times: the image is missing, unreadable, or no PNG or JPEG of up to 15 MB." in out


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("nowhere", "no such file or folder, and no PROJECT/NAME"),
        ("digits/nothing", "digits/nothing/train.manifest does not exist"),
        ("other/lot", "no project 'other'"),
    ],
)
def test_what_is_not_there_is_told(lint, what, said):
    code, _, err = lint(what)
    assert code == 1
    assert said in err


def test_a_file_of_no_known_name_needs_from(lint, tmp_path):
    (tmp_path / "labels.txt").write_text("")
    with pytest.raises(SystemExit) as ended:
        lint(tmp_path / "labels.txt")
    assert ended.value.code == 2


def test_the_picture_shows_a_row_for_each_label_and_boxes_in_colour(lint, boxed, tmp_path):
    sheet = tmp_path / "sheet.png"
    code, _, err = lint(boxed / "boxes.csv", "--images", boxed / "images", "--picture", sheet)
    assert code == 0
    assert f"examples of each label are in {sheet}" in err
    with Image.open(sheet) as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(maxcolors=1 << 24)}
        assert (0xFF, 0x2D, 0x78) in colours
        two_rows = picture.height
    assert two_rows == 44 + 2 * 158 + 8


def test_a_picture_that_cannot_be_written_is_told(lint, folder, tmp_path):
    code, _, err = lint(folder, "--picture", tmp_path / "nowhere" / "sheet.png")
    assert code == 1
    assert "cannot be written" in err


def test_a_report_says_what_comes_of_findings_and_where_the_first_are():
    report = linted([*good(), *["bad"] * 8])
    lines = list(report_lines(report))
    assert lines[0] == "classification: 2 labels, 32 lines to train with, of which the service tests with a fifth"
    fails = lines.index("The training would fail:")
    assert lines[fails + 1].startswith("- more than 20 % of the lines cannot be used. Mend the lines")
    lost = lines.index("Lost lines and boxes:")
    assert lines[lost + 1].startswith("- 8 times: the line is no JSON object.")
    assert lines[lost + 2].startswith("    train.manifest line 25: ")
    assert lines[lost + 7] == "    ... and 3 more"
    assert lines[-1] == "Do not train this: it would fail."


class Terminal:
    def __init__(self):
        self.said = ""

    def isatty(self):
        return True

    def write(self, text):
        self.said += text

    def flush(self):
        pass


def test_progress_tells_count_speed_and_time_left_on_one_line():
    now, terminal = [0.0], Terminal()
    progress = Progress("upload", 4, out=terminal, clock=lambda: now[0])
    for second in range(1, 5):
        now[0] = float(second * 30)
        progress.add(6_000_000)
    lines = terminal.said.split("\r\033[K")
    assert lines[1] == "  upload: 1 of 4 images, 0.2 MB/s, 1:30 left"
    assert lines[4] == "  upload: 4 of 4 images, 0.2 MB/s\n"
