"""`customlabels dataset put`: what is uploaded, in which order, and what is not."""

import io
import json
from collections import Counter

import pytest
from PIL import Image

from lambdas.datasets.manifest_lines import read_line
from lambdas.datasets.writing import write_line
from tests.unit.cli.datasets.store import BUCKET

TRAIN = "digits/lot/train.manifest"
TEST = "digits/lot/test.manifest"


@pytest.fixture
def put(customlabels):
    def run(path, *options, name="lot", said="folder"):
        code, out, err = customlabels("dataset", "put", "digits", name, "--from", said, str(path), *options)
        return code, out, err

    return run


def images_of(store, key):
    return [read_line(line).image for line in store.text(key)]


def test_images_come_first_then_the_test_manifest_and_the_train_manifest_last(put, folder, objects):
    code, out, _ = put(folder)
    assert code == 0
    assert objects.written[-2:] == [TEST, TRAIN]
    assert len(objects.written) == 26
    train, test = images_of(objects, TRAIN), images_of(objects, TEST)
    assert Counter(image.labels for image in [*train, *test]) == {("dent",): 12, ("crack",): 12}
    keys = {image.source.removeprefix("s3://demo-DatasetsBucket/") for image in [*train, *test]}
    assert keys == set(objects.written[:-2])
    assert "Its training starts now" in out


def test_images_are_named_by_their_content(put, folder, objects):
    put(folder)
    name = objects.written[0].rpartition("/")[2]
    assert name.endswith(".png")
    assert len(name.partition(".")[0]) == 32
    (folder / "dent" / "00.png").rename(folder / "dent" / "renamed.png")
    before = objects.keys
    put(folder, name="other")
    assert {key.replace("/other/", "/lot/") for key in objects.keys - before} == before


def test_an_upload_whose_client_died_is_resumed_without_sending_anything_twice(put, folder, objects):
    objects.die_after = 10
    code, _, err = put(folder)
    assert code == 1
    assert "the client died" in err
    assert TRAIN not in objects.keys
    objects.die_after = None
    code, out, _ = put(folder, "--json")
    assert code == 0
    assert (json.loads(out)["Uploaded"], json.loads(out)["Skipped"]) == (14, 10)
    assert len(objects.written) == len(set(objects.written)) == 26


def test_what_came_between_the_list_and_the_write_is_not_written_over(put, folder, objects):
    put(folder, "--no-train")
    objects.lists_nothing = True
    written = len(objects.written)
    code, out, _ = put(folder, "--no-train", "--json")
    assert (code, json.loads(out)["Skipped"], len(objects.written)) == (0, 24, written)


def test_the_same_data_set_again_writes_nothing_so_that_no_second_training_is_paid(put, folder, objects):
    put(folder)
    written = list(objects.written)
    code, out, _ = put(folder)
    assert (code, objects.written) == (0, written)
    assert "customlabels train digits lot --run NAME" in out


def test_a_changed_data_set_is_written_and_trained(put, folder, objects, drawn):
    put(folder)
    (folder / "dent" / "new.png").write_bytes(drawn(99))
    _, out, _ = put(folder, "--json")
    assert (json.loads(out)["Uploaded"], json.loads(out)["StartsTraining"]) == (1, True)


def test_without_train_the_manifest_is_held_back_and_the_same_command_releases_it(put, folder, objects):
    code, out, _ = put(folder, "--no-train")
    assert code == 0
    assert objects.written[-1] == "digits/lot/held.manifest"
    assert "No training was started" in out
    put(folder)
    assert objects.written[-1] == TRAIN
    assert (
        objects.text(TRAIN)[0].partition("creation")[0]
        == objects.text("digits/lot/held.manifest")[0].partition("creation")[0]
    )


@pytest.mark.parametrize(("said", "name"), [("coco", "coco.json"), ("csv", "boxes.csv"), ("yolo", "")])
def test_boxes_of_every_format_become_the_same_manifest(put, boxed, objects, said, name):
    images = () if said == "yolo" else ("--images", str(boxed / "images"))
    assert put(boxed / name, *images, said=said)[0] == 0
    image = next(image for key in (TRAIN, TEST) for image in images_of(objects, key) if image.boxes[0].left == 1)
    assert (image.width, image.height, image.boxes[0].label, image.boxes[0].height) == (160, 120, "crack", 30)


