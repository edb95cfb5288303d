"""Frames out of videos: which moments, in which process, and what is refused."""

import io
import time

import pytest
from PIL import Image

from lambdas.errors import ErrorCode, PermanentError
from lambdas.frames import Film
from lambdas.sample_video.decoding import VideoDecoder
from lambdas.video_settings import VideoSettings
from tests.unit.lambdas.films import brightening, brightness, film, grey, opened
from tests.unit.lambdas.hostile_films import LIES

HOSTILE = "tests.unit.lambdas.hostile_films"


def decoded(content, tmp_path, decoder=None, seconds=60.0, **settings):
    """Return the moments of a film, and what the film is."""
    with opened(content, tmp_path) as file:
        seen = list(
            (decoder or VideoDecoder()).moments(file, VideoSettings(custom_labels=True, **settings), seconds=seconds)
        )
    assert isinstance(seen[-1], Film)
    return seen[:-1], seen[-1]


def refused(content, tmp_path, **how):
    with pytest.raises(PermanentError) as refusal:
        decoded(content, tmp_path, **how)
    return refusal.value


@pytest.mark.parametrize(("frames_per_second", "apart"), [(1, 1000), (2, 500), (4, 300)])
def test_frames_are_taken_at_the_moments_that_the_settings_say(tmp_path, frames_per_second, apart):
    moments, _ = decoded(brightening(40), tmp_path, frames_per_second=frames_per_second)
    times = [moment.at_ms for moment in moments]
    assert times[:2] == [0, apart]
    assert len(times) == 4 * frames_per_second
    # The first frame at or after each moment.
    assert all(time - 100 < number * 1000 / frames_per_second <= time for number, time in enumerate(times))


def test_each_frame_shows_what_the_video_shows_at_its_time(tmp_path):
    moments, _ = decoded(brightening(40), tmp_path, frames_per_second=2)
    for moment in moments:
        assert brightness(moment.jpeg) == pytest.approx(2 * moment.at_ms / 100, abs=2.5)


def test_a_video_with_fewer_frames_than_are_wanted_gives_those_that_it_has(tmp_path):
    moments, _ = decoded(brightening(10), tmp_path, frames_per_second=30)
    assert [moment.at_ms for moment in moments] == list(range(0, 1000, 100))


def test_what_the_video_is_comes_at_the_end(tmp_path):
    _, said = decoded(brightening(25), tmp_path)
    assert said == Film(millis=2500, frame_rate=10.0, width=96, height=64)


def test_the_same_video_gives_the_same_bytes(tmp_path):
    assert decoded(brightening(20), tmp_path) == decoded(brightening(20), tmp_path)


def test_with_scene_change_a_frame_that_looks_like_the_last_one_is_not_looked_at_again(tmp_path):
    scenes = [grey(40)] * 30 + [grey(200)] * 20
    moments, _ = decoded(film(scenes), tmp_path, frames_per_second=2, scene_change=10.0)
    taken = [moment.at_ms for moment in moments if moment.jpeg is not None]
    assert taken == [0, 3000]
    assert [moment.at_ms for moment in moments] == list(range(0, 5000, 500))


def test_frames_that_are_larger_than_rekognition_takes_are_shrunk(tmp_path):
    moments, said = decoded(film([grey(90, width=4608, height=128)] * 2), tmp_path)
    assert (said.width, said.height) == (4608, 128)
    assert Image.open(io.BytesIO(moments[0].jpeg)).size == (4096, 114)


def test_a_video_that_is_longer_than_its_project_allows_is_refused_with_the_reason(tmp_path):
    error = refused(brightening(70), tmp_path, max_minutes=0.1)
    assert error.code is ErrorCode.VIDEO_TOO_LONG
    assert "0.1 minutes; the project's max_minutes is 0.1" in error.message


@pytest.mark.parametrize("scene_change", [None, 0.1], ids=["by its header", "by its scenes"])
def test_a_video_with_more_frames_than_its_project_allows_is_refused_with_the_reason(tmp_path, scene_change):
    error = refused(brightening(50), tmp_path, frames_per_second=5, max_frames=20, scene_change=scene_change)
    assert error.code is ErrorCode.VIDEO_TOO_LONG
    assert "more than 20 frames to look at, at 5 a second; that is the project's max_frames" in error.message


