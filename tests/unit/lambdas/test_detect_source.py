import io
import struct
import zlib

import pytest
from botocore.exceptions import ClientError
from PIL import Image, PngImagePlugin

from lambdas.detect_labels.source import HEADER_BYTES, MAX_BYTES, check_source, read_source
from lambdas.errors import ErrorCode, PermanentError
from lambdas.images import ImageRef
from lambdas.jobs import Source
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.pictures import noise, picture
from tests.unit.lambdas.services import Bucket


@pytest.fixture
def bucket():
    return Bucket()


@pytest.fixture
def look(bucket, image):
    """Read and check an object with this content."""

    def read_and_check(body, **metadata):
        bucket.put(image.key, body, **metadata)
        source = read_source(client_of("s3", bucket), image)
        check_source(source)
        return source

    return read_and_check


@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
def test_a_picture_says_format_and_pixels(look, file_format):
    body = picture(100, 80, file_format)
    assert look(body) == Source(size=len(body), format=file_format, width=100, height=80)


def test_the_metadata_job_tag_is_the_jobs_tag(look):
    assert look(picture(), job_tag="lot-7").job_tag == "lot-7"


def test_only_the_header_of_a_large_picture_is_read_and_its_size_is_the_whole_objects(look):
    body = noise(600, 400, "PNG")
    assert len(body) > HEADER_BYTES
    assert look(body) == Source(size=len(body), format="PNG", width=600, height=400)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (4096, 4096), (64, 1280), (1280, 64)])
def test_pictures_at_the_limits_pass(look, width, height):
    assert look(picture(width, height)).width == width


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"just a text that somebody called a.jpg\n", ErrorCode.NOT_AN_IMAGE),
        (b"\0" * 100, ErrorCode.NOT_AN_IMAGE),
        (picture(63, 100), ErrorCode.TOO_SMALL),
        (picture(100, 63, "JPEG"), ErrorCode.TOO_SMALL),
        (picture(4097, 500), ErrorCode.TOO_MANY_PIXELS),
        (picture(64, 1344), ErrorCode.ASPECT_RATIO),
        (picture(1281, 64), ErrorCode.ASPECT_RATIO),
        (b"", ErrorCode.EMPTY_OBJECT),
    ],
)
def test_what_rekognition_would_refuse_has_its_reason(look, body, code):
    with pytest.raises(PermanentError) as refused:
        look(body)
    assert refused.value.code is code
    assert refused.value.message


@pytest.mark.parametrize("file_format", ["GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000"])
def test_another_picture_format_is_named(look, file_format):
    with pytest.raises(PermanentError, match=f"The image is {file_format}; Rekognition reads PNG and JPEG") as refused:
        look(picture(file_format=file_format))
    assert refused.value.code is ErrorCode.UNSUPPORTED_FORMAT


@pytest.mark.parametrize("file_format", ["GIF", "TIFF", "WEBP", "AVIF"])
def test_another_picture_format_is_named_though_only_its_header_was_read(look, file_format):
    body = noise(600, 500, file_format)
    assert len(body) > HEADER_BYTES
    with pytest.raises(PermanentError, match=f"The image is {file_format};"):
        look(body)


def test_a_phones_heic_picture_is_named(look):
    with pytest.raises(PermanentError, match="The image is HEIF;"):
        look(b"\0\0\0\x24ftypheic\0\0\0\0mif1heic" + b"\0" * 100)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
def test_a_broken_header_is_left_to_the_service(look, file_format):
    body = picture(file_format=file_format)[:20]
    assert look(body) == Source(size=20, format=file_format)


def test_a_picture_whose_text_chunk_explodes_is_left_to_the_service(look):
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "x" * 3_000_000, zip=True)
    file = io.BytesIO()
    Image.new("RGB", (100, 100)).save(file, "PNG", pnginfo=text)
    assert look(file.getvalue()).format == "PNG"


