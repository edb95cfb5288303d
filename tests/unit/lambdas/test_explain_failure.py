import json

import pytest

from lambdas.explain_failure.findings import line_errors, summary_codes, worst


def bad(*codes):
    return {"errors": [{"code": code, "message": "said"} for code in codes]}


def lines(*entries):
    return [json.dumps(entry).encode() for entry in entries]


def test_the_errors_of_the_data_set_as_a_whole_are_told_once_each():
    error = {"code": "ERROR_TOO_MANY", "message": "too many"}
    summary = {"errors": [error], "statistics": {"training": {"errors": [error]}, "testing": {"errors": []}}}
    assert summary_codes(summary) == [{"Code": "ERROR_TOO_MANY", "Message": "too many"}]


def test_a_summary_without_errors_says_nothing():
    assert summary_codes({}) == []


@pytest.mark.parametrize(
    "entry",
    [
        {"source-ref": "s3://b/1.png", **bad("A")},
        {"source-ref": "s3://b/1.png", "label": bad("A")},
        {"source-ref": "s3://b/1.png", "boxes": {"annotations": [{"class_id": 0}, bad("A")]}},
        {"source-ref": "s3://b/1.png", "boxes-metadata": {"objects": [bad("A")]}},
    ],
)
def test_an_error_is_found_at_the_line_the_attribute_the_annotation_and_the_metadata(entry):
    (found,) = line_errors("training", lines({"source-ref": "s3://b/0.png"}, entry))
    assert (found.number, found.codes, found.source_ref) == (2, ("A",), "s3://b/1.png")


def test_warnings_are_no_errors():
    warned = {"source-ref": "s3://b/1.png", "warnings": [{"code": "W"}]}
    assert list(line_errors("training", lines(warned))) == []


def test_the_lines_with_the_most_errors_are_kept_and_all_codes_are_counted():
    entries = [bad("A") for _ in range(30)] + [bad("A", "B", "B")]
    counts, kept = worst(line_errors("testing", lines(*entries)))
    assert counts == {"A": 31, "B": 2}
    assert len(kept) == 10
    assert kept[0].to_json() == {"Manifest": "testing", "Line": 31, "Codes": ["A", "B", "B"]}
