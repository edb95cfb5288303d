import io
import struct

import pytest
from PIL import Image

from lambdas.detect_labels.preparation import annotate, prepare
from lambdas.detect_labels.source import read_source
from lambdas.errors import ErrorCode, PermanentError
from lambdas.pictures.decoder import Decoder
from lambdas.pictures.limits import MAX_DOWNLOAD_BYTES, MAX_REFERENCE_BYTES, MAX_REQUEST_BYTES
from tests.unit.aws import client_of
from tests.unit.lambdas.pictures import HEIC, bomb, noise, oriented, picture, quarters, saved, seen
from tests.unit.lambdas.services import Bucket

UPRIGHT = {
    "top left": (255, 0, 0),
    "top right": (0, 255, 0),
    "bottom left": (0, 0, 255),
    "bottom right": (255, 255, 255),
}


@pytest.fixture
def bucket():
    return Bucket()


@pytest.fixture(scope="module")
def decoder():
    made = Decoder()
    yield made
    made.close()


@pytest.fixture
def prepared(bucket, decoder, image):
    """Prepare an object with this content."""

    def read_and_prepare(body, **options):
        bucket.put(image.key, body)
        s3 = client_of("s3", bucket)
        return prepare(s3, decoder, image, read_source(s3, image), **options)

    return read_and_prepare


def sent(prepared) -> Image.Image:
    """Return the picture that the request holds."""
    assert len(prepared.request["Bytes"]) <= MAX_REQUEST_BYTES
    image = Image.open(io.BytesIO(prepared.request["Bytes"]), formats=["JPEG"])
    assert image.mode == "RGB"
    assert max(image.size) <= 4096
    return image


def looks_upright(image: Image.Image) -> bool:
    return all(value == pytest.approx(UPRIGHT[place], abs=12) for place, value in seen(image).items())


@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
def test_what_rekognition_takes_goes_by_reference(prepared, image, file_format, bucket):
    found = prepared(noise(600, 400, file_format))
    assert found.request == {"S3Object": {"Bucket": image.bucket, "Name": image.key, "Version": image.version}}
    assert (found.width, found.height, found.changes) == (600, 400, [])
    assert bucket.reads == 1


@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
def test_a_small_image_that_was_read_whole_with_its_header_goes_as_it_is_within_the_request(
    prepared, file_format, bucket
):
    body = picture(100, 80, file_format)
    found = prepared(body)
    assert found.request == {"Bytes": body}
    assert (found.width, found.height, found.changes) == (100, 80, [])
    assert bucket.reads == 1


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_photo_is_sent_upright(prepared, orientation):
    found = prepared(oriented(orientation))
    assert looks_upright(sent(found))
    assert (found.width, found.height) == (400, 300)
    assert found.changes == [f"rotated by EXIF orientation {orientation}"]


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP", "AVIF"])
def test_orientation_counts_in_every_format(prepared, file_format):
    found = prepared(oriented(6, file_format))
    assert looks_upright(sent(found))
    assert (found.width, found.height) == (400, 300)
    assert "rotated by EXIF orientation 6" in found.changes


def test_a_phones_heic_is_sent_upright(prepared):
    found = prepared(HEIC)
    assert looks_upright(sent(found))
    assert (found.width, found.height, found.changes) == (400, 300, ["converted from HEIF"])


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (saved(quarters(), "BMP"), ["converted from BMP"]),
        (saved(quarters(), "TIFF", compression="tiff_lzw"), ["converted from TIFF"]),
        (saved(quarters(), "WEBP"), ["converted from WEBP"]),
        (saved(quarters(), "AVIF"), ["converted from AVIF"]),
        (saved(quarters(), "JPEG2000"), ["converted from JPEG2000"]),
        (saved(quarters(), "PPM"), ["converted from PPM"]),
        (saved(quarters(), "GIF"), ["converted from GIF", "converted from a palette"]),
        (saved(quarters().quantize(8), "PNG"), ["converted from a palette"]),
        (saved(quarters().convert("CMYK"), "JPEG"), ["converted from CMYK"]),
        (saved(quarters().convert("RGBA"), "PNG"), ["re-encoded as JPEG"]),
        (saved(quarters(), "MPO", save_all=True, append_images=[Image.new("RGB", (400, 300))]), ["first frame of 2"]),
        (saved(quarters(), "PNG", save_all=True, append_images=[Image.new("RGB", (400, 300))]), ["first frame of 2"]),
        (
            saved(quarters(), "TIFF", save_all=True, append_images=[Image.new("RGB", (9, 9))] * 2),
            ["converted from TIFF", "first frame of 3"],
        ),
        (
            saved(quarters(), "WEBP", save_all=True, append_images=[Image.new("RGB", (400, 300))]),
            ["converted from WEBP", "first frame of 2"],
        ),
        (
            saved(quarters(), "GIF", save_all=True, append_images=[Image.new("RGB", (400, 300))]),
            ["converted from GIF", "first frame of 2", "converted from a palette"],
        ),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, list) else "",
)
def test_any_other_picture_is_sent_as_people_see_it_and_says_what_was_done(prepared, body, changes):
    found = prepared(body)
    assert looks_upright(sent(found))
    assert (found.width, found.height, found.changes) == (400, 300, changes)


