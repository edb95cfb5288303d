import json

import pytest

from lambdas.errors import ErrorCode
from lambdas.jobs import Source, failed, succeeded

SMALL = failed(ErrorCode.TOO_SMALL, "63 px", Source(size=1))


def boxed(name, confidence, left, top, width, height):
    box = {"Left": left, "Top": top, "Width": width, "Height": height}
    return {"Name": name, "Confidence": confidence, "Geometry": {"BoundingBox": box}}


def seen(*labels, width=200, height=100):
    return succeeded(list(labels), Source(size=1, width=width, height=height), 1)


def strict_coco(text):
    """Read a COCO document, and refuse what a strict reader would."""
    document = json.loads(text)
    images = {image["id"]: image for image in document["images"]}
    categories = {category["id"]: category for category in document["categories"]}
    assert len(images) == len(document["images"]), "ids of images are unique"
    assert len(categories) == len(document["categories"]), "ids of categories are unique"
    assert len({annotation["id"] for annotation in document["annotations"]}) == len(document["annotations"])
    for number in [*images, *categories, *(annotation["id"] for annotation in document["annotations"])]:
        assert type(number) is int
        assert number > 0
    for image in images.values():
        assert {"id", "file_name", "width", "height"} <= set(image)
        assert all(type(image[side]) is int and image[side] > 0 for side in ("width", "height"))
        assert all(label["category_id"] in categories for label in image.get("labels", []))
    for category in categories.values():
        assert set(category) == {"id", "name", "supercategory"}
    for annotation in document["annotations"]:
        image = images[annotation["image_id"]]
        assert annotation["category_id"] in categories
        left, top, width, height = annotation["bbox"]
        assert 0 <= left <= left + width <= image["width"]
        assert 0 <= top <= top + height <= image["height"]
        assert annotation["area"] == pytest.approx(width * height, abs=0.01)
        assert annotation["iscrowd"] in (0, 1)
        assert 0 <= annotation["score"] <= 1
    return document


def test_json_lines_are_the_documents_of_all_final_jobs_the_newest_first(customlabels, add_result):
    first = add_result("digits/é.png", seen(boxed("crack", 90.5, 0.1, 0.2, 0.3, 0.4)), created_at=1)
    second = add_result("digits/b.png", SMALL, created_at=2)
    add_result("digits/open.png", None, created_at=3)
    code, out, err = customlabels("export", "digits", "--format", "jsonl")
    assert code == 0
    assert [json.loads(line) for line in out.splitlines()] == [second.outcome, first.outcome]
    assert err == "  2 results\n"


def test_json_lines_hold_labels_that_are_in_s3_too(customlabels, add_result, objects):
    many = [{"Name": f"label {number}", "Confidence": 5.0, "Note": "x" * 1000} for number in range(400)]
    add_result("digits/a.png", seen(*many))
    assert objects.bodies
    _, out, _ = customlabels("export", "digits", "--format", "jsonl")
    assert json.loads(out)["CustomLabels"] == many


def test_coco_has_boxes_in_pixels_of_the_image(customlabels, add_result):
    add_result("digits/a.png", seen(boxed("crack", 90.5, 0.1, 0.25, 0.5, 0.5), boxed("dent", 50.0, 0, 0, 1, 1)))
    code, out, err = customlabels("export", "digits", "--format", "coco")
    assert code == 0
    document = strict_coco(out)
    (image,) = document["images"]
    assert (image["file_name"], image["width"], image["height"]) == ("digits/a.png", 200, 100)
    assert image["s3"]["S3ObjectVersion"] == "v1"
    crack, dent = document["annotations"]
    assert (crack["bbox"], crack["area"], crack["score"]) == ([20.0, 25.0, 100.0, 50.0], 5000.0, 0.905)
    assert dent["bbox"] == [0, 0, 200, 100]
    names = {category["id"]: category["name"] for category in document["categories"]}
    assert [names[annotation["category_id"]] for annotation in (crack, dent)] == ["crack", "dent"]
    assert err == "  1 results, 2 boxes\n"


def test_coco_labels_of_whole_images_are_in_the_members_labels_of_their_images(customlabels, add_result):
    add_result("digits/a.png", seen({"Name": "seven", "Confidence": 80.0}))
    document = strict_coco(customlabels("export", "digits", "--format", "coco")[1])
    assert document["annotations"] == []
    assert document["categories"] == [{"id": 1, "name": "seven", "supercategory": "digits"}]
    assert document["images"][0]["labels"] == [{"category_id": 1, "score": 0.8}]


@pytest.mark.parametrize(
    "box",
    [(-0.1, -0.2, 0.5, 0.5), (0.9, 0.9, 0.2, 0.2), (1.1, 0.5, 0.1, 0.1), (0, 0, 0, 0), (1 / 3, 1 / 7, 2 / 3, 6 / 7)],
)
def test_coco_boxes_stay_inside_the_image(customlabels, add_result, box):
    add_result("digits/a.png", seen(boxed("crack", 100.0, *box), width=641, height=479))
    strict_coco(customlabels("export", "digits", "--format", "coco")[1])


