"""Each format: what it says, and what is said of it when it is wrong: file, line and remedy."""

import json

import pytest

from cli.datasets.examples import RATIOS, Example, ImportFailedError, StoredImage
from cli.datasets.importers.coco import read_coco
from cli.datasets.importers.folder import read_folder
from cli.datasets.importers.manifest import read_manifest
from cli.datasets.importers.table import read_table
from cli.datasets.importers.yolo import read_yolo
from lambdas.datasets.labelled import Box
from tests.unit.datasets.manifests import boxed as boxed_line
from tests.unit.datasets.manifests import classified

FIRST = Box(label="crack", left=1, top=2, width=40, height=30)


def in_pixels(example):
    """Return an example's boxes on its 160 x 120 pixels, rounded."""
    across, down = (160, 120) if example.measured == RATIOS else (1, 1)
    return [
        Box(label=box.label, **{edge: round(getattr(box.scaled(across, down), edge), 6) for edge in EDGES})
        for box in example.boxes
    ]


EDGES = ("left", "top", "width", "height")


def test_the_sub_folders_of_a_folder_are_labels_however_deep_their_images_are(folder):
    (folder / "dent" / "more").mkdir()
    (folder / "dent" / "00.png").rename(folder / "dent" / "more" / "00.PNG")
    (folder / "dent" / ".hidden.png").write_bytes(b"")
    (folder / "dent" / "notes.txt").write_bytes(b"")
    (folder / ".git").mkdir()
    examples = list(read_folder(folder))
    assert len(examples) == 24
    assert Example(image=folder / "dent" / "more" / "00.PNG", labels=("dent",)) in examples


@pytest.mark.parametrize(
    ("read", "name"), [(read_coco, "coco.json"), (read_table, "boxes.csv"), (lambda path, _: read_yolo(path), "")]
)
def test_the_formats_with_boxes_say_the_same(boxed, read, name):
    examples = sorted(read(boxed / name, boxed / "images"), key=lambda example: example.image)
    assert [example.image.name for example in examples] == [f"{number:02}.jpg" for number in range(24)]
    assert in_pixels(examples[1]) == [FIRST]


def test_coco_says_the_size_that_its_boxes_are_told_in(boxed):
    assert next(read_coco(boxed / "coco.json", boxed / "images")).measured == (160, 120)


def test_coco_annotations_without_a_box_label_the_image_and_crowds_are_passed_over(boxed):
    said = json.loads((boxed / "coco.json").read_text())
    del said["annotations"][0]["bbox"]
    said["annotations"][1]["iscrowd"] = 1
    (boxed / "coco.json").write_text(json.dumps(said))
    first, second, *_ = read_coco(boxed / "coco.json", boxed / "images")
    assert (first.labels, first.boxes) == (("dent",), ())
    assert (second.labels, second.boxes) == ((), ())


def test_an_image_may_have_several_rows_and_rows_without_a_box_or_label(folder):
    table = folder / "labels.csv"
    table.write_text(
        "Image,note,label,left,top,width,height\n"
        "dent/00.png,,dent,1,2,3,4\n"
        'dent/00.png,"two\nlines",dent,5,6,7.5,8\n'
        "dent/02.png,,old,,,,\n\n"
        "dent/02.png,,dent,,,,\n"
        "dent/04.png,,,,,,\n"
    )
    boxes, labels, nothing = read_table(table)
    assert [(box.left, box.width) for box in boxes.boxes] == [(1, 3), (5, 7.5)]
    assert (labels.labels, labels.boxes) == (("dent", "old"), ())
    assert (nothing.labels, nothing.boxes) == ((), ())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_with_a_byte_order_mark_and_any_delimiter(folder, delimiter):
    table = folder / "labels.csv"
    table.write_text(f"\ufeffimage{delimiter}label\ndent/00.png{delimiter}dent\n", encoding="utf-8")
    assert [example.labels for example in read_table(table)] == [("dent",)]


@pytest.mark.parametrize("names", ["names: [dent, crack]", "names: {0: dent, 1: crack}"])
def test_yolo_takes_names_from_yaml_or_from_a_file_of_names(boxed, names):
    (boxed / "data.yaml").write_text(names)
    by_yaml = list(read_yolo(boxed / "data.yaml"))
    (boxed / "data.yaml").unlink()
    (boxed / "classes.txt").write_text("dent\ncrack\n")
    assert list(read_yolo(boxed)) == by_yaml


def test_yolo_text_files_may_be_beside_their_images(boxed):
    for file in (boxed / "labels").glob("*.txt"):
        file.rename(boxed / "images" / file.name)
    assert in_pixels(list(read_yolo(boxed))[1]) == [FIRST]


def test_of_a_yolo_outline_the_box_is_taken(boxed):
    (boxed / "labels" / "00.txt").write_text("0 0.5 0.25 0.75 0.5 0.5 0.75\n")
    (box,) = next(read_yolo(boxed)).boxes
    assert (box.left, box.top, box.width, box.height) == (0.5, 0.25, 0.25, 0.5)


def test_a_yolo_box_that_rounding_put_over_the_edge_is_cut_off(boxed):
    (boxed / "labels" / "00.txt").write_text("0 0.9000004 0.5 0.2 0.5\n")
    (box,) = next(read_yolo(boxed)).boxes
    assert box.left + box.width == 1