def test_what_is_transparent_is_white(prepared):
    picture = quarters().convert("RGBA")
    picture.paste((0, 0, 0, 0), (200, 150, 400, 300))
    found = prepared(saved(picture, "PNG"))
    assert looks_upright(sent(found))
    assert found.changes == ["laid on white"]


def test_a_transparent_colour_of_a_palette_is_white(prepared):
    picture = Image.new("P", (400, 300))
    picture.putpalette([255, 0, 0, 0, 0, 0])
    picture.paste(1, (0, 0, 400, 150))
    found = prepared(saved(picture, "GIF", transparency=1))
    assert seen(sent(found))["top left"] == pytest.approx((255, 255, 255), abs=3)
    assert seen(sent(found))["bottom left"] == pytest.approx((254, 0, 0), abs=3)


@pytest.mark.parametrize(("mode", "dark", "bright"), [("I;16", 16_448, 49_344), ("I", -1_000, 3_000), ("F", 0.1, 0.9)])
def test_deep_samples_keep_their_shades(prepared, mode, dark, bright):
    picture = Image.new(mode, (100, 100), dark)
    picture.paste(bright, (50, 0, 100, 100))
    shades = seen(sent(prepared(saved(picture, "TIFF"))))
    expected = (64, 192) if mode == "I;16" else (0, 255)
    assert (shades["top left"][0], shades["top right"][0]) == pytest.approx(expected, abs=2)


def test_a_sixteen_bit_png_says_so(prepared):
    assert prepared(saved(Image.new("I;16", (100, 100), 9), "PNG")).changes == ["converted from 16 bits a sample"]


def test_a_picture_of_too_long_sides_is_shrunk_whole(prepared):
    found = prepared(saved(quarters(9000, 6000), "PNG"))
    image = sent(found)
    assert image.size == (4096, 2731)
    assert looks_upright(image)
    assert (found.width, found.height) == (9000, 6000)
    assert found.changes == ["shrunk from 9000 x 6000 to 4096 x 2731"]


def test_boxes_of_a_shrunk_and_turned_picture_are_the_upright_originals(prepared):
    marked = Image.new("RGB", (6000, 3000), "black")
    marked.paste("white", (1500, 300, 3000, 900))  # left 0.25, top 0.1, right 0.5, bottom 0.3
    exif = Image.Exif()
    exif[274] = 8
    body = saved(marked.transpose(Image.Transpose.ROTATE_270), "JPEG", exif=exif)
    image = sent(prepared(body))
    left, top, right, bottom = image.convert("L").point(lambda sample: 255 * (sample > 127)).getbbox()
    ratios = (left / image.width, top / image.height, right / image.width, bottom / image.height)
    assert ratios == pytest.approx((0.25, 0.1, 0.5, 0.3), abs=0.001)


def test_a_png_of_more_than_fifteen_megabytes_is_sent_as_jpeg(prepared):
    body = saved(quarters(2400, 2200), "PNG", compress_level=0)
    assert len(body) > MAX_REFERENCE_BYTES
    found = prepared(body)
    assert sent(found).size == (2400, 2200)
    assert found.changes == ["re-encoded as JPEG"]


def test_what_no_quality_makes_small_enough_is_shrunk(prepared):
    found = prepared(noise(4000, 4000, "BMP"))
    image = sent(found)
    assert image.width < 4000
    assert f"shrunk from 4000 x 4000 to {image.width} x {image.height}" in found.changes


