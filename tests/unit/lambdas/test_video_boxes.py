"""How long a video says that it is, whatever the bytes are."""

import io
import random
import struct
from contextlib import suppress

import av
import pytest

from lambdas.errors import PermanentError
from lambdas.start_video.boxes import duration_seconds
from tests.unit.rekognition.drawn_videos import video

FILM = video(seconds=2.0)


def seconds(body):
    return duration_seconds(io.BytesIO(body), len(body))


def refusal(body):
    with pytest.raises(PermanentError) as error:
        seconds(body)
    return error.value.code.value


def box(kind, content=b"", *, long=False):
    if long:
        return struct.pack(">I4sQ", 1, kind, len(content) + 16) + content
    return struct.pack(">I4s", len(content) + 8, kind) + content


def header(kind, scale, duration, version=0):
    if version:
        return box(kind, struct.pack(">B3x16xIQ", 1, scale, duration) + bytes(80))
    return box(kind, struct.pack(">B3x8xII", 0, scale, duration) + bytes(80))


def track(scale, duration, handler=b"vide", version=0):
    media = header(b"mdhd", scale, duration, version) + box(b"hdlr", bytes(8) + handler + bytes(12))
    return box(b"trak", box(b"tkhd", bytes(84)) + box(b"mdia", media))


TRACK = track(90_000, 450_000)


def film(*, scale=1000, duration=5000, tracks=(TRACK,), more=b"", version=0):
    content = header(b"mvhd", scale, duration, version) + b"".join(tracks) + more
    return box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", content) + box(b"mdat", bytes(100))


def remuxed(folder, **options):
    """Write the film's stream into another container file."""
    file = folder / "film.mp4"
    with av.open(io.BytesIO(FILM)) as source, av.open(str(file), "w", format="mp4", options=options) as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    return file.read_bytes()


@pytest.mark.parametrize("container", ["mp4", "mov"])
def test_a_real_video_says_how_long_it_is(container):
    assert seconds(video(seconds=3.0, container=container)) == pytest.approx(3.0, abs=0.11)


def test_it_does_not_matter_whether_the_header_is_first_or_last(tmp_path):
    fast = remuxed(tmp_path, movflags="faststart")
    assert fast.index(b"moov") < fast.index(b"mdat")
    assert FILM.index(b"moov") > FILM.index(b"mdat")
    assert seconds(fast) == pytest.approx(seconds(FILM), abs=0.11)


def test_a_video_in_fragments_does_not_say_it_and_is_refused_with_the_remedy(tmp_path):
    assert refusal(remuxed(tmp_path, movflags="frag_keyframe+empty_moov")) == "UNSUPPORTED_FORMAT"


def test_fragments_may_follow_whatever_length_the_header_claims():
    assert refusal(film(more=box(b"mvex", header(b"mehd", 1000, 5000)))) == "UNSUPPORTED_FORMAT"


@pytest.mark.parametrize("version", [0, 1])
def test_times_of_both_widths_are_read(version):
    made = film(version=version, tracks=(track(90_000, 450_000, version=version),))
    assert seconds(made) == 5.0


def test_the_longest_track_counts_where_the_film_claims_to_be_shorter():
    assert seconds(film(duration=1000, tracks=(track(90_000, 90_000 * 3600),))) == 3600.0


@pytest.mark.parametrize("unknown", [0, 2**32 - 1])
def test_a_length_that_is_not_known_is_none(unknown):
    assert refusal(film(duration=unknown, tracks=(track(90_000, unknown),))) == "UNSUPPORTED_FORMAT"


@pytest.mark.parametrize(
    "body",
    [b"These are notes, not a film.", b"\x89PNG\r\n\x1a\n" + bytes(100), b"RIFF\0\0\0\0AVI " + bytes(100), b"short"],
)
def test_what_is_no_mp4_and_no_mov_is_no_video(body):
    assert refusal(body) in ("NOT_A_VIDEO", "CORRUPT_VIDEO")


def test_a_text_is_no_video():
    assert refusal(b"These are notes, not a film.") == "NOT_A_VIDEO"


def test_sound_alone_is_no_video():
    assert refusal(film(tracks=(track(44_100, 441_000, b"soun"),))) == "NOT_A_VIDEO"


def test_a_video_that_was_cut_off_is_corrupt():
    assert refusal(FILM[: len(FILM) // 2]) == "CORRUPT_VIDEO"


def test_a_scale_of_nothing_is_corrupt():
    assert refusal(film(scale=0)) == "CORRUPT_VIDEO"


def test_a_box_that_does_not_get_on_is_corrupt_and_does_not_go_on_for_ever():
    stuck = struct.pack(">I4s", 4, b"trak")
    assert refusal(film(more=stuck)) == "CORRUPT_VIDEO"


def test_a_large_box_is_stepped_over():
    body = box(b"ftyp", b"isom") + box(b"mdat", bytes(1000), long=True) + film()[16:]
    assert seconds(body) == 5.0


def test_whatever_bytes_come_there_is_a_length_or_a_reason():
    chance = random.Random(7)
    for _ in range(3000):
        body = bytearray(FILM if chance.random() < 0.5 else film())
        for _ in range(chance.randint(1, 30)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        found = 0.0
        with suppress(PermanentError):
            found = seconds(bytes(body[: chance.randint(1, len(body))]))
        assert found >= 0
