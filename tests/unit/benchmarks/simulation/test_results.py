"""What a simulation reports."""

import json

import pytest

from benchmarks.simulation.__main__ import main
from benchmarks.simulation.results import missed, simulate
from benchmarks.simulation.tables import simulation_table
from benchmarks.simulation.traces import trace

KEYS = [
    "unit_hours",
    "optimum_unit_hours",
    "ratio",
    "always_on_unit_hours",
    "hourly_check_unit_hours",
    "wait_p50",
    "wait_p95",
    "wait_max",
    "bound_missed",
]


@pytest.fixture(scope="module")
def single():
    return simulate(trace("rare singles", 1))


def test_the_numbers_of_a_trace_begin_with_those_that_others_read(single):
    assert list(single.numbers)[: len(KEYS)] == KEYS
    json.dumps(single.numbers)


def test_a_single_image_costs_a_start_and_no_image_is_late(single):
    assert single.numbers["ratio"] <= 1.15
    assert single.numbers["bound_missed"] == 0
    assert single.numbers["from_running_unit_hours"] == pytest.approx(2 / 60)
    assert single.numbers["looks_a_day"] < 110


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ratio": 1.15}, []),
        ({"ratio": 1.151}, ["T: 1.151 x the optimum, more than 1.15"]),
        ({"bound_missed": 7}, ["T: 7 images waited for more than 240 minutes"]),
    ],
)
def test_a_missed_goal_names_its_trace(single, changed, said):
    assert missed("T", single.numbers | {"ratio": 1.0} | changed) == said


def test_the_table_has_a_row_for_each_trace(single):
    assert len(simulation_table({"one": single.numbers, "two": single.numbers}).splitlines()) == 4


def test_a_run_writes_numbers_and_pictures_and_fails_where_a_goal_is_missed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("benchmarks.simulation.__main__.traces", lambda wait: [trace("rare singles", 1, wait)])
    assert main([]) == 0
    assert list(json.loads((tmp_path / "build/simulation.json").read_text())) == ["rare singles 1"]
    assert (tmp_path / "build/simulation/costs.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr("benchmarks.simulation.results.MOST", 1.01)
    assert main([]) == 1
    assert "rare singles 1: " in capsys.readouterr().err
