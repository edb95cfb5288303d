"""The tables of the last report, printed or put into a document."""

import pytest

from benchmarks.__main__ import write_tables
from benchmarks.report import merge


@pytest.fixture(autouse=True)
def checkout(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_tables_are_printed(capsys):
    merge({"machine": "two cores", "overhead": {"cold_ratio": 1.2, "cold": {}, "warm": {}}})
    assert write_tables(None) == 0
    assert "cold start, x the floor" in capsys.readouterr().out


def test_they_come_into_the_document(checkout):
    document = checkout / "numbers.md"
    document.write_text("On\n\n<!-- machine -->\n<!-- /machine -->\n")
    merge({"machine": "two cores"})
    assert write_tables(document) == 0
    assert document.read_text() == "On\n\n<!-- machine -->\n\ntwo cores\n\n<!-- /machine -->\n"


def test_without_a_report_the_remedy_is_named(capsys):
    assert write_tables(None) == 1
    assert "make bench" in capsys.readouterr().err


@pytest.mark.parametrize("words", [None, "# No place"])
def test_a_document_that_cannot_be_filled_is_named(checkout, capsys, words):
    document = checkout / "numbers.md"
    if words:
        document.write_text(words)
    merge({"machine": "two cores"})
    assert write_tables(document) == 1
    assert str(document) in capsys.readouterr().err
