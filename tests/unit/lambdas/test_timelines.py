"""Sightings of labels become segments, lines and a summary."""

import json

import pytest

from lambdas import timelines
from lambdas.timelines import GAP_MILLIS, MOST_BOXES, MOST_SIGHTINGS, Sighting, Timeline, timeline_from_json

BOX = {"BoundingBox": {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}, "Confidence": 91.0}


def taken(timeline, *sightings):
    """Let a timeline take (label, time, confidence) and return the lines that these end."""
    return [
        json.loads(segment.to_line())
        for label, at_ms, confidence in sightings
        for segment in timeline.see(label, Sighting(at_ms, confidence))
    ]


def ended(timeline):
    return [json.loads(segment.to_line()) for segment in timeline.end()]


def spans(timeline):
    return {
        label["Name"]: [(one["StartTimestampMillis"], one["EndTimestampMillis"]) for one in label["Segments"]]
        for label in timeline.summary()
    }


def test_sightings_without_a_gap_are_one_segment_with_the_best_confidence():
    timeline = Timeline()
    assert taken(timeline, ("Car", 0, 70.0), ("Car", GAP_MILLIS, 90.0), ("Car", 2 * GAP_MILLIS, 80.0)) == []
    (line,) = ended(timeline)
    assert (line["Label"], line["Confidence"]) == ("Car", 90.0)
    assert (line["StartTimestampMillis"], line["EndTimestampMillis"]) == (0, 2 * GAP_MILLIS)
    assert [sighting["Timestamp"] for sighting in line["Sightings"]] == [0, GAP_MILLIS, 2 * GAP_MILLIS]


def test_a_gap_ends_a_segment_and_begins_another():
    timeline = Timeline()
    (line,) = taken(timeline, ("Car", 0, 70.0), ("Car", GAP_MILLIS + 1, 60.0))
    assert (line["StartTimestampMillis"], line["EndTimestampMillis"]) == (0, 0)
    assert spans(timeline) == {"Car": [(0, 0), (GAP_MILLIS + 1, GAP_MILLIS + 1)]}
    assert [label["Count"] for label in timeline.summary()] == [2]


def test_labels_have_segments_of_their_own_and_the_most_confident_is_first_in_the_summary():
    timeline = Timeline()
    taken(timeline, ("Car", 0, 70.0), ("Dog", 0, 99.0), ("Car", 500, 75.0))
    assert [(label["Name"], label["Confidence"]) for label in timeline.summary()] == [("Dog", 99.0), ("Car", 75.0)]
    assert [line["Label"] for line in ended(timeline)] == ["Car", "Dog"]


def test_boxes_stand_beside_the_time_of_their_frame():
    timeline = Timeline()
    list(timeline.see("Car", Sighting(0, 91.0, (BOX,))))
    list(timeline.see("Car", Sighting(500, 80.0)))
    (line,) = ended(timeline)
    assert line["Sightings"] == [
        {"Timestamp": 0, "Confidence": 91.0, "Instances": [BOX]},
        {"Timestamp": 500, "Confidence": 80.0},
    ]


def test_a_long_segment_has_several_lines_and_is_one_in_the_summary():
    timeline = Timeline()
    lines = taken(timeline, *(("Car", 500 * number, 90.0) for number in range(MOST_SIGHTINGS + 1)))
    assert [len(line["Sightings"]) for line in lines + ended(timeline)] == [MOST_SIGHTINGS, 1]
    assert spans(timeline) == {"Car": [(0, 500 * MOST_SIGHTINGS)]}


def test_a_sighting_that_stands_lasts_until_its_end():
    timeline = Timeline()
    list(timeline.see("Car", Sighting(0, 90.0, until_ms=8000)))
    list(timeline.see("Car", Sighting(8000 + GAP_MILLIS, 80.0)))
    (line,) = ended(timeline)
    assert (line["StartTimestampMillis"], line["EndTimestampMillis"]) == (0, 8000 + GAP_MILLIS)
    assert [one.get("UntilMillis") for one in line["Sightings"]] == [8000, None]


def test_without_a_gap_a_segment_lasts_until_its_label_is_missed():
    timeline = Timeline(gap_ms=None)
    assert taken(timeline, ("Car", 0, 90.0), ("Dog", 0, 90.0), ("Car", 10**6, 90.0)) == []
    missed = [json.loads(segment.to_line()) for segment in timeline.miss({"Dog"})]
    assert [(line["Label"], line["EndTimestampMillis"]) for line in missed] == [("Car", 10**6)]
    assert list(timeline.miss({"Dog"})) == []
    taken(timeline, ("Car", 2 * 10**6, 90.0))
    assert spans(timeline) == {"Car": [(0, 10**6), (2 * 10**6, 2 * 10**6)], "Dog": [(0, 0)]}


def test_a_line_ends_with_the_sighting_that_brings_it_to_its_most_boxes():
    timeline, crowd = Timeline(), (BOX,) * 300
    lines = [
        json.loads(segment.to_line())
        for number in range(10)
        for segment in timeline.see("Car", Sighting(500 * number, 90.0, crowd))
    ]
    held = [sum(len(one["Instances"]) for one in line["Sightings"]) for line in lines + ended(timeline)]
    assert held == [2100, 900]
    assert MOST_BOXES <= 2100 < MOST_BOXES + 300
    assert spans(timeline) == {"Car": [(0, 4500)]}


def held_by(timeline):
    said = timeline.to_json()["Open"]
    return sum(1 + len(one.get("Instances", ())) for line in said.values() for one in line)


@pytest.mark.parametrize("moved", [False, True], ids=["one process", "a process for each moment"])
@pytest.mark.parametrize("gap_ms", [GAP_MILLIS, None])
def test_all_labels_together_hold_no_more_than_is_said_and_nothing_is_lost(monkeypatch, moved, gap_ms):
    monkeypatch.setattr(timelines, "MOST_HELD", 100)
    timeline, lines, most = Timeline(gap_ms), [], 0
    for moment in range(20):
        for label in range(40):
            boxes = (BOX,) * (label % 4)
            lines += [one.to_line() for one in timeline.see(f"Label {label}", Sighting(500 * moment, 90.0, boxes))]
            most = max(most, held_by(timeline))
        if moved:
            timeline = timeline_from_json(json.loads(json.dumps(timeline.to_json())))
    lines += [one.to_line() for one in timeline.end()]
    assert 90 <= most <= 100
    seen = sorted(
        (line["Label"], one["Timestamp"], len(one.get("Instances", ())))
        for line in map(json.loads, lines)
        for one in line["Sightings"]
    )
    expected = [(f"Label {label}", 500 * moment, label % 4) for label in range(40) for moment in range(20)]
    assert seen == sorted(expected)
    assert set(map(len, spans(timeline).values())) == {1}


def test_another_process_goes_on_where_one_has_stopped():
    whole, first = Timeline(gap_ms=4000), Timeline(gap_ms=4000)
    seen = [("Car", 0, 70.0), ("Dog", 0, 50.0), ("Car", 3000, 80.0), ("Dog", 9000, 60.0)]
    list(whole.see("Cat", Sighting(0, 60.0, until_ms=900)))
    list(first.see("Cat", Sighting(0, 60.0, until_ms=900)))
    lines = taken(first, *seen[:2])
    expected = taken(whole, *seen) + ended(whole)
    second = timeline_from_json(json.loads(json.dumps(first.to_json())))
    assert lines + taken(second, *seen[2:]) + ended(second) == expected
    assert second.summary() == whole.summary()
