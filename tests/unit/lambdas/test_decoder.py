import io
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from PIL import Image

from lambdas.errors import ErrorCode, PermanentError
from lambdas.pictures.confinement import memory_left
from lambdas.pictures.decoder import Decoder, DecoderUnavailableError
from tests.unit.lambdas.hostile_decoders import BABBLING, DEADLY, HANGING, HUNGRY
from tests.unit.lambdas.pictures import bomb, endless_jpeg, noise, picture, quarters, saved, seen


@pytest.fixture(scope="module")
def decoder():
    made = Decoder()
    yield made
    made.close()


@pytest.fixture(scope="module")
def hostile():
    made = Decoder(module="tests.unit.lambdas.hostile_decoders", seconds=3)
    yield made
    made.close()


def stored(body: bytes):
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(body)
    file.flush()
    file.seek(0)
    return file


def normalise(decoder: Decoder, body: bytes, file_format: str):
    with stored(body) as file:
        return decoder.normalise(file, file_format)


def process_of(decoder: Decoder) -> int:
    """Return the decoding process, which is this process's only child."""
    assert decoder._process
    return decoder._process.pid


def children() -> list[str]:
    """Return this process's children in any state, zombies too."""
    return Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()


def test_the_picture_comes_back_as_a_jpeg_with_the_size_of_the_original(decoder):
    found = normalise(decoder, saved(quarters(), "TIFF"), "TIFF")
    with Image.open(io.BytesIO(found.content), formats=["JPEG"]) as image:
        assert image.size == (found.width, found.height) == (400, 300)
        assert seen(image)["top right"] == pytest.approx((0, 255, 0), abs=3)
    assert found.changes == ["converted from TIFF"]


def test_a_picture_is_shrunk_to_so_many_pixels_a_side_and_so_many_bytes(decoder):
    with stored(noise(900, 600, "JPEG")) as file:
        found = decoder.shrink(file, "JPEG", side=300, most_bytes=12_000)
    assert (found.width, found.height) == (900, 600), "of the original"
    assert len(found.content) <= 12_000
    with Image.open(io.BytesIO(found.content), formats=["JPEG"]) as image:
        assert max(image.size) <= 300
        assert image.width / image.height == pytest.approx(1.5, abs=0.02)


def test_one_process_serves_one_picture_after_the_other(decoder):
    normalise(decoder, picture(), "PNG")
    first = process_of(decoder)
    normalise(decoder, picture(), "PNG")
    assert process_of(decoder) == first


def test_no_process_is_started_before_the_first_picture():
    before = children()
    Decoder().close()
    assert children() == before


@pytest.mark.parametrize(
    ("body", "file_format", "code"),
    [
        (bomb(), "PNG", ErrorCode.TOO_MANY_PIXELS),
        (picture(40, 100, "BMP"), "BMP", ErrorCode.TOO_SMALL),
        (picture(64, 1300, "GIF"), "GIF", ErrorCode.ASPECT_RATIO),
        (noise(300, 300, "PNG")[:20_000], "PNG", ErrorCode.CORRUPT_IMAGE),
        (noise(300, 300, "JPEG")[:20_000], "JPEG", ErrorCode.CORRUPT_IMAGE),
        (noise(300, 300, "WEBP")[:20_000], "WEBP", ErrorCode.CORRUPT_IMAGE),
        (noise(300, 300, "AVIF")[:20_000], "AVIF", ErrorCode.CORRUPT_IMAGE),
        (picture(file_format="JPEG"), "PNG", ErrorCode.CORRUPT_IMAGE),
        (b"\0\0\0\x24ftypheic\0\0\0\0mif1heic" + b"\0" * 100, "HEIF", ErrorCode.CORRUPT_IMAGE),
    ],
    ids=["bomb", "small", "long", "cut PNG", "cut JPEG", "cut WEBP", "cut AVIF", "wrong mark", "empty HEIC"],
)
def test_a_hostile_file_has_its_reason_and_the_next_picture_is_decoded(decoder, body, file_format, code):
    with pytest.raises(PermanentError) as refused:
        normalise(decoder, body, file_format)
    assert refused.value.code is code
    assert normalise(decoder, picture(), "PNG").width == 100


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (DEADLY, ErrorCode.CORRUPT_IMAGE, "crashes its decoder .SIGSEGV."),
        (HANGING, ErrorCode.CORRUPT_IMAGE, "not be decoded within 3 seconds"),
        (HUNGRY, ErrorCode.TOO_MANY_PIXELS, "more memory"),
    ],
    ids=["deadly", "hanging", "hungry"],
)
def test_a_picture_that_ends_its_decoder_is_refused_and_the_next_is_decoded(hostile, body, code, said):
    with pytest.raises(PermanentError, match=said) as refused:
        normalise(hostile, body, "BMP")
    assert refused.value.code is code
    assert normalise(hostile, picture(), "PNG").width == 100


