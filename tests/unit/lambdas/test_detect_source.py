import struct

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from lambdas.detect_labels.source import check_source, read_source
from lambdas.errors import ErrorCode, PermanentError
from lambdas.images import ImageRef
from lambdas.jobs import Source
from lambdas.object_file import FIRST_BYTES, MAX_HEADER_BYTES
from lambdas.pictures.limits import MAX_PIXELS
from tests.unit.aws import Refusal, client_of
from tests.unit.lambdas.pictures import bomb, noise, oriented, picture, quarters, saved
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


def with_segments(jpeg: bytes, count: int) -> bytes:
    """Return a JPEG with so many segments of 64 KiB before its size."""
    segment = b"\xff\xe2" + struct.pack(">H", 65_535) + b"\0" * 65_533
    return jpeg[:2] + segment * count + jpeg[2:]


@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
def test_a_picture_says_format_and_pixels(look, file_format):
    body = picture(100, 80, file_format)
    assert look(body) == Source(size=len(body), format=file_format, width=100, height=80, plain=True)


def test_the_metadata_job_tag_is_the_jobs_tag(look):
    assert look(picture(), job_tag="lot-7").job_tag == "lot-7"


def test_a_small_object_is_read_whole_at_once(look, bucket):
    body = picture()
    assert look(body).content == body
    assert bucket.reads == 1


def test_only_the_header_of_a_large_picture_is_read_and_its_size_is_the_whole_objects(look, bucket):
    body = noise(600, 400, "PNG")
    assert len(body) > FIRST_BYTES
    source = look(body)
    assert source == Source(size=len(body), format="PNG", width=600, height=400, plain=True)
    assert source.content is None
    assert bucket.ranges == [f"bytes=0-{FIRST_BYTES - 1}"]


def test_a_tiff_whose_directory_is_at_its_end_is_read_in_two_parts(look, bucket):
    body = noise(600, 400, "TIFF")
    at = struct.unpack("<I", body[4:8])[0]
    moved = body[:4] + struct.pack("<I", len(body)) + body[8:] + body[at:]
    assert look(moved).width == 600
    assert len(bucket.ranges) == 2


@pytest.mark.parametrize("segments", [1, 5, 12])
def test_a_jpeg_with_much_before_its_size_is_read_further_in_growing_parts(look, bucket, segments):
    source = look(with_segments(picture(100, 80, "JPEG"), segments))
    assert (source.width, source.height, source.plain) == (100, 80, True)
    assert bucket.reads <= 5


def test_a_header_without_end_is_read_up_to_a_bound_and_left_to_the_decoder(look, bucket):
    source = look(with_segments(picture(100, 80, "JPEG"), 40))
    assert (source.format, source.width, source.plain) == ("JPEG", None, False)
    asked = [tuple(map(int, said.removeprefix("bytes=").split("-"))) for said in bucket.ranges]
    assert sum(last + 1 - first for first, last in asked) <= MAX_HEADER_BYTES


def test_an_s3_that_answers_with_the_whole_object_is_understood(look, bucket):
    bucket.ignores_ranges = True
    body = with_segments(picture(100, 80, "JPEG"), 5)
    source = look(body)
    assert (source.size, source.width, source.content) == (len(body), 100, None)


def test_the_size_of_a_turned_picture_is_as_people_see_it(look):
    source = look(oriented(6))
    assert (source.width, source.height, source.plain) == (400, 300, False)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (4096, 4096), (64, 1280), (1280, 64), (9000, 6000)])
def test_pictures_at_the_limits_pass(look, width, height):
    assert look(picture(width, height)).width == width


def declaring(width: int, height: int) -> bytes:
    """Return a BMP's header."""
    return b"BM" + b"\0" * 12 + struct.pack("<III", 40, width, height) + b"\0" * 28


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (b"just a text that somebody called a.jpg\n", ErrorCode.NOT_AN_IMAGE, "not an image"),
        (b"\0" * 100, ErrorCode.NOT_AN_IMAGE, "not an image"),
        (picture(63, 100), ErrorCode.TOO_SMALL, "63 x 100 pixels; each side needs at least 64"),
        (picture(100, 63, "JPEG"), ErrorCode.TOO_SMALL, "at least 64"),
        (picture(64, 1344), ErrorCode.ASPECT_RATIO, "20 times"),
        (picture(1281, 64, "WEBP"), ErrorCode.ASPECT_RATIO, "20 times"),
        (declaring(16_000, 8_001), ErrorCode.TOO_MANY_PIXELS, f"128,016,000 in all; the limit is {MAX_PIXELS:,}"),
        (bomb(), ErrorCode.TOO_MANY_PIXELS, "60,000 x 60,000"),
        (b"%PDF-1.7\n", ErrorCode.UNSUPPORTED_FORMAT, "The file is PDF"),
        (b"\0\0\0\x18ftypqt  \0\0\0\0", ErrorCode.UNSUPPORTED_FORMAT, "video"),
        (b"", ErrorCode.EMPTY_OBJECT, "no bytes"),
    ],
)
def test_what_nobody_can_look_at_has_its_reason(look, body, code, said):
    with pytest.raises(PermanentError, match=said) as refused:
        look(body)
    assert refused.value.code is code


def test_a_broken_header_is_left_to_the_decoder(look):
    assert look(picture(file_format="JPEG")[:20]) == Source(size=20, format="JPEG")


@pytest.mark.parametrize("file_format", ["GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000"])
def test_formats_that_a_decoder_reads_pass(look, file_format):
    assert look(saved(quarters(), file_format)).format == file_format


def test_a_refused_picture_keeps_its_job_tag(bucket, image):
    bucket.put(image.key, bomb(), job_tag="lot-7")
    assert read_source(client_of("s3", bucket), image).job_tag == "lot-7"


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
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


def test_an_object_without_versions_is_read_without_one(bucket):
    bucket.put("digits/a.png", picture(100, 80), version="null")
    assert read_source(client_of("s3", bucket), ImageRef("images", "digits/a.png", "null")).width == 100


@pytest.mark.parametrize("code", ["SlowDown", "AccessDenied", "KMS.DisabledException"])
def test_errors_that_are_not_the_objects_pass_through(bucket, image, code):
    bucket.refusals[image.key] = Refusal(code, 403)
    with pytest.raises(ClientError, match=code):
        read_source(client_of("s3", bucket), image)


def test_sixteen_bit_pictures_are_not_sent_as_they_are(look):
    assert look(saved(Image.new("I;16", (100, 100)), "PNG")).plain is False
