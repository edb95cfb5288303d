"""What learning keeps of a picture, and how it describes gradients."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from threadpoolctl import threadpool_info, threadpool_limits

from local.rekognition.learning.gradients import ORIENTATIONS, blocks, cells
from local.rekognition.learning.image_labels import IMAGE_LABELS
from local.rekognition.learning.localization import LOCALIZATION
from local.rekognition.learning.threads import one_core


def ramp(degrees: float, side: int = 24) -> np.ndarray:
    """Return a grey plane that grows brighter in this direction."""
    down, across = np.indices((side, side), dtype=np.float32)
    turn = np.deg2rad(degrees)
    return (np.cos(turn) * across + np.sin(turn) * down).astype(np.float32) / 100


@pytest.mark.parametrize("degrees", [10, 50, 90, 130, 170, 190, 350])
def test_a_gradient_falls_into_the_bin_of_its_direction_whatever_its_sign(degrees):
    middle = cells(ramp(degrees)[None], 8)[0, 1, 1]
    assert middle.argmax() == degrees % 180 // (180 // ORIENTATIONS)
    assert middle.max() == pytest.approx(0.02, rel=1e-3)  # a step of two pixels
    assert np.count_nonzero(middle) == 1


def test_a_gradient_to_the_left_is_one_to_the_right():
    assert np.array_equal(cells(ramp(180)[None], 8)[0, 1, 1], cells(ramp(0)[None], 8)[0, 1, 1])


def test_pictures_together_are_described_as_each_alone():
    pictures = np.random.default_rng(0).random((3, 30, 41), dtype=np.float32)
    together = blocks(cells(pictures, 6))
    assert together.shape == (3, 4, 5, 4 * ORIENTATIONS)
    for picture, found in zip(pictures, together, strict=True):
        assert np.array_equal(blocks(cells(picture[None], 6))[0], found)


def test_a_block_holds_its_four_cells_and_no_contrast():
    histograms = np.random.default_rng(0).random((1, 3, 3, ORIENTATIONS), dtype=np.float32)
    found = blocks(histograms)
    assert np.allclose(found, blocks(histograms * 7), atol=1e-5)
    assert np.allclose(np.linalg.norm(found, axis=-1), 1, atol=1e-5)
    cut = np.minimum(histograms[0, 1:, :2].ravel() / np.linalg.norm(histograms[0, 1:, :2]), 0.2)
    assert np.allclose(found[0, 1, 0], cut / np.linalg.norm(cut), atol=1e-5)


def test_a_plain_picture_has_no_gradients():
    assert not blocks(cells(np.full((1, 24, 24), 0.5, np.float32), 8)).any()


def test_learning_keeps_little_of_a_picture():
    photograph = Image.effect_noise((640, 480), 20).convert("RGB")
    pixels = 3 * 640 * 480
    assert IMAGE_LABELS.see(photograph).nbytes < 10_000
    assert len(LOCALIZATION.see(photograph).jpeg) < pixels / 4


def test_a_kept_picture_is_much_as_it_was():
    photograph = Image.effect_noise((200, 100), 20).convert("RGB")
    kept = LOCALIZATION.see(photograph)
    assert kept.size == kept.image().size == (200, 100)
    difference = np.asarray(kept.image()).astype(int) - np.asarray(photograph)
    assert np.abs(difference).mean() < 4


def test_a_task_has_one_core_and_the_others_come_back_after_it():
    def threads() -> list[int]:
        return [library["num_threads"] for library in threadpool_info()]

    with threadpool_limits(limits=2):
        before = threads()
        with one_core():
            assert set(threads()) == {1}
        assert threads() == before
