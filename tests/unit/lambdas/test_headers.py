import io
import struct

import pytest
from PIL import Image, PngImagePlugin

from lambdas.pictures.headers.identify import identify
from lambdas.pictures.headers.reading import Header
from tests.unit.lambdas.pictures import HEIC, bomb, noise, oriented, picture, quarters, saved


def header(body: bytes) -> Header | None:
    return identify(io.BytesIO(body))


@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
def test_an_eight_bit_picture_is_plain(file_format):
    assert header(picture(100, 80, file_format)) == Header(format=file_format, width=100, height=80, plain=True)
    grey = saved(Image.new("L", (100, 80)), file_format)
    assert header(grey) == Header(format=file_format, width=100, height=80, plain=True)


@pytest.mark.parametrize("file_format", ["GIF", "BMP", "TIFF", "WEBP", "AVIF"])
def test_other_formats_say_their_size_and_are_not_plain(file_format):
    assert header(picture(100, 80, file_format)) == Header(format=file_format, width=100, height=80)


def test_a_phones_heic_says_the_size_that_is_stored():
    assert header(HEIC) == Header(format="HEIF", width=300, height=400)


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}, {"quality": 50, "exif": b"Exif\0\0"}])
def test_each_kind_of_webp_says_its_size(options):
    assert header(saved(quarters(), "WEBP", **options)) == Header(format="WEBP", width=400, height=300)


@pytest.mark.parametrize(
    "body",
    [
        saved(quarters().convert("CMYK"), "JPEG"),
        saved(quarters().convert("P"), "PNG"),
        saved(quarters().convert("1"), "PNG"),
        saved(quarters().convert("RGBA"), "PNG"),
        saved(quarters().convert("LA"), "PNG"),
        saved(Image.new("I;16", (400, 300)), "PNG"),
        saved(quarters(), "PNG", transparency=(255, 0, 0)),
        saved(quarters(), "PNG", save_all=True, append_images=[Image.new("RGB", (400, 300))]),
    ],
    ids=["CMYK", "palette", "black and white", "alpha", "grey alpha", "16-bit", "transparent colour", "animated"],
)
def test_pixels_that_rekognition_may_see_otherwise_than_people_are_not_plain(body):
    found = header(body)
    assert found
    assert (found.width, found.height, found.plain) == (400, 300, False)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_the_upright_pictures(file_format, orientation):
    found = header(oriented(orientation, file_format))
    assert found
    assert (found.width, found.height) == (400, 300)
    assert found.plain is (orientation == 1 and file_format != "TIFF")


def test_a_jpeg_with_a_second_picture_is_mpo():
    body = saved(quarters(), "MPO", save_all=True, append_images=[quarters()])
    assert header(body) == Header(format="MPO", width=400, height=300)


def test_a_jpeg_with_a_gain_map_for_bright_displays_is_a_plain_jpeg():
    body = saved(quarters(), "MPO", save_all=True, append_images=[quarters()])
    said = b"http://ns.adobe.com/xap/1.0/\0<rdf hdrgm:Version='1.0'/>".replace(b"'", b'"')
    body = body[:2] + b"\xff\xe1" + struct.pack(">H", len(said) + 2) + said + body[2:]
    assert header(body) == Header(format="JPEG", width=400, height=300, plain=True)


def test_a_png_whose_text_would_explode_is_plain_all_the_same():
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "x" * 3_000_000, zip=True)
    assert header(saved(Image.new("RGB", (100, 100)), "PNG", pnginfo=text)) == Header(
        format="PNG", width=100, height=100, plain=True
    )


def test_a_decompression_bomb_says_its_size():
    assert header(bomb()) == Header(format="PNG", width=60_000, height=60_000, plain=True)


@pytest.mark.parametrize(
    ("body", "file_format"),
    [
        (picture(file_format="JPEG2000"), "JPEG2000"),
        (picture(file_format="PPM"), "PPM"),
        (b"8BPS\0\1" + b"\0" * 40, "PSD"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1", "Canon raw"),
        (b"\0\0\0\x18ftypisom\0\0\2\0", "a video or another MP4"),
        (b"%PDF-1.7\n", "PDF"),
        (b"II+\0\x08\0\0\0" + b"\0" * 20, "TIFF"),
    ],
)
def test_formats_without_a_reader_are_named(body, file_format):
    assert header(body) == Header(format=file_format)


@pytest.mark.parametrize("body", [b"", b"just a text that somebody called a.jpg\n", b"\0" * 100, b"\xff\xd8"])
def test_what_is_no_image_is_none(body):
    assert header(body) is None


def test_a_file_is_what_its_first_bytes_say_whatever_follows():
    polyglot = picture(100, 80, "PNG") + picture(5, 5, "JPEG") + b"PK\3\4"
    assert header(polyglot) == Header(format="PNG", width=100, height=80, plain=True)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP", "AVIF"])
def test_a_header_that_is_cut_anywhere_or_has_wrong_bytes_is_read_without_a_crash(file_format):
    body = noise(64, 64, file_format)
    for at in range(16, min(len(body), 400)):
        assert header(body[:at]), f"cut at {at}"
        for value in (0, 0xFF):
            assert header(body[:at] + bytes([value]) + body[at + 1 :]), f"{value} at {at}"


def test_heic_with_wrong_bytes_is_read_without_a_crash():
    for at in range(16, len(HEIC)):
        for value in (0, 1, 0xFF):
            assert header(HEIC[:at] + bytes([value]) + HEIC[at + 1 :])


def test_an_endless_row_of_boxes_ends():
    assert header(b"\0\0\0\x10ftypheic\0\0\0\0" + b"\0\0\0\x08free" * 10_000) == Header(format="HEIF")


def test_exif_data_that_points_nowhere_says_upright():
    body = bytearray(oriented(6))
    at = body.index(b"Exif\0\0") + 6 + 4
    body[at : at + 4] = b"\xff\xff\xff\xff"
    found = header(bytes(body))
    assert found
    assert (found.width, found.height) == (300, 400)
