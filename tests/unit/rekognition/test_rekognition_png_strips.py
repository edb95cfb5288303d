"""A large PNG that is decoded in strips shows the same as one that is decoded whole."""

from __future__ import annotations

import io

import numpy as np
import pytest
from drawn_pngs import black, chunk, noise
from PIL import Image

from local.rekognition import png_strips
from local.rekognition.images import open_image
from local.rekognition.png_strips import shrink_png

KINDS = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16)]
KINDS += [(6, 8), (6, 16)]


@pytest.fixture
def small_strips(monkeypatch):
    monkeypatch.setattr(png_strips, "_STRIP_PIXELS", 1500)


@pytest.mark.parametrize(("color", "depth"), KINDS)
def test_strips_show_what_the_whole_does(small_strips, color, depth):
    content = noise((203, 77), depth, color)
    whole = open_image(content, 203).image
    assert whole.size == (203, 77)
    assert np.array_equal(np.asarray(shrink_png(content, 50)), np.asarray(whole.reduce(4)))


@pytest.mark.parametrize(("color", "depth"), KINDS)
def test_an_interlaced_one_shows_every_fourth_pixel(color, depth):
    content = noise((203, 77), depth, color, interlaced=True)
    whole = np.asarray(open_image(content, 203).image)
    assert np.array_equal(np.asarray(shrink_png(content, 50)), whole[::4, ::4])


def test_image_data_may_come_in_many_chunks_some_of_them_empty():
    content = black(80, 80)
    data = content[content.index(b"IDAT") + 4 : content.index(b"IEND") - 8]
    parts = b"".join(chunk(b"IDAT", data[at : at + 1]) + chunk(b"IDAT") for at in range(len(data)))
    split = content[: content.index(b"IDAT") - 4] + parts + chunk(b"IEND")
    assert shrink_png(split, 80).size == Image.open(io.BytesIO(split)).size == (80, 80)


def test_image_data_that_is_cut_off_is_refused():
    with pytest.raises(ValueError, match="cut off"):
        shrink_png(noise((203, 77), 8, 2)[:20_000], 50)