def test_a_yolo_image_without_a_text_file_has_no_boxes(boxed):
    (boxed / "labels" / "00.txt").unlink()
    assert next(read_yolo(boxed)).boxes == ()


def test_a_manifest_says_labels_boxes_and_where_its_images_are():
    lines = [json.dumps(line) for line in (classified(0, "b", "a"), boxed_line(1, ("dent", 1, 2, 3, 4)))]
    labels, boxes = read_manifest("here", [*lines, ""])
    assert labels == Example(image=StoredImage("datasets", "images/0.png"), labels=("a", "b"))
    assert (boxes.boxes[0].label, boxes.boxes[0].height, boxes.measured) == ("dent", 4, (100, 100))


def coco(**changes):
    said = {
        "images": [{"id": 1, "file_name": "00.jpg"}],
        "annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4]}],
        "categories": [{"id": 7, "name": "dent"}],
    }
    return json.dumps(said | changes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{\n]", "line 2: is no JSON"),
        ("[]", "is no COCO file"),
        (coco(categories=None), "has no list 'categories'"),
        (coco(images=[{"id": 1}]), r"images\[0\]: has no file_name"),
        (coco(images=[{"id": 1, "file_name": "99.jpg"}]), r"images\[0\]: there is no image .*99\.jpg; .* --images"),
        (coco(annotations=[{"image_id": 2, "category_id": 7}]), r"annotations\[0\]: image_id 2 is no image's id"),
        (coco(annotations=[{"image_id": 1, "category_id": 8}]), r"annotations\[0\]: category_id 8 is no category's id"),
        (
            coco(annotations=[{"image_id": 1, "category_id": 7, "bbox": [1, 2, 3]}]),
            r"annotations\[0\]: bbox \[1, 2, 3\] is not \[left, top, width, height\]",
        ),
    ],
)
def test_what_is_wrong_with_a_coco_file_is_told_with_its_place(boxed, text, said):
    (boxed / "coco.json").write_text(text)
    with pytest.raises(ImportFailedError, match=rf"coco\.json:? ?.*{said}"):
        list(read_coco(boxed / "coco.json", boxed / "images"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the columns are none; the first line must name the columns image, label"),
        ("file,label\n", "line 1: the columns are file, label"),
        ("image,label,left,top\n", "line 1: the columns are image, label, left, top"),
        ("image,label\n00.jpg\n", "line 2: 1 cells; the heading has 2"),
        ("image,label\n\n99.jpg,dent\n", r"line 3: there is no image .*99\.jpg"),
        ("image,label,left,top,width,height\n00.jpg,dent,1,2,3,\n", "line 2: left, top, width, height must be four"),
        ('image,label\n"00.jpg"x,dent\n', "line 2: is no CSV"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_with_its_line(boxed, text, said):
    (boxed / "boxes.csv").write_text(text)
    with pytest.raises(ImportFailedError, match=rf"boxes\.csv {said}"):
        list(read_table(boxed / "boxes.csv", boxed / "images"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dent 0.5 0.5 0.1 0.1", "line 1: must be a class number and ratios"),
        ("\n2 0.5 0.5 0.1 0.1", "line 2: class 2 has no name; the names go from 0 to 1"),
        ("0 0.5 0.5 0.1", "line 1: 3 ratios; a box has four"),
        ("0 80 60 40 30", "line 1: x, y, width and height must be parts of the image's sides"),
    ],
)
def test_what_is_wrong_with_a_yolo_file_is_told_with_its_line(boxed, text, said):
    (boxed / "labels" / "00.txt").write_text(text)
    with pytest.raises(ImportFailedError, match=rf"00\.txt {said}"):
        list(read_yolo(boxed))


@pytest.mark.parametrize(
    ("text", "said"), [("names: [\n  a,\n]]", "line 3: is no YAML"), ("names: 3", "has no names"), ("", "has no names")]
)
def test_what_is_wrong_with_the_names_of_classes_is_told(boxed, text, said):
    (boxed / "data.yaml").write_text(text)
    with pytest.raises(ImportFailedError, match=rf"data\.yaml:? ?{said}"):
        list(read_yolo(boxed))


def test_yolo_without_names_says_which_files_are_looked_for(boxed):
    (boxed / "data.yaml").unlink()
    with pytest.raises(ImportFailedError, match=r"has neither data\.yaml nor classes\.txt nor obj\.names"):
        list(read_yolo(boxed))


def test_what_is_wrong_with_a_manifest_is_told_with_its_line_code_and_remedy():
    good = json.dumps(classified(0))
    with pytest.raises(ImportFailedError, match=r"here line 2: the line is no JSON .*\[ERROR_INVALID_JSON_LINE\]"):
        list(read_manifest("here", [good, "{"]))
    with pytest.raises(ImportFailedError, match=r"here line 2: line 1 has the same source-ref"):
        list(read_manifest("here", [good, good]))


def test_what_is_wrong_with_a_folder_is_told(folder):
    (folder / "empty").mkdir()
    with pytest.raises(ImportFailedError, match="empty: has no images"):
        list(read_folder(folder))
    (folder / "stray.jpg").write_bytes(b"")
    with pytest.raises(ImportFailedError, match=r"stray\.jpg: is in no label's folder"):
        list(read_folder(folder))
    with pytest.raises(ImportFailedError, match="has no sub-folders"):
        list(read_folder(folder / "empty"))
    with pytest.raises(ImportFailedError, match="is no folder"):
        list(read_folder(folder / "nothing"))
