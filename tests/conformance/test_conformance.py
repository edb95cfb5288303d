"""The stand-in keeps to botocore's model, and the examination that says so sees when it does not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from local.rekognition import service, validation
from local.rekognition.protocol import Answer
from local.rekognition.validation import service_model
from tests.conformance import __main__ as command
from tests.conformance.answers import flaws
from tests.conformance.constraints import OPERATIONS, Inside, Kind, constraints_of
from tests.conformance.patterns import UnknownSyntaxError, pattern
from tests.conformance.requests import spelled, with_value
from tests.conformance.suite import examine

HEADERS = {"x-amzn-RequestId": "1"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_keeps_to_the_model(operation):
    report = examine([operation])
    assert [f"{failure.constraint}: {failure.reason}" for failure in report.failures] == []
    assert report.covered == report.constraints


def test_no_operation_on_projects_and_data_sets_is_left_out():
    named = {name for name in service_model().operation_names if re.search(r"Project|Dataset|Resource|Custom", name)}
    assert named < set(OPERATIONS)
    assert len(OPERATIONS) == len(set(OPERATIONS)) == 27


def test_every_constraint_of_the_model_is_counted():
    counted = [constraint for operation in OPERATIONS for constraint in constraints_of(operation)]
    assert len({str(constraint) for constraint in counted}) == len(counted) == 565


def failing(monkeypatch, name, replacement) -> set[Kind]:
    """Return the kinds of constraints that are found broken when a part of the validation is replaced."""
    monkeypatch.setattr(validation, name, replacement)
    report = examine(["CreateProject", "DescribeProjects", "DetectCustomLabels"])
    return {kind for kind in Kind if report.covered[kind] < report.constraints[kind]}


def test_bounds_that_are_not_checked_are_seen(monkeypatch):
    assert failing(monkeypatch, "_within", lambda *_: None) == {Kind.MIN, Kind.MAX}


def test_bounds_that_are_wrong_by_one_are_seen(monkeypatch):
    within = validation._within
    strict = lambda shape, size, value, *rest: within(shape, size + 1, value, *rest)  # noqa: E731
    assert {Kind.MIN, Kind.MAX} <= failing(monkeypatch, "_within", strict)


def test_patterns_that_match_only_the_start_are_seen(monkeypatch):
    class Loose:
        def __init__(self, expression):
            self.fullmatch = re.compile(expression.replace(r"\p{", "{")).match

    assert Kind.PATTERN in failing(monkeypatch, "_compiled", Loose)


def test_a_wrong_path_is_seen(monkeypatch):
    assert failing(monkeypatch, "_lower_first", str) >= {Kind.REQUIRED, Kind.MIN, Kind.MAX, Kind.PATTERN, Kind.ENUM}


def test_an_operation_that_is_not_served_fails_with_all_its_constraints(monkeypatch):
    served = {name: answer for name, answer in service.OPERATIONS.items() if name != "DeleteProject"}
    monkeypatch.setattr("tests.conformance.suite.SERVED", served)
    report = examine(["DeleteProject"])
    assert len(report.failures) == report.constraints.total() > 0 == report.covered.total()


@pytest.mark.parametrize(
    ("status", "body", "flaw"),
    [
        (200, {"Status": "DELETING"}, None),
        (200, {"Status": "GONE"}, "against its enum"),
        (200, {"State": "DELETING"}, "unknown to the model"),
        (200, {"Status": 7}, "no string"),
        (400, {"__type": "ResourceInUseException", "Code": "", "Logref": "", "Message": "m"}, None),
        (500, {"__type": "ResourceInUseException", "Code": "", "Logref": "", "Message": "m"}, "status 500, not 400"),
        (500, {"__type": "ThrottlingException", "Code": "", "Logref": "", "Message": "m"}, None),
        (400, {"__type": "ThrottlingException", "Code": "", "Logref": "", "Message": "m"}, "status 400, not 500"),
        (400, {"__type": "ImageTooLargeException", "Code": "", "Logref": "", "Message": "m"}, "does not declare"),
        (400, {"__type": "ValidationException", "message": "m"}, None),
        (400, {"__type": "ValidationException", "message": "m", "Code": ""}, "has a body of"),
        (400, {"__type": "ResourceInUseException", "Code": "", "Logref": "", "Message": ""}, "botocore reads"),
    ],
)
def test_an_answer_is_judged_by_the_model(status, body, flaw):
    found = flaws("DeleteProject", Answer(status, json.dumps(body).encode(), HEADERS))
    assert found == [] if flaw is None else flaw in found[0]


def test_the_report_counts_what_is_covered(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "REPORT", tmp_path / "build" / "conformance.json")
    monkeypatch.setattr(command, "examine", lambda: examine(["DeleteProject"]))
    assert command.main() == 0
    written = json.loads((tmp_path / "build" / "conformance.json").read_text())
    assert written == {"operations": 1, "constraints": 5, "covered": 5, "failures": []}
    assert "5 of 5 constraints of 1 operations are covered" in capsys.readouterr().out


def test_a_report_of_failures_ends_with_exit_code_1(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "REPORT", tmp_path / "conformance.json")
    monkeypatch.setattr(command, "examine", lambda: examine(["DeleteProject"]))
    monkeypatch.setattr("tests.conformance.suite.SERVED", {})
    assert command.main() == 1
    failure = json.loads((tmp_path / "conformance.json").read_text())["failures"][0]
    assert failure == {
        "operation": "DeleteProject",
        "constraint": "DeleteProject ProjectArn required",
        "reason": "the operation is not served",
    }


def test_a_value_reaches_any_depth_and_is_spelled_like_the_front_end():
    shape = service_model().operation_model("DistributeDatasetEntries").input_shape
    path = ("Datasets", Inside.ITEM, "Arn")
    request = with_value(shape, {"Datasets": [{"Arn": "one"}, {"Arn": "two"}]}, path, "new")
    assert request == {"Datasets": [{"Arn": "new"}, {"Arn": "two"}]}
    assert spelled(request, path) == "datasets.1.member.arn"


@pytest.mark.parametrize(
    ("expression", "inside", "outside"),
    [
        ("[a-c]+", ["a", "abc"], ["", "d", "ab-"]),
        (r"[a-z\d-_]{2,3}", ["a1", "-_-"], ["a", "aaaa", "٣٣"]),
        (r"^(?!aws:)[\p{L}\p{Z}:]*$", ["", "é ", "awa:"], ["aws:", "a\t", "1"]),
        (r"x(/(train|test))?", ["x", "x/test"], ["x/", "x/tests"]),
        (r".*\S.*", [" a "], ["", "  ", "a\n", "a\r"]),
        (r"^[a-z](-*[a-z])*", ["a", "a--b"], ["a-", "-a"]),
        (r"[\u0020-\u00FF]+", ["é ~"], ["\t", "Ā"]),
        (r"['-_]", ["(", "A", "_"], ["&", "`", "-x"]),
    ],
)
def test_a_pattern_matches_whole_texts_as_java_does(expression, inside, outside):
    assert all(pattern(expression).matches(text) for text in inside)
    assert not any(pattern(expression).matches(text) for text in outside)


@pytest.mark.parametrize("expression", [r"(?=a)b", r"\bword", r"(a", r"a)"])
def test_syntax_that_is_not_known_is_refused(expression):
    with pytest.raises(UnknownSyntaxError):
        pattern(expression)


@pytest.mark.parametrize("length", [5, 9, 31])
def test_a_text_of_any_length_can_be_written(length):
    text = pattern("v(1|20)[.][0-9a-z]+x{1,2}").write(length)
    assert len(text) == length
    assert re.fullmatch("v(1|20)[.][0-9a-z]+x{1,2}", text)


def test_the_document_says_of_each_operation_whether_it_is_served():
    text = (Path(__file__).parents[2] / "docs" / "rekognition-stand-in.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| (\w+) \| (yes|no) \|", text, re.MULTILINE))
    assert said == {name: "yes" if name in service.OPERATIONS else "no" for name in OPERATIONS}
