"""The tables of a report."""

from typing import Any

from benchmarks.__main__ import NAMES
from benchmarks.tables import goals, table, tables

ONE = {"used": 0.98, "throttled": 0.02, "lost": 0, "twice": 0, "detections": 600, "seconds": 122.4}
COLD = {"cpu_ms": 600.0, "floor_cpu_ms": 400.0, "ratio": 1.5, "wall_ratio": 1.4}
REPORT: dict[str, Any] = {
    "machine": "two cores",
    "drain": {"1": {**ONE, **{f"baseline_{name}": 2 * number for name, number in ONE.items()}}},
    "latency": {f"{p}_{what}": 120.0 for p in ("p50", "p99") for what in ("ms", "floor_ms", "ratio")},
    "overhead": {
        "cold_ratio": 1.5,
        "warm_cpu_ratio": 1.2,
        "cold": {"with bytecode": COLD},
        "warm": {"large.jpg": {"kilobytes": 1495, "cpu_ms": 12.0, "calls_cpu_ms": 10.0, "ratio": 1.2}},
    },
    "cost_per_1000": {
        "ours": 0.003,
        "baseline": 0.001,
        "model": 0.222222,
        "ours_by_service": {"SNS": 0.001, "EventBridge": 0.002},
        "baseline_by_service": {"SNS": 0.001, "EventBridge": 0.0},
    },
    "faults": {
        "uploads": 12,
        "terminal": 11,
        "lost": 1,
        "twice": 0,
        "untold": 0,
        "succeeded": 9,
        "failed": {"TOO_SMALL": 1, "NOT_AN_IMAGE": 2},
        "dead": 0,
        "duplicates": 3,
        "kills": 4,
        "seconds": 60.4,
    },
    "training": {
        "1": {
            "transitions": 30,
            "transitions_by_workflow": {"train_model": 20, "run_model": 10},
            "dollars": 0.3,
            "dollars_by_service": {"Lambda": 0.3},
            "baseline_transitions": 3000,
            "baseline_dollars": 0.6,
            "baseline_dollars_by_service": {"Lambda": 0.6},
            "sample_transitions": 20,
            "sample_dollars": 0.1,
        }
    },
    "stand_in": {
        "digits": {
            "training_images": 1000,
            "test_images": 200,
            "training_seconds": 3.4,
            "training_cpu_seconds": 1.8,
            "memory_mb": 190.4,
            "memory_before_mb": 159.0,
            "f1": 0.9951,
            "unseen_images": 200,
            "right": 199,
            "detection_ms": 2.04,
            "detection_cpu_ms": 1.5,
            "detections_per_second": 365.2,
        }
    },
}


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def rows(name: str) -> list[list[str]]:
    return [cells(line) for line in tables(REPORT)[name].splitlines()[2:]]


def test_a_table_lines_up():
    assert table(["", "used"], [["ours", "0.98"], ["a long name", "1"]]).splitlines() == [
        "|             | used |",
        "|-------------|-----:|",
        "| ours        | 0.98 |",
        "| a long name |    1 |",
    ]


def test_every_benchmark_has_a_table_where_the_report_has_its_numbers():
    assert tuple(tables(REPORT)) == NAMES
    assert tables({"machine": "two cores"}) == {}


def test_a_drain_shows_the_baseline_beneath_ours():
    assert rows("drain") == [
        ["1 unit, ours", "0.980", "0.020", "122 s", "600", "0", "0"],
        ["1 unit, baseline", "1.960", "0.040", "245 s", "1200", "0", "0"],
    ]


def test_the_overhead_shows_cold_and_warm():
    assert rows("overhead") == [
        ["cold start, with bytecode", "600 ms", "400 ms", "1.50"],
        ["warm, large.jpg of 1,495 kB", "12.0 ms", "10.0 ms", "1.20"],
    ]


def test_a_service_that_only_one_side_pays_for_has_no_ratio():
    assert rows("cost") == [
        ["EventBridge", "$0.00200", "$0.00000", "-"],
        ["SNS", "$0.00100", "$0.00100", "1.00"],
        ["all", "$0.00300", "$0.00100", "3.00"],
        ["the model, at capacity", "$0.22222", "$0.22222", "1.00"],
    ]


def test_faults_name_the_failures_by_their_codes():
    shown = dict(rows("faults"))
    assert (shown["FAILED, NOT_AN_IMAGE"], shown["FAILED, TOO_SMALL"]) == ("2", "1")
    assert (shown["uploads"], shown["with a terminal result"], shown["lost: without one"]) == ("12", "11", "1")


def test_the_stand_in_shows_what_it_learned_and_what_that_took():
    (row,) = rows("stand_in")
    assert row[:5] == ["digits", "1,000 + 200", "0.995", "199 of 200", "3.4 s"]


def test_goals_that_are_not_met_stand_out():
    found = [cells(line) for line in goals(REPORT).splitlines()[2:]]
    assert found[0] == ["cold start, x the floor", "at most 1.3", "1.5", "**no**"]
    assert ["1 unit: capacity used", "at least 0.95", "0.98", "yes"] in found
    assert ["faults: uploads lost", "at most 0", "1", "**no**"] in found
