"""What is read of a stored video, and what is refused."""

from __future__ import annotations

import io

import pytest
from drawn_videos import BLUE, RED, video

from local.rekognition import videos
from local.rekognition.videos import UnusableVideoError, VideoFlaw, watch

HOUR = 3600.0


def mean_color(pixels):
    return tuple(round(float(channel)) for channel in pixels.mean(axis=(0, 1)))


def near(color, expected):
    return all(abs(a - b) < 16 for a, b in zip(color, expected, strict=True))


def test_a_short_video_is_looked_at_each_half_second():
    _, seen = watch(io.BytesIO(video((RED, BLUE), seconds=2.0)), HOUR, mean_color)
    assert list(seen) == [0, 500, 1000, 1500]
    assert [near(color, RED) for color in seen.values()] == [True, True, False, False]
    assert near(seen[1500], BLUE)


@pytest.mark.parametrize(("container", "name"), [("mp4", "MP4"), ("mov", "MOV")])
def test_the_metadata_is_the_video_s_own(container, name):
    content = video(container=container, seconds=1.5, size=(192, 108), rate=20)
    metadata, _ = watch(io.BytesIO(content), HOUR, mean_color)
    assert metadata.described() == {
        "Codec": "h264",
        "DurationMillis": 1500,
        "Format": name,
        "FrameRate": 20.0,
        "FrameHeight": 108,
        "FrameWidth": 192,
        "ColorRange": "LIMITED",
    }


def test_a_long_video_is_looked_at_in_few_places_from_begin_to_end(monkeypatch):
    monkeypatch.setattr(videos, "MOST_SAMPLES", 8)
    content = video((RED, BLUE), seconds=120.0, rate=5, size=(64, 64))  # a key frame each 50 s: 250 frames
    _, seen = watch(io.BytesIO(content), HOUR, mean_color)
    assert 2 <= len(seen) <= 8
    assert list(seen) == sorted(seen)
    assert near(next(iter(seen.values())), RED)
    assert near(list(seen.values())[-1], BLUE)


def test_what_lies_beyond_the_most_frames_is_not_looked_at(monkeypatch):
    monkeypatch.setattr(videos, "MOST_DECODED", 6)
    _, seen = watch(io.BytesIO(video(seconds=2.0, rate=10)), HOUR, mean_color)
    assert list(seen) == [0, 500]


def test_a_large_frame_is_shrunk_before_it_is_looked_at():
    _, seen = watch(io.BytesIO(video(seconds=0.5, size=(1280, 720))), HOUR, lambda pixels: pixels.shape)
    assert seen == {0: (180, 320, 3)}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a video" * 100,
        video(container="avi"),
        video(container="matroska"),
        video(codec="mpeg4"),
        video()[:1500],
        video(size=(4608, 2304), seconds=0.1),
    ],
    ids=["empty", "text", "avi", "matroska", "mpeg4", "cut off", "too many pixels"],
)
def test_another_format_or_codec_is_unsupported(content):
    with pytest.raises(UnusableVideoError) as refused:
        watch(io.BytesIO(content), HOUR, mean_color)
    assert refused.value.flaw is VideoFlaw.UNSUPPORTED


def test_a_video_over_the_longest_duration_is_refused():
    with pytest.raises(UnusableVideoError) as refused:
        watch(io.BytesIO(video(seconds=2.0)), 1.9, mean_color)
    assert refused.value.flaw is VideoFlaw.TOO_LONG


def test_a_video_that_is_broken_in_the_middle_is_unsupported():
    content = bytearray(video(seconds=2.0, size=(320, 240)))
    middle = content.index(b"mdat") + 1000
    content[middle : middle + 200] = bytes(range(200))
    with pytest.raises(UnusableVideoError) as refused:
        watch(io.BytesIO(bytes(content)), HOUR, mean_color)
    assert refused.value.flaw is VideoFlaw.UNSUPPORTED