def test_data_that_makes_one_of_pillows_rare_readers_stumble_is_no_image(look):
    header = [0.0] * 27  # of a SPIDER micrograph, which Pillow fails on with an AttributeError
    for place, value in {5: 1, 2: 64, 12: 64, 13: 1, 22: 256, 23: 256, 27: 1}.items():
        header[place - 1] = value
    with pytest.raises(PermanentError) as refused:
        look(struct.pack(">27f", *header) + b"\0" * 148)
    assert refused.value.code is ErrorCode.NOT_AN_IMAGE


def test_a_broken_photoshop_file_on_which_pillow_overflows_is_named(look):
    header = b"8BPS" + bytes.fromhex("0001 0000 0000 0000 0003 7f00 0080 ff00 0080 0008 0003")
    with pytest.raises(PermanentError, match="The image is PSD;") as refused:
        look(header + b"\0" * 18 + b"\0\x80" + b"\0" * 22)
    assert refused.value.code is ErrorCode.UNSUPPORTED_FORMAT


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"mif1", b"msf1"])
def test_every_brand_of_heif_is_named(look, brand):
    with pytest.raises(PermanentError, match="The image is HEIF;"):
        look(b"\0\0\0\x24ftyp" + brand + b"\0" * 100)


def test_a_decompression_bomb_keeps_its_job_tag(bucket, image):
    bucket.put(image.key, bomb(), job_tag="lot-7")
    assert read_source(client_of("s3", bucket), image).job_tag == "lot-7"


def bomb() -> bytes:
    """Return a small PNG that declares 60,000 pixels a side."""
    body = bytearray(picture())
    body[16:24] = (60_000).to_bytes(4, "big") * 2  # width and height of the IHDR chunk
    body[29:33] = zlib.crc32(body[12:29]).to_bytes(4, "big")
    return bytes(body)


def test_a_header_that_declares_a_decompression_bomb_is_too_many_pixels(look):
    with pytest.raises(PermanentError) as refused:
        look(bomb())
    assert refused.value.code is ErrorCode.TOO_MANY_PIXELS


@pytest.mark.parametrize(("more", "refused"), [(0, False), (1, True)])
def test_an_object_of_more_than_fifteen_megabytes_is_too_large(look, bucket, image, more, refused):
    bucket.sizes[image.key] = MAX_BYTES + more
    if not refused:
        assert look(picture()).size == MAX_BYTES
        return
    with pytest.raises(PermanentError, match="15,728,641 bytes; the limit is 15,728,640") as error:
        look(picture())
    assert error.value.code is ErrorCode.TOO_LARGE


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (Refusal("AccessDenied", 403), ErrorCode.OBJECT_FORBIDDEN),
        (Refusal("InvalidObjectState", 403), ErrorCode.OBJECT_FORBIDDEN),
        (Refusal("NoSuchKey", 404), ErrorCode.OBJECT_GONE),
    ],
)
def test_an_object_that_cannot_be_read_has_its_reason_and_its_place(bucket, image, refusal, code):
    bucket.refusals[image.key] = refusal
    with pytest.raises(PermanentError, match=r"s3://images/digits/a\.png \(version v1\)") as refused:
        read_source(client_of("s3", bucket), image)
    assert refused.value.code is code


def test_a_version_that_was_deleted_is_gone_though_the_key_lives_on(bucket, image):
    bucket.put(image.key, picture(), version="v2")
    with pytest.raises(PermanentError) as refused:
        read_source(client_of("s3", bucket), image)
    assert refused.value.code is ErrorCode.OBJECT_GONE


def test_the_version_that_the_event_named_is_read(bucket):
    bucket.put("digits/a.png", picture(100, 80), version="v1")
    bucket.put("digits/a.png", picture(200, 80), version="v2")
    assert read_source(client_of("s3", bucket), ImageRef("images", "digits/a.png", "v1")).width == 100


def test_errors_that_are_not_the_objects_pass_through(bucket, image):
    bucket.refusals[image.key] = Refusal("SlowDown", 503)
    with pytest.raises(ClientError, match="SlowDown"):
        read_source(client_of("s3", bucket), image)