def test_coco_of_many_images_has_ids_that_are_unique_and_resolve(customlabels, add_result):
    for number in range(9):
        labels = [boxed(f"label {n % 3}", 50.0, 0.1, 0.1, 0.2, 0.2) for n in range(number)]
        add_result(f"digits/{number}.png", seen(*labels, {"Name": "whole", "Confidence": 9.0}), created_at=number)
    document = strict_coco(customlabels("export", "digits", "--format", "coco")[1])
    assert (len(document["images"]), len(document["annotations"]), len(document["categories"])) == (9, 36, 4)


def test_coco_leaves_out_what_it_cannot_hold_and_says_so(customlabels, add_result):
    add_result("digits/a.png", SMALL)
    add_result("digits/b.png", seen(width=None, height=None))
    blocked = {"Status": "SUCCEEDED", "Moderation": "BLOCKED", "ModerationLabels": []}
    add_result("digits/c.png", blocked | {"SourceWidth": 9, "SourceHeight": 9})
    _, out, err = customlabels("export", "digits", "--format", "coco")
    assert strict_coco(out)["images"] == []
    assert "left out: 1 whose result is FAILED" in err
    assert "left out: 1 whose result has no known size" in err
    assert "left out: 1 whose result is BLOCKED by moderation" in err


def test_an_export_of_nothing_is_a_whole_document(customlabels):
    assert strict_coco(customlabels("export", "digits", "--format", "coco")[1])["images"] == []
    assert customlabels("export", "digits", "--format", "jsonl")[:2] == (0, "")


def test_an_export_holds_what_was_opened_since_and_before(customlabels, add_result):
    day = 86_400_000
    for number in range(4):
        add_result(f"digits/{number}.png", seen(), created_at=number * day)
    bounds = ["--since", "1970-01-02", "--until", "1970-01-04T00:00:00Z"]
    _, out, _ = customlabels("export", "digits", "--format", "jsonl", *bounds)
    assert [json.loads(line)["Image"]["S3ObjectName"] for line in out.splitlines()] == ["digits/2.png", "digits/1.png"]


def test_an_export_of_one_status(customlabels, add_result):
    add_result("digits/a.png", SMALL)
    add_result("digits/b.png", seen())
    _, out, _ = customlabels("export", "digits", "--format", "jsonl", "--status", "FAILED")
    assert json.loads(out)["Status"] == "FAILED"


def test_a_file_is_written_whole_and_what_is_in_it_is_said(customlabels, add_result, tmp_path):
    add_result("digits/a.png", seen(boxed("crack", 90.5, 0.1, 0.2, 0.3, 0.4)))
    file = tmp_path / "out.json"
    code, out, err = customlabels("export", "digits", "--format", "coco", "--output", str(file), "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"Images": 1, "Annotations": 1, "LeftOut": {}, "File": str(file)}
    assert len(strict_coco(file.read_text())["annotations"]) == 1
    assert list(tmp_path.iterdir()) == [file]


def test_an_export_that_breaks_off_leaves_the_file_as_it_was(customlabels, add_result, objects, tmp_path):
    file = tmp_path / "out.jsonl"
    file.write_text("before")
    add_result("digits/a.png", seen(*[{"Name": "a", "Confidence": 5.0, "Note": "x" * 1000}] * 400))
    objects.bodies.clear()
    code, out, err = customlabels("export", "digits", "--format", "jsonl", "--output", str(file))
    assert (code, out) == (1, "")
    assert "NoSuchKey" in err
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(customlabels, tmp_path):
    code, _, err = customlabels("export", "digits", "--format", "jsonl", "--output", str(tmp_path / "no" / "out"))
    assert code == 1
    assert "no/out cannot be written" in err


def test_progress_is_told_on_stderr(customlabels, add_result, monkeypatch):
    monkeypatch.setattr("cli.commands.export._PROGRESS", 2)
    for number in range(5):
        add_result(f"digits/{number}.png", seen(), created_at=number)
    _, _, err = customlabels("export", "digits", "--format", "jsonl")
    assert err == "  2 results\n  4 results\n  5 results\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["digits"], "--format"),
        (["digits", "--format", "xml"], "choose from"),
        (["digits", "--format", "jsonl", "--since", "soon"], "no time like 2026-01-31"),
        (["digits", "--format", "coco", "--status", "FAILED"], "--format jsonl"),
    ],
)
def test_a_wrong_export_is_exit_code_2_and_says_why(customlabels, capsys, arguments, said):
    with pytest.raises(SystemExit) as ended:
        customlabels("export", *arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
