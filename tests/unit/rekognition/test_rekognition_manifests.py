"""Manifest lines by themselves: what is refused, and what hostile ones cost."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from rekognition_bench import label_line

from local.rekognition.limits import DEFAULT_LIMITS
from local.rekognition.lines import Line
from local.rekognition.manifests import read_line, read_lines, row_count, write_line

SOURCE = '"source-ref":"s3://data/a.png"'


def read(text: str) -> Line:
    return read_line(text, DEFAULT_LIMITS)


def codes(line: Line) -> list[str]:
    return [found.code for found in line.findings]


def bad_attributes(count: int) -> str:
    return ",".join(f'"a{number}":1,"a{number}-metadata":1' for number in range(count))


def nested(depth: int) -> str:
    """Return a line of so many objects and lists within each other."""
    return label_line("a.png", "disc")[:-1] + ', "x": ' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


def test_thousands_of_bad_attributes_are_read_in_a_moment():
    lines = "\n".join(f"{{{SOURCE},{bad_attributes(4000)}}}" for _ in range(5))
    begun = time.monotonic()
    read_lines(lines)
    assert time.monotonic() - begun < 2


def test_one_code_is_told_at_a_hundred_places_of_a_line_and_every_code_is_told():
    unsupported = '"last":1,"last-metadata":{"type":"none"}'
    found = codes(read(f"{{{SOURCE},{bad_attributes(300)},{unsupported}}}"))
    assert found.count("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT") == 100
    assert found[-2:] == ["ERROR_UNSUPPORTED_USE_CASE_TYPE", "ERROR_NO_VALID_LABEL_ATTRIBUTES"]


def test_a_line_that_nests_too_deep_is_invalid():
    assert codes(read(nested(64))) == []
    for depth in (65, 600, 900, 40_000):
        assert codes(read(nested(depth))) == ["ERROR_INVALID_JSON_LINE"]


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_not_finite_is_no_json(number):
    line = label_line("a.png", "disc").replace('"confidence": 1', f'"confidence": 1, "x": [{number}]')
    assert number in line
    assert codes(read(line)) == ["ERROR_INVALID_JSON_LINE"]


@pytest.mark.parametrize("name", ["cl-errors", "cl", "cl-metadata", r"\u0063l-errors"])
def test_an_attribute_named_like_the_service_s_own_marks_is_none(name):
    line = read(f'{{{SOURCE},"{name}":1,"{name}-metadata":1}}')
    assert "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT" not in codes(line)


def test_a_message_names_no_more_than_the_beginning_of_a_long_attribute():
    name = "x" * 40_000
    metadata = {"type": "groundtruth/object-detection"}
    (found, _) = read(json.dumps({"source-ref": "s3://data/a.png", name: 1, f"{name}-metadata": metadata})).findings
    assert found.message == f"The format of the label attribute {'x' * 255} is invalid."


def test_a_written_line_has_its_characters_as_they_are_but_no_line_end():
    entry: dict[str, Any] = {"naïve": "日本\u2028\u2029\x85\n"}
    text = write_line(entry)
    assert text == r'{"naïve":"日本\u2028\u2029\u0085\n"}'
    assert json.loads(text) == entry


@pytest.mark.parametrize("manifest", ["", "\n\n", "{}", "{}\n", "{}\n\n{}\r\n", " \n{}"])
def test_rows_are_counted_as_they_are_read(manifest):
    assert row_count(manifest) == len(read_lines(manifest))
