"""Videos of several projects that want more jobs than Rekognition has open: who gets the next place, and when."""

import heapq
import random

import pytest

from lambdas.delivery import KEPT_SECONDS, MAX_RECEIVES
from lambdas.start_video.crowding import seconds_to_next_try
from lambdas.work_messages import LAST_CHANCE_SECONDS

QUOTA = 20
JOB_SECONDS = 60


def starts_of(arrivals: dict[str, tuple[float, int]], seed: int = 7) -> list[tuple[float, str]]:
    """Return when videos of which projects were started; each project has so many from a time on."""
    uniform = random.Random(seed).uniform
    tries = [(began, number, name, began) for name, (began, count) in arrivals.items() for number in range(count)]
    heapq.heapify(tries)
    waiting = {name: count for name, (_, count) in arrivals.items()}
    ends: list[float] = []
    starts: list[tuple[float, str]] = []
    while tries:
        now, number, name, since = heapq.heappop(tries)
        while ends and ends[0] <= now:
            heapq.heappop(ends)
        if len(ends) < QUOTA:
            heapq.heappush(ends, now + JOB_SECONDS)
            starts.append((now, name))
            waiting[name] -= 1
        else:
            wait = seconds_to_next_try(waiting[name], len(arrivals), now - since, uniform)
            heapq.heappush(tries, (now + wait, number, name, since))
    return starts


def test_a_projects_backlog_does_not_stand_before_anothers_videos():
    starts = starts_of({"large": (0, 600), "small": (600, 30)})
    last_of_small = max(at for at, name in starts if name == "small")
    meanwhile = [name for at, name in starts if 600 <= at <= last_of_small]
    assert 1 / 4 <= meanwhile.count("small") / len(meanwhile) <= 4 / 5  # the smaller may be a little before
    assert sum(name == "large" for at, name in starts if at > last_of_small) > 200


def test_a_single_video_is_started_long_before_a_backlog_that_was_there_first():
    starts = starts_of({"large": (0, 600), "small": (100, 1)})
    (single,) = [at for at, name in starts if name == "small"]
    assert sum(at > single for at, name in starts if name == "large") > 400


def test_places_do_not_stay_empty_while_videos_wait():
    starts = starts_of({"large": (0, 600)})
    ideal = 600 / QUOTA * JOB_SECONDS
    assert max(at for at, _ in starts) + JOB_SECONDS < 1.15 * ideal


@pytest.mark.parametrize("seed", range(5))
def test_a_video_that_never_finds_a_place_is_not_received_so_often_that_sqs_takes_it_for_dead(seed):
    uniform, age, receives = random.Random(seed).uniform, 0.0, 1
    while age < LAST_CHANCE_SECONDS:
        age += seconds_to_next_try(1, 1, age, uniform)
        receives += 1
    assert receives < 0.95 * MAX_RECEIVES
    assert age < KEPT_SECONDS  # its last try comes while its queue still keeps it
