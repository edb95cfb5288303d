"""What images cost: hostile ones are refused by the documented error, large ones are looked at in bounded memory."""

from __future__ import annotations

import base64
import io
import zlib

import numpy as np
import pytest
from drawn_pngs import black, chunk, deflated, png
from measured_apart import measured_apart, needs_proc
from PIL import Image
from rekognition_bench import drawing, label_line, put_drawings

from local.rekognition.images import CUSTOM_LABELS, GENERAL, Flaw, UnusableImageError, open_image

MOST_SECONDS, MOST_MEGABYTES = 5, 250
LINE = deflated([bytes(1 + 3 * 80)] * 80)  # the data of a black picture, 80 pixels a side

OPEN = (
    "from local.rekognition.images import GENERAL, open_image, UnusableImageError\n"
    "content = Path(sys.argv[1]).read_bytes()"
)
LOOK = """
try:
    answer = open_image(content, 320, GENERAL).size
except UnusableImageError as error:
    answer = error.flaw.name
"""
TRAIN = """
from rekognition_bench import Bench, shapes_data, drawing
bench = Bench()
project = bench.call("CreateProject", ProjectName="p")["ProjectArn"]
bench.trained(bench.create_version(project, "warm", **shapes_data(bench)))
data = shapes_data(bench, 300, 300)
for place in bench.objects.contents:
    if place[1].endswith(".png"):
        number = int(place[1].split("/")[1].split(".")[0])
        bench.objects.contents[place] = drawing(("disc", "cross")[number % 2], number, (256, 256))
"""
TRAINING = """
answer = bench.trained(bench.create_version(project, "v", **data))["Status"]
"""


def saved(image: Image.Image, kind: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def noisy(side: int, mode: str = "RGB") -> Image.Image:
    return Image.effect_noise((side, side), 60).convert(mode)


def opened_apart(tmp_path, content: bytes):
    file = tmp_path / "image"
    file.write_bytes(content)
    return measured_apart(OPEN, LOOK, str(file))


HOSTILE = {
    "a bomb of one bit a pixel": (png((50_000, 50_000), 1, 0, LINE), Flaw.TOO_LARGE),
    "a bomb of text": (
        png((80, 80), 8, 2, LINE, before=chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1 << 26)))),
        Flaw.NOT_AN_IMAGE,
    ),
    "a bomb of a profile": (
        png((80, 80), 8, 2, LINE, before=chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(1 << 26)))),
        Flaw.NOT_AN_IMAGE,
    ),
    "a million chunks": (png((80, 80), 8, 2, LINE, before=chunk(b"abCd") * 1_000_000), Flaw.NOT_AN_IMAGE),
    "a million chunks of data": (png((80, 80), 8, 2, LINE, before=chunk(b"IDAT") * 1_000_000), Flaw.NOT_AN_IMAGE),
    "a million segments": (
        b"\xff\xd8" + b"\xff\xfe\x00\x02" * 3_000_000 + saved(noisy(80), "JPEG")[2:],
        Flaw.NOT_AN_IMAGE,
    ),
    "a JPEG of filling": (b"\xff\xd8" + b"\xff" * 15_000_000 + saved(noisy(80), "JPEG")[2:], Flaw.NOT_AN_IMAGE),
    "a JPEG of beginnings": (b"\xff\xd8\xff\xd8" * 3_000_000, Flaw.NOT_AN_IMAGE),
    "a JPEG without a scan": (saved(noisy(80), "JPEG")[:160], Flaw.NOT_AN_IMAGE),
    "half a JPEG": (saved(noisy(200), "JPEG")[:3000], Flaw.NOT_AN_IMAGE),
    "half a PNG": (saved(noisy(200), "PNG")[:3000], Flaw.NOT_AN_IMAGE),
    "a GIF": (saved(noisy(80), "GIF"), Flaw.NOT_AN_IMAGE),
    "a TIFF": (saved(noisy(80), "TIFF"), Flaw.NOT_AN_IMAGE),
}


@needs_proc
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_image_is_refused_in_bounded_time_and_memory(tmp_path, kind):
    content, flaw = HOSTILE[kind]
    found = opened_apart(tmp_path, content)
    assert found.answer == flaw.name
    assert found.seconds < MOST_SECONDS / 4
    assert found.megabytes < 40


@pytest.mark.parametrize(
    ("kind", "error", "finding"),
    [
        ("a bomb of one bit a pixel", "ImageTooLargeException", "ERROR_INVALID_IMAGE_DIMENSION"),
        ("a bomb of text", "InvalidImageFormatException", "ERROR_INVALID_IMAGE"),
        ("half a JPEG", "InvalidImageFormatException", "ERROR_INVALID_IMAGE"),
    ],
)
def test_every_operation_refuses_a_hostile_image_by_its_documented_error(bench, project, version, kind, error, finding):
    content, _ = HOSTILE[kind]
    bench.run(version)
    image = {"Bytes": base64.b64encode(content).decode()}
    assert bench.error("DetectCustomLabels", ProjectVersionArn=version, Image=image) == error
    assert bench.error("DetectLabels", Image=image) == error
    assert bench.error("DetectModerationLabels", Image=image) == error
    bench.objects.write("data", "bad.png", content, "image/png")
    lines = [*put_drawings(bench, "more", 16), label_line("bad.png", "disc")]
    data = {"TrainingData": bench.put_manifest("bad.manifest", lines), "TestingData": {"AutoCreate": True}}
    described = bench.trained(bench.create_version(project, "v2", **data))
    assert described["Status"] == "TRAINING_COMPLETED"
    manifest = b"".join(
        body for (bucket, key, _), body in bench.objects.contents.items() if bucket == "out" and "WithValidation" in key
    )
    assert f'"{finding}"'.encode() in manifest