def test_a_manifest_can_be_put_again_from_a_file_or_from_s3(put, boxed, objects, tmp_path):
    put(boxed / "coco.json", "--images", str(boxed / "images"), said="coco")
    lines = [*objects.text(TRAIN), *objects.text(TEST)]
    (tmp_path / "all.manifest").write_text("\n".join(lines))
    assert put(tmp_path / "all.manifest", said="manifest", name="file")[0] == 0
    objects.bodies["elsewhere", "all.manifest"] = "\n".join(lines).encode()
    assert put("s3://elsewhere/all.manifest", said="manifest", name="stored")[0] == 0
    for name in ("file", "stored"):
        moved = [line.replace(f"/{name}/", "/lot/") for line in objects.text(f"digits/{name}/train.manifest")]
        assert [line.partition("creation")[0] for line in moved] == [
            line.partition("creation")[0] for line in objects.text(TRAIN)
        ]


def test_pictures_that_the_service_cannot_read_are_converted_and_their_boxes_go_with_them(
    put, tmp_path, objects, drawn
):
    rows = ["image,label,left,top,width,height"]
    for number in range(12):
        (tmp_path / f"{number}.webp").write_bytes(drawn(number, (320, 240), "WEBP", lossless=True))
        rows.append(f"{number}.webp,dent,10,20,30,40")
    (tmp_path / "wide.tif").write_bytes(drawn(99, (5000, 2500), "TIFF", compression="jpeg"))
    rows.append("wide.tif,dent,1000,500,2000,1000")
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    code, _, err = put(tmp_path / "boxes.csv", said="csv")
    assert code == 0
    assert "13 pictures are converted" in err
    found = {image.width: image for key in (TRAIN, TEST) for image in images_of(objects, key)}
    assert found[4096].height == 2048
    assert found[4096].boxes[0].width == pytest.approx(2000 * 4096 / 5000, abs=1)
    assert (found[320].boxes[0].left, found[320].boxes[0].height) == (10, 40)
    assert Image.open(io.BytesIO(objects.content(found[4096].source))).format == "JPEG"


def test_a_picture_that_lies_on_its_side_is_set_upright(put, tmp_path, objects, folder, drawn):
    turned = Image.Exif()
    turned[274] = 6
    (folder / "dent" / "turned.jpg").write_bytes(drawn(99, (200, 100), "JPEG", exif=turned))
    put(folder)
    pictures = [body for (_, key), body in objects.bodies.items() if "/images/" in key]
    assert {Image.open(io.BytesIO(body)).size for body in pictures} == {(96, 80), (100, 200)}


def test_boxes_that_were_drawn_on_a_smaller_copy_are_enlarged(put, boxed, objects):
    said = json.loads((boxed / "coco.json").read_text())
    for image, annotation in zip(said["images"], said["annotations"], strict=True):
        image["width"], image["height"] = 80, 60
        annotation["bbox"] = [edge / 2 for edge in annotation["bbox"]]
    (boxed / "coco.json").write_text(json.dumps(said))
    assert put(boxed / "coco.json", "--images", str(boxed / "images"), said="coco")[0] == 0
    boxes = {image.boxes[0].width for image in images_of(objects, TRAIN)}
    assert boxes == {40}


def test_boxes_that_were_drawn_on_a_picture_of_another_shape_are_refused(put, boxed, objects):
    said = json.loads((boxed / "coco.json").read_text())
    said["images"][0]["width"], said["images"][0]["height"] = 120, 160
    (boxed / "coco.json").write_text(json.dumps(said))
    code, _, err = put(boxed / "coco.json", "--images", str(boxed / "images"), said="coco")
    assert code == 1
    assert "Its boxes are for 120 x 160 pixels, and it has 160 x 120" in err