def test_what_rekognition_refused_by_reference_is_decoded(prepared):
    found = prepared(picture(file_format="JPEG"), normalise=True)
    assert sent(found).size == (100, 80)
    assert found.changes == ["re-encoded as JPEG"]


def test_a_picture_with_a_header_too_long_to_read_is_decoded(prepared):
    segment = b"\xff\xe2" + struct.pack(">H", 65_535) + b"\0" * 65_533
    body = picture(file_format="JPEG")
    found = prepared(body[:2] + segment * 20 + body[2:])
    assert (found.width, found.height) == (100, 80)


def test_a_gigabyte_is_refused_without_being_read(prepared, bucket, image):
    bucket.sizes[image.key] = MAX_DOWNLOAD_BYTES + 1
    with pytest.raises(PermanentError, match="268,435,457 bytes; the limit for BMP is 268,435,456") as refused:
        prepared(noise(400, 400, "BMP"))
    assert refused.value.code is ErrorCode.TOO_LARGE
    assert bucket.reads == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"a text", ErrorCode.NOT_AN_IMAGE),
        (b"", ErrorCode.EMPTY_OBJECT),
        (b"%PDF-1.7", ErrorCode.UNSUPPORTED_FORMAT),
        (bomb(), ErrorCode.TOO_MANY_PIXELS),
        (picture(64, 1300, "WEBP"), ErrorCode.ASPECT_RATIO),
        (picture(file_format="JPEG")[:100], ErrorCode.CORRUPT_IMAGE),
        (picture(50, 50, "JPEG2000"), ErrorCode.TOO_SMALL),
        (saved(quarters(), "TIFF", tiffinfo={254: 1}), ErrorCode.UNSUPPORTED_FORMAT),
    ],
    ids=["text", "empty", "PDF", "bomb", "long", "cut", "small", "raw"],
)
def test_what_can_never_be_detected_has_its_reason(prepared, body, code):
    with pytest.raises(PermanentError) as refused:
        prepared(body)
    assert refused.value.code is code


LABELS = [
    {
        "Name": "crack",
        "Confidence": 97.0,
        "Geometry": {"BoundingBox": {"Left": 0.25, "Top": 0.5, "Width": 0.5, "Height": 0.25}},
    },
    {"Name": "damaged", "Confidence": 80.0},
]


def annotated(bucket, decoder, image, body, labels) -> Image.Image:
    bucket.put(image.key, body)
    s3 = client_of("s3", bucket)
    found = prepare(s3, decoder, image, read_source(s3, image))
    return Image.open(io.BytesIO(annotate(s3, decoder, image, found, labels)), formats=["JPEG"])


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
@pytest.mark.parametrize("size", [(64, 64), (640, 480), (4096, 3000), (1280, 64)])
def test_boxes_are_drawn_where_they_are_and_other_labels_in_the_corner(bucket, decoder, image, file_format, size):
    body = saved(Image.new("RGB", size, "white"), file_format)
    drawn = annotated(bucket, decoder, image, body, LABELS).convert("L")
    assert drawn.size == size
    inked = drawn.point(lambda sample: 255 * (sample < 200))
    middle = int(size[0] * 0.5)
    edges = [inked.getpixel((middle, min(size[1] - 1, int(size[1] * at)))) for at in (0.5, 0.75)]
    assert edges == [255, 255]
    assert inked.crop((0, 0, size[0] // 2, size[1] // 8)).getbbox()


def test_boxes_beyond_the_edges_are_cut(bucket, decoder, image):
    beyond = [
        {"Name": "a", "Confidence": 1.0, "Geometry": {"BoundingBox": {"Left": -1, "Top": 0.5, "Width": 5, "Height": 5}}}
    ]
    assert annotated(bucket, decoder, image, picture(), beyond).size == (100, 80)


def test_a_picture_without_labels_is_copied(bucket, decoder, image):
    assert annotated(bucket, decoder, image, picture(), []).size == (100, 80)


def test_many_labels_of_any_name_are_drawn(bucket, decoder, image):
    many = [{"Name": f"ラベル {number} " + "x" * 200, "Confidence": 50.0} for number in range(100)]
    assert annotated(bucket, decoder, image, picture(), many).size == (100, 80)