@needs_proc
def test_a_large_png_is_looked_at_in_bounded_memory(tmp_path):
    found = opened_apart(tmp_path, black(10_000, 5_000, color=6))
    assert found.answer == [10_000, 5_000]
    assert found.megabytes < 100  # its pixels are 200 MB
    assert found.seconds < MOST_SECONDS


@needs_proc
def test_a_large_jpeg_is_looked_at_in_bounded_memory(tmp_path):
    found = opened_apart(tmp_path, saved(Image.new("RGB", (10_000, 5_000), "red"), "JPEG"))
    assert found.answer == [10_000, 5_000]
    assert found.megabytes < 50


@needs_proc
@pytest.mark.parametrize(("depth", "color"), [(16, 6), (8, 6), (16, 0), (8, 3)])
def test_the_largest_png_of_custom_labels_is_looked_at_in_bounded_memory(tmp_path, depth, color):
    palette = chunk(b"PLTE", bytes(768)) if color == 3 else b""
    content = black(4096, 4096, depth, color).replace(chunk(b"IEND"), b"")
    at = content.index(b"IDAT") - 4
    found = opened_apart(tmp_path, content[:at] + palette + content[at:] + chunk(b"IEND"))
    assert found.answer == [4096, 4096]
    assert found.megabytes < MOST_MEGABYTES


@needs_proc
@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_the_largest_progressive_jpeg_of_custom_labels_is_looked_at_in_bounded_memory(tmp_path, mode):
    content = saved(Image.new(mode, (4096, 4096)), "JPEG", progressive=True, subsampling=0)
    found = opened_apart(tmp_path, content)
    assert found.answer == [4096, 4096]
    assert found.megabytes < MOST_MEGABYTES


def test_a_progressive_jpeg_whose_coefficients_fill_the_memory_is_too_large():
    content = saved(Image.new("RGB", (9_000, 9_000)), "JPEG", progressive=True)
    with pytest.raises(UnusableImageError) as refused:
        open_image(content, 320, GENERAL)
    assert refused.value.flaw is Flaw.TOO_LARGE
    assert open_image(saved(Image.new("RGB", (9_000, 9_000)), "JPEG"), 320, GENERAL).size == (9_000, 9_000)


def test_a_png_may_hold_by_chance_what_would_be_many_scans_in_a_jpeg():
    noise = np.random.default_rng(0).integers(0, 256, (1800, 1 + 3 * 1800), dtype=np.uint8)
    noise[:, 0] = 0
    content = png((1800, 1800), 8, 2, zlib.compress(noise, 0), before=chunk(b"abCd", b"\xff\xda" * 200))
    assert open_image(content, 640).size == (1800, 1800)


def test_a_thumbnail_within_a_jpeg_is_none_of_its_scans():
    content = saved(noisy(80), "JPEG")
    scans = b"\xff\xe2" + (2 + 400).to_bytes(2, "big") + b"\xff\xda" * 200
    assert open_image(content[:2] + scans + content[2:], 640).size == (80, 80)


@pytest.mark.parametrize(
    "content",
    [
        saved(noisy(80), "PNG", save_all=True, append_images=[Image.new("RGB", (80, 80), "red")] * 3),
        saved(noisy(80, "CMYK"), "JPEG"),
        saved(noisy(80, "P"), "PNG", transparency=3),
        saved(noisy(80, "LA"), "PNG"),
        saved(noisy(80, "1"), "PNG"),
        saved(noisy(80, "L"), "JPEG", progressive=True),
        drawing("disc", 1) + bytes(10_000_000),
    ],
    ids=["APNG", "CMYK", "palette with transparency", "grey with alpha", "one bit", "grey progressive", "trailing"],
)
def test_an_unusual_image_is_looked_at_as_rgb(content):
    picture = open_image(content, 64)
    assert (picture.size, picture.image.size, picture.image.mode) == ((80, 80), (64, 64), "RGB")


def test_the_orientation_that_exif_tells_is_left_alone():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    content = saved(Image.new("RGB", (160, 80)), "JPEG", exif=exif)
    picture = open_image(content, 80)
    assert (picture.size, picture.image.size) == ((160, 80), (80, 40))


def test_the_bounds_are_of_the_image_as_it_came_and_not_as_it_is_shrunk():
    assert open_image(black(4096, 205), 64).size == (4096, 205)
    with pytest.raises(UnusableImageError) as refused:
        open_image(black(4097, 300), 64, CUSTOM_LABELS)
    assert refused.value.flaw is Flaw.TOO_LARGE


@needs_proc
def test_a_training_holds_no_pictures():
    found = measured_apart(TRAIN, TRAINING)
    assert found.answer == "TRAINING_COMPLETED"
    assert found.megabytes < 40  # the 600 pictures are 157 MB