def test_what_libraries_write_reaches_nobody_and_fills_nothing(hostile, capfd):
    with pytest.raises(PermanentError):
        normalise(hostile, BABBLING, "BMP")
    assert normalise(hostile, picture(), "PNG").width == 100
    assert capfd.readouterr() == ("", "")
    assert os.fstat(hostile._log.fileno()).st_size <= 64 * 1024


def test_a_jpeg_of_endless_scans_is_given_up():
    decoder = Decoder(seconds=2)
    with pytest.raises(PermanentError, match="not progressive") as refused:
        normalise(decoder, endless_jpeg(3000), "JPEG")
    assert refused.value.code is ErrorCode.CORRUPT_IMAGE
    decoder.close()


def test_a_picture_that_needs_more_memory_than_there_is_has_too_many_pixels():
    decoder = Decoder(memory_bytes=200 * 1024 * 1024)
    with pytest.raises(PermanentError, match="more memory") as refused:
        normalise(decoder, picture(8000, 8000, "BMP"), "BMP")
    assert refused.value.code is ErrorCode.TOO_MANY_PIXELS
    decoder.close()


@pytest.mark.parametrize(("megabytes", "left"), [("1024", 768), ("2048", 1792), ("256", 256)])
def test_the_process_may_take_what_the_function_leaves(megabytes, left):
    assert memory_left({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": megabytes}) == left * 1024 * 1024


def test_no_process_and_no_zombie_is_left(hostile):
    before = set(children())
    decoder = Decoder(module="tests.unit.lambdas.hostile_decoders")
    with pytest.raises(PermanentError):
        normalise(decoder, DEADLY, "BMP")
    assert set(children()) == before
    normalise(decoder, picture(), "PNG")
    assert set(children()) == before | {str(process_of(decoder))}
    decoder.close()
    assert set(children()) == before


def test_a_decoder_that_died_between_two_pictures_is_replaced(hostile):
    normalise(hostile, picture(), "PNG")
    hostile._process.kill()
    hostile._process.wait()
    assert normalise(hostile, picture(), "PNG").width == 100


def test_pictures_of_many_threads_take_turns(decoder):
    sizes = [(100 + number, 80) for number in range(8)]
    found = []
    threads = [
        threading.Thread(target=lambda size=size: found.append(normalise(decoder, picture(*size), "PNG").width))
        for size in sizes
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [width for width, _ in sizes]


def test_the_decoder_has_no_credentials(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    decoder = Decoder()
    normalise(decoder, picture(), "PNG")
    assert b"secret" not in Path(f"/proc/{process_of(decoder)}/environ").read_bytes()
    decoder.close()


@pytest.mark.skipif(sys.platform != "linux", reason="processes are hidden from each other on Linux")
def test_the_decoder_cannot_read_the_functions_environment_or_memory():
    program = [sys.executable, "-m", "tests.unit.lambdas.peeping"]
    ran = subprocess.run(program, capture_output=True, check=True, text=True, env={"PYTHONPATH": sys.path[0] or "."})
    assert ran.stdout.strip() == "['own']"


def test_a_decoder_that_cannot_start_is_the_functions_fault():
    with pytest.raises(DecoderUnavailableError, match="No module named"):
        normalise(Decoder(module="lambdas.no_such"), picture(), "PNG")


def test_the_process_ends_with_the_function():
    program = (
        "import tempfile, sys; from lambdas.pictures.decoder import Decoder; "
        "file = tempfile.TemporaryFile(); file.write(sys.stdin.buffer.read()); file.flush(); file.seek(0); "
        "decoder = Decoder(); decoder.normalise(file, 'PNG'); print(decoder._process.pid, flush=True); "
        "import os; os._exit(0)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        input=picture(),
        capture_output=True,
        check=True,
        env={"PYTHONPATH": sys.path[0] or "."},
    )
    status = Path(f"/proc/{ran.stdout.decode().strip()}/status")
    waited = threading.Event()
    for _ in range(100):
        if not status.exists() or "zombie" in status.read_text():
            return
        waited.wait(0.05)
    pytest.fail("the decoding process lives on")


def test_the_function_itself_does_not_load_the_libraries_that_decode():
    program = "import sys, lambdas.detect_labels.preparation; print({'PIL', 'pi_heif'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert ran.stdout.strip() == "set()"
