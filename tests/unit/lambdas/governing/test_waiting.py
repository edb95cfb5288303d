"""In which waves the images of a queue came."""

import pytest

from lambdas.govern_models.waiting import pace, waves_now, work_before

NOW = 1_800_000_000.0


def test_images_that_are_seen_first_are_a_wave():
    assert waves_now((), 5, 0, NOW) == ((NOW, 5),)


def test_images_that_come_soon_after_a_wave_are_counted_to_it():
    assert waves_now(((NOW - 60, 5),), 7, 0, NOW) == ((NOW - 60, 7),)
    assert waves_now(((NOW - 120, 5),), 7, 0, NOW) == ((NOW - 120, 5), (NOW, 2))


def test_the_oldest_are_detected_first():
    assert waves_now(((NOW - 600, 5), (NOW - 300, 5)), 5, 5, NOW) == ((NOW - 300, 5),)


def test_the_rest_of_a_wave_came_later_than_its_beginning():
    assert waves_now(((NOW - 600, 4), (NOW - 300, 5)), 6, 3, NOW) == ((NOW - 375, 1), (NOW - 300, 5))


def test_images_that_go_although_none_was_detected_do_not_make_the_others_younger():
    assert waves_now(((NOW - 600, 5), (NOW - 300, 5)), 4, 0, NOW) == ((NOW - 600, 4),)


def test_as_many_as_were_detected_may_have_come_meanwhile():
    assert waves_now(((NOW - 600, 5),), 5, 5, NOW) == ((NOW, 5),)


def test_waves_stay_few_and_keep_all_images_and_the_oldest_time():
    waves = ()
    for minute in range(600):
        waves = waves_now(waves, minute + 1, 0, NOW + 60 * minute)
    assert len(waves) <= 40
    assert sum(size for _, size in waves) == 600
    assert waves[0][0] == NOW
    assert list(waves) == sorted(waves)


def test_no_image_is_taken_to_be_younger_than_it_is():
    waves = ()
    for minute in range(600):
        waves = waves_now(waves, minute + 1, 0, NOW + 60 * minute)
    assert all(since <= NOW + 60 * (images - 1) for since, images in work_before(waves) if since > NOW)


@pytest.mark.parametrize(
    ("waves", "expected"),
    [
        ((), 0.0),
        (((NOW, 1_000),), 0.0),  # a batch, copied at once
        (((NOW - 120, 600), (NOW, 1_000)), 0.0),
        (((NOW - 360, 120), (NOW - 240, 600), (NOW - 120, 240), (NOW, 1)), 1.0),
        (((NOW - 1360, 120), (NOW - 1240, 600), (NOW - 1120, 240), (NOW - 1000, 1)), 0.0),  # no more of late
    ],
)
def test_the_pace_is_what_has_kept_coming_of_late(waves, expected):
    assert pace(waves, NOW) == expected
