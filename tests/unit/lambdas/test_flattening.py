import pytest
from PIL import Image, ImageChops

from lambdas.pictures.flattening import flattened


@pytest.mark.parametrize("size", [(1000, 1000), (2500, 2500), (3000, 3000)])
@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_bands_join_into_the_picture_that_would_be_made_in_one_piece(mode, size):
    picture = Image.effect_noise((3000, 3000), 120).convert("RGB").convert(mode)
    at_once = picture.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    difference = ImageChops.difference(flattened(picture, size), at_once).convert("L")
    assert difference.getextrema()[1] <= 1
