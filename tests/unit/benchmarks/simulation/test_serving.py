"""First come, first served."""

import numpy as np

from benchmarks.simulation.serving import Waits, cumulative, due_by, keeps_bound, served_by


def images(*numbers):
    return np.array(numbers, dtype=np.int64)


def test_a_unit_does_three_hundred_images_a_minute():
    assert served_by(images(1000, 1000, 1000), images(1, 2, 0)).tolist() == [300, 900, 900]


def test_nothing_is_done_before_it_comes():
    assert served_by(images(10, 10, 50), images(1, 1, 1)).tolist() == [10, 10, 50]


def test_an_image_waits_from_the_beginning_of_its_minute_to_the_end_of_the_one_in_which_it_is_done():
    known = cumulative(images(3, 0, 1))
    waits = Waits(known, images(1, 3, 4))
    assert [waits.percentile(share) for share in (0.25, 0.5, 1)] == [1, 1, 2]


def test_images_that_are_never_done_wait_beyond_any_bound():
    assert Waits(cumulative(images(5, 0)), images(2, 2)).beyond(10**6) == 3


def test_an_image_is_due_by_the_end_of_the_last_minute_of_its_wait():
    assert due_by(cumulative(images(4, 1, 0, 0)), 3).tolist() == [0, 0, 4, 5]
    assert keeps_bound(cumulative(images(4, 0, 0)), images(0, 0, 4), 3)
    assert not keeps_bound(cumulative(images(4, 0, 0)), images(0, 0, 3), 3)


def test_no_images_wait_for_no_time():
    assert Waits(images(0, 0), images(0, 0)).percentile(0.95) == 0
