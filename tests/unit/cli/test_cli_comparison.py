import pytest

from cli.comparison import Change, by_label
from lambdas.images import ImageRef
from lambdas.jobs import Job, JobStatus


def job(labels, name="a.png"):
    """Return a job with these labels; FAILED where they are None."""
    status = JobStatus.FAILED if labels is None else JobStatus.SUCCEEDED
    said = (
        {"ErrorCode": "NOT_AN_IMAGE"}
        if labels is None
        else {"CustomLabels": [{"Name": label, "Confidence": sure} for label, sure in labels]}
    )
    image = ImageRef("images", name, "v1")
    return Job(id=name, project="digits", image=image, status=status, created_at=1, outcome=said)


def change(before, after):
    return Change(None if before == "nothing" else job(before), job(after))


def test_labels_are_gained_lost_or_shifted():
    seen = change([("one", 90.0), ("two", 80.0)], [("two", 60.0), ("three", 70.0)])
    assert seen.gained == {"three": 70.0}
    assert seen.lost == {"one": 90.0}
    assert seen.shifts == {"two": (80.0, 60.0)}
    assert seen.in_words() == "+three 70.0, -one 90.0, two 80.0 -> 60.0"


def test_of_several_boxes_of_a_label_the_surest_counts():
    assert change([("one", 50.0), ("one", 90.0)], [("one", 91.0)]).shifts == {"one": (90.0, 91.0)}


@pytest.mark.parametrize(
    ("before", "after", "notable"),
    [
        ([("one", 90.0)], [("one", 90.0)], False),
        ([("one", 90.0)], [("one", 85.1)], False),
        ([("one", 90.0)], [("one", 85.0)], True),
        ([("one", 90.0)], [], True),
        ([], [("one", 50.0)], True),
        ([], [], False),
        (None, [("one", 50.0)], True),
        ([("one", 50.0)], None, True),
        (None, None, False),
        ("nothing", [("one", 50.0)], False),
        ("nothing", None, False),
    ],
)
def test_other_labels_another_status_and_a_clear_shift_are_worth_a_look(before, after, notable):
    assert change(before, after).is_notable is notable


@pytest.mark.parametrize("pair", [(None, [("one", 50.0)]), ([("one", 50.0)], None), ("nothing", [("one", 50.0)])])
def test_where_one_of_both_has_no_labels_nothing_is_gained_or_lost(pair):
    seen = change(*pair)
    assert (seen.gained, seen.lost, seen.shifts) == ({}, {}, {})
    assert by_label([seen]) == []


def test_an_image_that_fails_now_says_so_and_why():
    assert change([("one", 50.0)], None).in_words() == "SUCCEEDED before, FAILED now NOT_AN_IMAGE"


def test_labels_are_counted_over_all_images_in_the_order_of_their_names():
    changes = [
        change([("two", 80.0)], [("two", 90.0)]),
        change([("two", 80.0)], [("two", 70.0), ("one", 60.0)]),
        change([("two", 80.0), ("one", 40.0)], []),
        change("nothing", [("two", 90.0)]),
    ]
    one, two = by_label(changes)
    assert (one.name, one.before, one.after, one.gained, one.lost, one.mean_shift) == ("one", 1, 1, 1, 1, None)
    assert (two.name, two.before, two.after, two.gained, two.lost, two.mean_shift) == ("two", 3, 2, 0, 1, 0.0)