def test_a_video_with_just_as_many_frames_as_its_project_allows_is_taken(tmp_path):
    moments, _ = decoded(brightening(50), tmp_path, frames_per_second=4, max_frames=20)
    assert len(moments) == 20


@pytest.mark.parametrize(
    "content",
    [
        b"no video at all",
        b"",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    ],
    ids=["text", "nothing", "picture", "playlist", "list of files"],
)
def test_what_is_neither_mp4_nor_mov_is_no_video(tmp_path, content):
    assert refused(content, tmp_path).code is ErrorCode.NOT_A_VIDEO


def test_a_header_without_a_video_is_corrupt(tmp_path):
    assert refused(brightening(20)[:200], tmp_path).code is ErrorCode.CORRUPT_VIDEO


def test_a_video_whose_frames_are_all_broken_is_corrupt(tmp_path):
    content = bytearray(brightening(30))
    start, end = content.index(b"mdat") + 4, content.index(b"moov") - 4
    content[start:end] = bytes(end - start)
    error = refused(bytes(content), tmp_path)
    assert (error.code, "No frame" in error.message) == (ErrorCode.CORRUPT_VIDEO, True)


def test_a_video_that_breaks_off_gives_the_frames_before(tmp_path):
    content = bytearray(film([grey(2 * number) for number in range(60)], keyframes=10))
    start, end = content.index(b"mdat") + 4, content.index(b"moov") - 4
    content[(start + end) // 2 : end] = bytes(end - (start + end) // 2)
    moments, said = decoded(bytes(content), tmp_path)
    assert moments[0].at_ms == 0
    assert moments[-1].at_ms < said.millis <= 6000


def test_frames_that_a_model_cannot_see_are_refused_before_any_is_decoded(tmp_path):
    assert refused(film([grey(90, width=64, height=48)] * 3), tmp_path).code is ErrorCode.TOO_SMALL


def test_frames_of_more_pixels_than_fit_into_memory_are_refused(tmp_path):
    content = film([grey(90, width=4200, height=2304)])
    assert refused(content, tmp_path).code is ErrorCode.TOO_MANY_PIXELS


@pytest.mark.parametrize(("word", "says"), [(b"die", "SIGSEGV"), (b"eat", "MemoryError")])
def test_a_video_that_kills_its_decoder_fails_and_the_next_one_is_decoded(tmp_path, word, says):
    error = refused(word, tmp_path, decoder=VideoDecoder(module=HOSTILE))
    assert error.code is ErrorCode.CORRUPT_VIDEO
    assert says in error.message
    assert decoded(brightening(10), tmp_path)[0]


def test_a_video_that_never_ends_is_given_up_in_time(tmp_path):
    begun = time.monotonic()
    error = refused(b"hang", tmp_path, decoder=VideoDecoder(module=HOSTILE), seconds=2)
    assert "within 2 seconds" in error.message
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("word", sorted(LIES))
def test_a_decoder_that_says_what_cannot_be_is_not_believed(tmp_path, word):
    error = refused(word, tmp_path, decoder=VideoDecoder(module=HOSTILE), max_frames=8, max_minutes=0.1)
    assert error.code is ErrorCode.CORRUPT_VIDEO
    assert error.message.startswith("The video misleads its decoder, which told of ")


def test_an_answer_that_cannot_be_read_ends_the_video_and_not_the_function(tmp_path):
    assert refused(b"deep", tmp_path, decoder=VideoDecoder(module=HOSTILE)).code is ErrorCode.CORRUPT_VIDEO


def test_a_reason_that_would_fill_the_table_is_cut(tmp_path):
    assert len(refused(b"talk", tmp_path, decoder=VideoDecoder(module=HOSTILE)).message) == 1000


def test_the_decoder_has_no_credentials(tmp_path):
    assert refused(b"secret", tmp_path, decoder=VideoDecoder(module=HOSTILE)).message == "credentials: []"


def test_the_decoder_lives_in_the_memory_that_the_function_leaves_it(tmp_path):
    """The largest frames that are taken."""
    content = film([grey(60 + number, width=4096, height=2304) for number in range(3)])
    moments, _ = decoded(content, tmp_path, decoder=VideoDecoder(memory_bytes=(2048 - 256) * 1024**2))
    assert len(moments) == 1