def test_images_that_cannot_be_used_stop_the_upload_unless_they_may_be_left_out(put, folder, objects, drawn):
    (folder / "dent" / "notes.jpg").write_bytes(b"no picture")
    (folder / "dent" / "small.png").write_bytes(drawn(99, (63, 63)))
    (folder / "dent" / "cut.png").write_bytes(drawn(98)[:2000])
    code, out, err = put(folder, "--json")
    assert (code, objects.written) == (1, [])
    assert "notes.jpg: The object's content is not an image" in err
    assert "say --leave-out-bad" in err
    assert {refused["Image"].rpartition("/")[2] for refused in json.loads(out)["Refused"]} == {
        "notes.jpg",
        "small.png",
        "cut.png",
    }
    assert put(folder, "--leave-out-bad")[0] == 0
    assert len(objects.written) == 26


def test_nothing_is_uploaded_where_the_training_would_fail(put, folder, objects):
    for path in (folder / "dent").iterdir():
        path.unlink()
    (folder / "dent").rmdir()
    code, out, _ = put(folder)
    assert (code, objects.written) == (1, [])
    assert "[ERROR_MANIFEST_TOO_FEW_LABELS]" in out


def test_copies_are_uploaded_once_with_all_their_labels(put, folder, objects):
    (folder / "crack" / "copy.png").write_bytes((folder / "dent" / "00.png").read_bytes())
    code, _, err = put(folder)
    assert code == 0
    assert "1 images are copies of others" in err
    labels = Counter(image.labels for key in (TRAIN, TEST) for image in images_of(objects, key))
    assert labels == {("dent",): 11, ("crack",): 12, ("crack", "dent"): 1}


def test_a_frozen_test_set_stays_and_its_images_and_their_likes_are_not_trained_with(put, folder, objects, drawn):
    put(folder)
    frozen = objects.text(TEST)
    shown = images_of(objects, TEST)[0]
    content = objects.content(shown.source)
    alike = io.BytesIO()
    Image.open(io.BytesIO(content)).convert("RGB").resize((192, 160)).save(alike, "JPEG", quality=80)
    (folder / "dent" / "alike.jpg").write_bytes(alike.getvalue())
    (folder / "dent" / "new.png").write_bytes(drawn(99))
    code, _, err = put(folder, "--freeze-test", "lot", name="next")
    assert code == 0
    sources = [image.source for image in images_of(objects, "digits/next/test.manifest")]
    assert sources == [read_line(line).image.source for line in frozen]
    assert f"{len(frozen) + 1} images are left out" in err
    assert len(images_of(objects, "digits/next/train.manifest")) == 24 - len(frozen) + 1


def test_a_frozen_test_set_that_is_not_there_is_told(put, folder, objects):
    code, _, err = put(folder, "--freeze-test", "nothing")
    assert (code, objects.written) == (1, [])
    assert "digits/nothing/test.manifest does not exist" in err


@pytest.mark.parametrize("share", ["0", "1", "-1"])
def test_a_share_is_between_0_and_1(put, folder, share):
    with pytest.raises(SystemExit):
        put(folder, f"--test-share={share}")


def test_a_name_that_could_not_be_trained_is_refused_before_anything_is_read(put):
    code, _, err = put("/nowhere", name="a/b")
    assert code == 1
    assert "'a/b' cannot name a data set" in err


def test_an_unknown_project_is_refused(customlabels, folder):
    code, _, err = customlabels("dataset", "put", "nothing", "lot", "--from", "folder", str(folder))
    assert (code, "no project 'nothing'" in err) == (1, True)


def test_a_manifest_of_another_hand_is_no_reason_to_write_nothing(put, folder, objects):
    objects.bodies[BUCKET, TRAIN] = b"[]\n"
    objects.bodies[BUCKET, TEST] = b""
    put(folder)
    assert objects.written[-1] == TRAIN
    assert objects.text(TRAIN) == [
        write_line(image, created_of(line)) for line in objects.text(TRAIN) if (image := read_line(line).image)
    ]


def created_of(line):
    return json.loads(line)["label-0-metadata"]["creation-date"]
