import pytest

from cli.workflows import in_words, times_of


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (5400, "1 h 30 min"), (11100, "3 h 05 min")],
)
def test_a_time_is_told_as_people_say_it(seconds, said):
    assert in_words(seconds) == said


def test_only_trainings_that_have_ended_have_taken_a_time():
    assert times_of([{"CreatedAt": 1000, "EndedAt": 61000}, {"CreatedAt": 5}, {}]) == [60]
