import json
import tracemalloc

import pytest

from lambdas.datasets.census import Manifest, count
from lambdas.datasets.codes import Code
from lambdas.datasets.estimate import estimate_training
from lambdas.datasets.findings import KEPT
from lambdas.datasets.labelled import Kind
from lambdas.datasets.lint import DatasetError, lint
from lambdas.datasets.manifest_lines import read_line
from lambdas.datasets.manifest_text import text_lines
from tests.unit.datasets.manifests import boxed, classified, good, linted

DENT = ("dent", 1.0, 1.0, 9.0, 9.0)
CRACK = ("crack", 20.0, 1.0, 9.0, 9.0)


def test_a_classification_counts_the_images_of_each_label():
    report = linted([*good(), classified(99, "a", "c")])
    assert (report.kind, report.train.lines) == (Kind.CLASSIFICATION, 25)
    assert report.train.images == {"a": 13, "b": 12, "c": 1}


def test_a_detection_counts_images_and_boxes():
    report = linted([boxed(0, DENT, DENT, CRACK), boxed(1, DENT)])
    assert (report.kind, report.train.images) == (Kind.DETECTION, {"dent": 2, "crack": 1})
    assert report.train.boxes == {"dent": 3, "crack": 1}


def test_one_label_is_enough_to_detect_and_not_to_classify():
    assert not linted([boxed(number, DENT) for number in range(2)]).failures
    assert [one.code for one in linted(good("a")).failures] == [Code.ERROR_MANIFEST_TOO_FEW_LABELS]


def test_a_mixture_is_what_most_lines_are():
    assert linted([*good(), boxed(0, DENT)]).kind is Kind.CLASSIFICATION
    assert linted([classified("x"), boxed(0, DENT), boxed(1, DENT)]).kind is Kind.DETECTION


def test_a_box_that_cannot_be_used_loses_that_box_only():
    report = linted([boxed(0, DENT, ("crack", 95.0, 1.0, 9.0, 9.0)), boxed(1, DENT)])
    assert report.train.images == {"dent": 2}
    assert (report.train.bad, report.has_errors) == (0, True)


def test_a_fifth_of_bad_lines_is_borne():
    assert not linted([*good(), *["bad"] * 6]).failures
    assert linted([*good(), *["bad"] * 7]).failures


def test_images_that_show_none_of_the_objects_do_not_count_as_bad():
    report = linted([*(boxed(number, DENT) for number in range(2)), *(boxed(number) for number in range(10, 20))])
    assert (report.train.ignored, report.train.bad, report.failures) == (10, 0, ())


def test_blank_lines_at_the_end_are_none_and_others_are_bad():
    assert linted([*good(), "", ""]).train.lines == 24
    report = linted([*good()[:1], "", *good()[1:]])
    assert [(finding.code, finding.line) for finding in report.findings] == [(Code.ERROR_INVALID_JSON_LINE, 2)]


def test_half_the_labels_in_the_test_set_are_enough():
    assert not linted(good("abcd"), [classified(0, "a"), classified(1, "b")]).failures


def test_mumbai_and_london_take_fewer_images():
    lines = [json.dumps(line) for line in good(each=3501)]
    train, test = (Manifest(name=name, lines=lines) for name in ("train.manifest", "test.manifest"))
    report = lint(train, test, bucket=None, region="eu-west-2")
    assert Code.ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM in {one.code for one in report.failures if "test" in one.manifest}
    assert report.train.lines == 7002


def test_all_findings_are_counted_and_the_first_hundred_of_each_code_kept():
    report = linted(["bad"] * 500)
    assert report.counts[Code.ERROR_INVALID_JSON_LINE] == 500
    assert [finding.line for finding in report.findings if finding.line] == list(range(1, KEPT + 1))


def test_what_fails_the_training_comes_first():
    weights = [finding.weight for finding in linted(["bad"] * 3 + [boxed(0), *good("ab", each=3)]).findings]
    assert weights == sorted(weights, key=["fails", "lost", "ignored", "advice"].index)
    assert len(set(weights)) == 4


def test_an_error_tells_every_failure_the_first_lost_lines_and_remedies():
    with pytest.raises(DatasetError) as refused:
        linted(["bad"] * 9).raise_failures()
    said = str(refused.value)
    assert "more than 20 % of the lines cannot be used (9 of 9); mend the lines" in said
    assert "train.manifest line 4: the line is no JSON object" in said
    assert "line 5" not in said


def test_a_report_for_programs_is_json_and_can_be_kept_short():
    spelled = linted(["bad"] * 9).to_json(most_findings=3)
    assert json.loads(json.dumps(spelled)) == spelled
    assert len(spelled["Findings"]) == 3
    assert spelled["Counts"]["ERROR_INVALID_JSON_LINE"] == 9
    assert spelled["Findings"][1] == {
        "Code": "ERROR_INVALID_JSON_LINE",
        "Weight": "lost",
        "Manifest": "train.manifest",
        "Line": 1,
        "Message": "the line is no JSON object",
        "Detail": "Expecting value: line 1 column 1 (char 0)",
        "Remedy": "write one JSON object a line",
    }


def test_a_detail_is_cut_to_200_characters():
    (found,) = read_line(json.dumps({"source-ref": "x" * 5000})).found
    assert found.detail == "x" * 200


def test_a_manifest_is_cut_into_lines_wherever_its_parts_end():
    text = "é{}\r\n\u2028\nlast".encode()
    for size in range(1, len(text) + 1):
        parts = [text[at : at + size] for at in range(0, len(text), size)]
        assert list(text_lines(parts)) == ["é{}", "\u2028", "last"]


def test_a_byte_order_mark_is_no_part_of_the_first_line():
    assert list(text_lines([b"\xef\xbb\xbf{}\n{}"])) == ["{}", "{}"]


def test_a_line_without_end_takes_no_memory():
    endless = ("é".encode() * 524_288 for _ in range(200))  # 200 MB
    tracemalloc.start()
    (line,) = text_lines(endless)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20_000_000
    assert read_line(line).found[0].code is Code.LINT_LINE_TOO_LONG


def test_what_a_census_holds_does_not_grow_with_labels_buckets_and_bad_lines():
    def lines():
        for number in range(20_000):
            yield json.dumps(classified(number, f"label {number}", bucket=f"bucket-{number}"))

    census = count(Manifest(name="train.manifest", lines=lines()), 250_000, lambda _: None)
    assert census.lines == 20_000
    held = (census.told, census.buckets, census.images[Kind.CLASSIFICATION], census.findings.kept)
    assert all(len(each) <= 1000 for each in held)


def test_json_that_is_too_deep_to_be_read_is_a_bad_line(monkeypatch):
    def loads(*_, **__):
        raise RecursionError("too deep")

    monkeypatch.setattr(json, "loads", loads)
    assert read_line("[[[").found[0].code is Code.ERROR_INVALID_JSON_LINE


@pytest.mark.parametrize(("images", "hours"), [(0, 0.5), (5840, 70 / 60), (250_000, 24)])
def test_a_training_is_estimated_along_the_guides_half_hour_and_sample(images, hours):
    estimate = estimate_training(images)
    assert (estimate.hours, estimate.dollars) == (pytest.approx(hours), pytest.approx(hours))
    assert estimate.most_dollars == 24
